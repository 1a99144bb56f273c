import DPPA
import DPPAScript
import Foundation

/// A comparison of experts in words and as JSON.
struct ExpertText {
    private let comparison: ExpertComparison

    init(_ comparison: ExpertComparison) { self.comparison = comparison }

    /// Writes tables of the experts and the pairs, by layer where asked, and what is to be said of them.
    func show(listing layers: Bool) {
        let (whole, byLayer) = (comparison.whole, comparison.layers)
        let experts = comparison.experts.indices.map { index in
            [comparison.experts[index]] + cells(whole.experts[index])
                + [Sparkline.text(byLayer.map { $0.experts[index].relativeNorm })]
        }
        Console.table(TextTable.lines([columns(of: "expert") + ["‖d‖ / ‖b‖ by layer"]] + experts))
        if !comparison.pairs.isEmpty {
            let pairs = comparison.pairs.indices.map { index in
                [comparison.name(ofPair: index)] + cells(whole.pairs[index])
                    + [Sparkline.text(byLayer.map { $0.pairs[index].cosine ?? .nan })]
            }
            Console.output("")
            Console.table(TextTable.lines([columns(ofPair: "pair") + ["cosine by layer"]] + pairs))
        }
        if layers { showLayers(byLayer) }
        if !comparison.notes.isEmpty { Console.output("") }
        for note in comparison.notes { Console.output(note) }
    }

    private func showLayers(_ layers: [(name: String, experts: [DeltaFigures], pairs: [DeltaPairFigures])]) {
        func show(_ head: [String], _ cells: (Int) -> [String]) {
            Console.output("")
            // The last column of a table stands at the left.
            let rows = layers.indices.map { [layers[$0].name] + cells($0) + [""] }
            Console.table(TextTable.lines([head + [""]] + rows))
        }
        for index in comparison.experts.indices {
            show(columns(of: comparison.experts[index])) { cells(layers[$0].experts[index]) }
        }
        for index in comparison.pairs.indices {
            show(columns(ofPair: comparison.name(ofPair: index))) { cells(layers[$0].pairs[index]) }
        }
    }

    private func columns(of expert: String) -> [String] {
        [expert, "‖d‖ / ‖b‖", "changed", "|d| > 0.03"] + (comparison.isSpectral ? ["stable rank"] : [])
    }

    private func columns(ofPair pair: String) -> [String] {
        [pair, "cosine", "overlap", "sign agreement"] + (comparison.isSpectral ? ["subspace overlap"] : [])
    }

    private func cells(_ delta: DeltaFigures) -> [String] {
        [delta.relativeNorm, delta.changedShare, delta.beyondShare].map(Self.percent)
            + (comparison.isSpectral ? [delta.stableRank.map { String(format: "%.1f", $0) } ?? "–"] : [])
    }

    private func cells(_ pair: DeltaPairFigures) -> [String] {
        [
            pair.cosine.map { String(format: "%.4f", $0) } ?? "–", pair.overlap.map(Self.percent) ?? "–",
            pair.signAgreement.map(Self.percent) ?? "–",
        ] + (comparison.isSpectral ? [pair.subspaceOverlap.map(Self.percent) ?? "–"] : [])
    }

    private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

    var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.double) ?? .null }
        func object(_ members: [(name: String, value: JSONValue)], _ spectral: String, _ value: Double?) -> JSONValue {
            .object(JSONObject(members + (comparison.isSpectral ? [(spectral, number(value))] : [])))
        }
        func object(_ delta: DeltaFigures) -> JSONValue {
            object(
                [
                    ("count", .integer(delta.count)), ("relative_norm", .double(delta.relativeNorm)),
                    ("changed", .double(delta.changedShare)), ("beyond_0.03", .double(delta.beyondShare)),
                ], "stable_rank", delta.stableRank)
        }
        func object(_ pair: DeltaPairFigures) -> JSONValue {
            object(
                [
                    ("cosine", number(pair.cosine)), ("overlap", number(pair.overlap)),
                    ("sign_agreement", number(pair.signAgreement)), ("distance", .double(pair.distance)),
                ], "subspace_overlap", pair.subspaceOverlap)
        }
        func part(_ name: String, _ experts: [DeltaFigures], _ pairs: [DeltaPairFigures]) -> JSONValue {
            ["name": .string(name), "experts": .array(experts.map(object)), "pairs": .array(pairs.map(object))]
        }
        let whole = comparison.whole
        return [
            "base": .string(comparison.base), "experts": JSONValue(comparison.experts),
            "pairs": .array(
                comparison.pairs.map {
                    JSONValue([comparison.experts[$0.first], comparison.experts[$0.second]])
                }),
            "all": part("all", whole.experts, whole.pairs),
            "layers": .array(comparison.layers.map { part($0.name, $0.experts, $0.pairs) }),
            "tensors": .array(comparison.tensors.map { part($0.facts.name, $0.experts, $0.pairs) }),
            "notes": JSONValue(comparison.notes),
        ]
    }
}
