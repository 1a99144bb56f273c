import DPPAExecution

/// What a run tells of its deltas: experts beside each other and beside the merged model.
struct DeltaSection {
    let output: RunRecord.Output
    let deltas: RunRecord.Deltas

    private var statistics: DeltaStatistics { deltas.statistics }

    func add(to page: inout HTMLPage) {
        page.heading(output.name.map { "Deltas of \($0)" } ?? "Deltas")
        page.paragraph(introduction)
        page.table(summary)
        page.paragraph(
            "kept: the share of an expert's changed elements that are changed in the merged model too; sign agreement: the "
                + "share of the kept ones whose merged delta has the expert's sign; cosine: of the expert's delta and the "
                + "merged one, or of the merged one and what is left of it in the file; survived: the share of the merged model's changed elements that still differ from "
                + "\(deltas.reference) after rounding to the written type; rounding error: the norm of what rounding "
                + "changes, beside the norm of the merged delta.", "note")
        let grid = BlockGrid(statistics.tensors.map(\.facts))
        if !grid.rows.isEmpty {
            for figure in figures(grid) { page.figure(figure.name, figure.html, caption: figure.caption) }
        }
        let rows = tensorRows(grid)
        page.table(
            HTMLTable(columns: Self.columns("tensor", "delta"), rows: rows),
            folded: "All \(ShownNumber.count(rows.count)) rows by tensor; press a column's head to sort")
    }

    private var introduction: String {
        let base =
            deltas.isBase
            ? "δ is a model minus \(deltas.reference), which the recipe adds its deltas to."
            : "The recipe adds nothing to a base; δ is a model minus \(deltas.reference), the first that it reads."
        let left = output.tensors - statistics.tensors.count
        guard left > 0 else { return base }
        return base
            + " \(left) of \(output.tensors) tensor\(output.tensors == 1 ? "" : "s") are not in these numbers: they "
            + "were copied as they are, or do not depend on \(deltas.reference)."
    }

    private static func columns(_ first: String...) -> [String] {
        first + ["‖δ‖ / ‖b‖", "changed", "kept", "sign agreement", "cosine", "survived", "rounding error"]
    }

    private var summary: HTMLTable {
        let experts = deltas.experts.indices.map { row([.text(deltas.experts[$0])], statistics.expert($0)) }
        let merged = row([.text("merged")], statistics.merged)
        return HTMLTable(columns: Self.columns("delta"), rows: experts + [merged], marked: [experts.count])
    }

    private func row(_ head: [HTMLTable.Cell], _ delta: ExpertDelta) -> [HTMLTable.Cell] {
        head + [
            .value(delta.relativeNorm, .share), .value(delta.changedShare, .share), .value(delta.keptShare, .share),
            .value(delta.signAgreement, .share), .value(delta.cosine, .plain), .value(nil, .share), .value(nil, .share),
        ]
    }

    private func row(_ head: [HTMLTable.Cell], _ delta: MergedDelta) -> [HTMLTable.Cell] {
        head + [
            .value(delta.relativeNorm, .share), .value(delta.changedShare, .share), .value(nil, .share),
            .value(nil, .share), .value(delta.writtenCosine, .plain), .value(delta.survivedShare, .share),
            .value(delta.roundingError, .share),
        ]
    }

    /// A row for each tensor and expert; of a mixture with thousands of tensors for each place of the grid.
    private func tensorRows(_ grid: BlockGrid) -> [[HTMLTable.Cell]] {
        guard statistics.tensors.count > 3000 else {
            let sorted = statistics.tensors.sorted { NaturalOrder.precedes($0.facts.name, $1.facts.name) }
            return sorted.flatMap { tensor -> [[HTMLTable.Cell]] in
                let name = HTMLTable.Cell.code(tensor.facts.name)
                let experts = zip(deltas.experts, tensor.experts).compactMap { label, delta in
                    delta.map { row([name, .text(label)], $0) }
                }
                return experts + [row([name, .text("merged")], tensor.merged)]
            }
        }
        let experts = deltas.experts.indices.map { expertCells(grid, $0) }
        let merged = mergedCells(grid)
        return grid.rows.flatMap { module in
            Set(merged.keys.filter { $0.module == module }.map(\.layer)).sorted().flatMap { layer in
                let place = HeatMap.Place(module: module, layer: layer)
                let name = HTMLTable.Cell.code("layer \(layer): \(module)")
                let rows = zip(deltas.experts, experts).compactMap { label, cells in
                    cells[place].map { row([name, .text(label)], $0) }
                }
                return rows + (merged[place].map { [row([name, .text("merged")], $0)] } ?? [])
            }
        }
    }

    private func expertCells(_ grid: BlockGrid, _ number: Int) -> [HeatMap.Place: ExpertDelta] {
        grid.cells(
            statistics.tensors.compactMap { tensor in
                tensor.experts[number].map { (tensor.facts.name, $0) }
            }, join: { $0.add($1) })
    }

    private func mergedCells(_ grid: BlockGrid) -> [HeatMap.Place: MergedDelta] {
        grid.cells(statistics.tensors.map { ($0.facts.name, $0.merged) }, join: { $0.add($1) })
    }

    /// By layer and linear: all experts of a figure have one scale.
    private func figures(_ grid: BlockGrid) -> [(name: String, html: String, caption: String)] {
        let experts = deltas.experts.indices.map { expertCells(grid, $0) }
        let merged = mergedCells(grid)
        func panels(
            _ expert: ((ExpertDelta) -> Double?)?, _ whole: ((MergedDelta) -> Double?)?
        ) -> [HeatMap.Panel] {
            var panels: [HeatMap.Panel] = []
            if let expert {
                panels += zip(deltas.experts, experts).map { label, cells in
                    HeatMap.Panel(title: label, cells: cells.compactMapValues(expert))
                }
            }
            if let whole { panels.append(HeatMap.Panel(title: "merged", cells: merged.compactMapValues(whole))) }
            return panels.filter { !$0.cells.isEmpty }
        }
        let all: [(name: String, unit: ShownUnit, panels: [HeatMap.Panel], caption: String)] = [
            (
                "Size of the deltas: ‖δ‖ / ‖b‖", .share, panels(\.relativeNorm, \.relativeNorm),
                "How far each model is from \(deltas.reference), beside the size of its weights."
            ),
            (
                "Changed elements", .share, panels(\.changedShare, \.changedShare),
                "The share of elements that differ from \(deltas.reference)."
            ),
            (
                "Kept elements", .share, panels(\.keptShare, nil),
                "The share of what an expert has changed that is changed in the merged model too."
            ),
            (
                "Sign agreement", .share, panels(\.signAgreement, nil),
                "The share of the kept elements that the merged model moves in the expert's direction."
            ),
            (
                "Cosine to the merged delta", .plain, panels(\.cosine, nil),
                "1: the merged model moves as the expert does; 0: across; below 0: against it."
            ),
            (
                "Survived rounding", .share, isRounded ? panels(nil, \.survivedShare) : [],
                "The share of the merged model's changed elements that rounding to the written type leaves changed."
            ),
        ]
        return all.filter { !$0.panels.isEmpty }.map {
            ($0.name, HeatMap($0.panels, rows: grid.rows, unit: $0.unit).html, $0.caption)
        }
    }

    /// Whether rounding has changed anything.
    private var isRounded: Bool { statistics.merged.roundingSquares > 0 }
}
