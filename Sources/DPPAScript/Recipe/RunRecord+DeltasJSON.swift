import DPPA

extension RunRecord.Deltas {
    /// The statistics as JSON has them: everything together, then tensor by tensor.
    var json: JSONValue {
        var fields = Self.json(statistics.merged)
        fields.set("reference", .string(reference))
        fields.set("is_base", .bool(isBase))
        let lost = lostTensors.compactMap { tensor in
            tensor.lost.map { lost -> (name: String, value: JSONValue) in
                let numbers: JSONObject = [
                    "changed": .integer(lost.changed), "largest": .double(Double(lost.largest)),
                    "weight": .double(Double(lost.beside)),
                ]
                return (name: tensor.facts.name, value: .object(numbers))
            }
        }
        fields.set("lost", .object(JSONObject(lost)))
        guard statistics.comparison.isDetailed else { return .object(fields) }
        fields.set("experts", Self.object(experts.indices.map { (experts[$0], statistics.expert($0)) }))
        let tensors = statistics.tensors.map { tensor in
            var entry = Self.json(tensor.merged)
            entry.set("experts", Self.object(Array(zip(experts, tensor.experts))))
            return (name: tensor.facts.name, value: JSONValue.object(entry))
        }
        fields.set("tensors", .object(JSONObject(tensors)))
        return .object(fields)
    }

    private static func object(_ experts: [(label: String, delta: ExpertDelta?)]) -> JSONValue {
        .object(
            JSONObject(experts.compactMap { label, delta in delta.map { (name: label, value: .object(json($0))) } }))
    }

    private static func json(_ delta: MergedDelta) -> JSONObject {
        fields(
            counts: ["elements": delta.elements, "changed": delta.changed, "survived": delta.survived],
            [
                "relative_norm": delta.relativeNorm, "changed_share": delta.changedShare,
                "survived_share": delta.survivedShare, "rounding_error": delta.roundingError,
                "written_cosine": delta.writtenCosine,
            ])
    }

    private static func json(_ delta: ExpertDelta) -> JSONObject {
        fields(
            counts: [
                "elements": delta.elements, "changed": delta.changed, "kept": delta.kept, "agreeing": delta.agreeing,
            ],
            [
                "relative_norm": delta.relativeNorm, "changed_share": delta.changedShare,
                "kept_share": delta.keptShare, "sign_agreement": delta.signAgreement, "cosine": delta.cosine,
            ])
    }

    /// What there is no number for is left out.
    private static func fields(counts: [String: Int], _ shares: [String: Double?]) -> JSONObject {
        var fields = JSONObject(counts.map { ($0.key, .integer($0.value)) })
        for (name, share) in shares { if let share { fields.set(name, .double(share)) } }
        return fields
    }
}
