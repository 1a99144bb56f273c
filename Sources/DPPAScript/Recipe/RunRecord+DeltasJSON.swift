import DPPA

extension RunRecord.Deltas {
    /// The statistics as JSON has them: everything together, then tensor by tensor.
    var json: [String: Any] {
        var fields = Self.json(statistics.merged)
        fields["reference"] = reference
        fields["is_base"] = isBase
        guard statistics.comparison.isDetailed else { return fields }
        fields["experts"] = Dictionary(
            experts.indices.map { (experts[$0], Self.json(statistics.expert($0))) },
            uniquingKeysWith: { first, _ in first })
        fields["tensors"] = Dictionary(
            statistics.tensors.map { tensor in
                var entry = Self.json(tensor.merged)
                entry["experts"] = Dictionary(
                    zip(experts, tensor.experts).compactMap { label, delta in delta.map { (label, Self.json($0)) } },
                    uniquingKeysWith: { first, _ in first })
                return (tensor.facts.name, entry)
            }, uniquingKeysWith: { first, _ in first })
        return fields
    }

    private static func json(_ delta: MergedDelta) -> [String: Any] {
        fields(
            counts: ["elements": delta.elements, "changed": delta.changed, "survived": delta.survived],
            [
                "relative_norm": delta.relativeNorm, "changed_share": delta.changedShare,
                "survived_share": delta.survivedShare, "rounding_error": delta.roundingError,
            ])
    }

    private static func json(_ delta: ExpertDelta) -> [String: Any] {
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
    private static func fields(counts: [String: Int], _ shares: [String: Double?]) -> [String: Any] {
        var fields: [String: Any] = counts
        for (name, share) in shares { if let share { fields[name] = JSONFile.number(share) } }
        return fields
    }
}
