import DPPACheckpoint
import DPPASupport

/// A comparison of experts as one page: tables, and a picture of every figure by layer and module.
public struct ExpertReport: Sendable {
    private let comparison: ExpertComparison

    /// The page of a comparison.
    public init(_ comparison: ExpertComparison) { self.comparison = comparison }

    /// The page in HTML, without anything from elsewhere.
    public var html: String {
        var page = HTMLPage(title: "Experts of \(comparison.base)")
        page.paragraph(
            "How \(Phrase.list(comparison.experts, limit: 12)) differ from \(comparison.base) and from each other; d is an expert "
                + "minus the base b.", "lead")
        if !comparison.notes.isEmpty { page.notice(comparison.notes) }
        page.placeContents()
        page.heading("Experts")
        page.table(experts)
        let grid = BlockGrid(comparison.tensors.map(\.facts))
        addExperts(to: &page, grid)
        if !comparison.pairs.isEmpty {
            page.heading("Pairs")
            page.table(pairs)
            addPairs(to: &page, grid)
        }
        page.footer("Made by dppa-run \(version).")
        return page.text
    }

    private var experts: HTMLTable {
        HTMLTable(
            columns: ["expert", "‖d‖ / ‖b‖", "changed", "|d| > 0.03"] + (comparison.isSpectral ? ["stable rank"] : []),
            rows: zip(comparison.experts, comparison.whole.experts).map { label, delta in
                var row: [HTMLTable.Cell] = [
                    .text(label), .value(delta.relativeNorm, .share), .value(delta.changedShare, .share),
                    .value(delta.beyondShare, .share),
                ]
                if comparison.isSpectral { row.append(.value(delta.stableRank, .plain)) }
                return row
            })
    }

    private var pairs: HTMLTable {
        HTMLTable(
            columns: ["pair", "cosine", "overlap", "sign agreement"]
                + (comparison.isSpectral ? ["subspace overlap"] : []),
            rows: comparison.whole.pairs.enumerated().map { index, pair in
                var row: [HTMLTable.Cell] = [
                    .text(comparison.name(ofPair: index)), .value(pair.cosine, .plain), .value(pair.overlap, .share),
                    .value(pair.signAgreement, .share),
                ]
                if comparison.isSpectral { row.append(.value(pair.subspaceOverlap, .share)) }
                return row
            })
    }

    private func addExperts(to page: inout HTMLPage, _ grid: BlockGrid) {
        let cells = comparison.experts.indices.map { index in
            grid.cells(comparison.tensors.map { ($0.facts.name, $0.experts[index]) }, join: { $0.add($1) })
        }
        func add(
            _ name: String, _ value: (DeltaFigures) -> Double?, _ caption: String, unit: ShownUnit = .share
        ) {
            let panels = zip(comparison.experts, cells).map {
                HeatMap.Panel(title: $0, cells: $1.compactMapValues(value))
            }
            page.add(name, panels, grid, unit, caption)
        }
        add("Size of the deltas: ‖d‖ / ‖b‖", \.relativeNorm, "How far an expert is from the base.")
        add("Changed elements", \.changedShare, "The share of elements that differ from the base's.")
        add(
            "Elements with |d| > 0.03", \.beyondShare,
            "Where pruning at random and rescaling does harm (arXiv 2410.09344).")
        if comparison.isSpectral {
            add(
                "Stable rank: ‖d‖² / σ₁²", \.stableRank,
                "Over how many directions a delta is spread; the smaller, the less of it an adapter of low rank would lose.",
                unit: .plain)
        }
    }

    private func addPairs(to page: inout HTMLPage, _ grid: BlockGrid) {
        let cells = comparison.pairs.indices.map { index in
            grid.cells(comparison.tensors.map { ($0.facts.name, $0.pairs[index]) }, join: { $0.add($1) })
        }
        func add(_ title: String, _ value: (DeltaPairFigures) -> Double?, _ unit: ShownUnit, _ caption: String) {
            let panels = cells.enumerated().map { index, cells in
                HeatMap.Panel(title: comparison.name(ofPair: index), cells: cells.compactMapValues(value))
            }
            page.add(title, panels, grid, unit, caption)
        }
        add(
            "Cosine of the deltas", \.cosine, .plain,
            "1: both moved the same way; 0: across; below 0: against each other.")
        add(
            "Overlap", \.overlap, .share,
            "The share of the largest tenth of each delta that is in the largest tenth of the other; 10 % by chance.")
        add(
            "Sign agreement", \.signAgreement, .share,
            "The share of what is in both tenths that both move in one direction; 50 % by chance.")
        if comparison.isSpectral {
            add(
                "Subspace overlap", \.subspaceOverlap, .share,
                "How far the 16 strongest directions of both deltas, as left singular vectors, span the same space; 16 / rows by "
                    + "chance.")
        }
    }
}

extension HTMLPage {
    /// A figure by layer and module, where there is anything to show in one.
    fileprivate mutating func add(
        _ name: String, _ panels: [HeatMap.Panel], _ grid: BlockGrid, _ unit: ShownUnit, _ caption: String
    ) {
        let panels = panels.filter { !$0.cells.isEmpty }
        guard !panels.isEmpty else { return }
        figure(name, HeatMap(panels, rows: grid.rows, unit: unit).html, caption: caption)
    }
}
