import Foundation

/// A run as one page: recipe, models, named values as pictures, searches, warnings.
public struct RunReport: Sendable {
    /// What the model card has too.
    public var card: ModelCard
    /// What the engine has done.
    public var engine: EngineReport
    /// How long the run took, in seconds.
    public var seconds: Double
    /// What the run warned of.
    public var warnings: [String]

    /// A report, all given.
    public init(card: ModelCard, engine: EngineReport, seconds: Double, warnings: [String]) {
        self.card = card
        self.engine = engine
        self.seconds = seconds
        self.warnings = warnings
    }

    /// The page in HTML, without anything from elsewhere.
    public var html: String {
        var page = HTMLPage(title: "\(card.recipe.name): \(card.models.joined(separator: ", "))")
        let gigabytes = Double(engine.bytesRead + engine.bytesWritten) / 1e9
        page.paragraph(
            "dppa-run \(version) merged \(card.models.joined(separator: ", ")) in \(String(format: "%.1f", seconds)) s; "
                + "\(String(format: "%.2f", gigabytes)) GB of weights moved in \(engine.passes) passes, through the whole "
                + "checkpoint \(engine.epochs) time\(engine.epochs == 1 ? "" : "s").")
        if !warnings.isEmpty {
            page.heading("Warnings")
            for warning in warnings { page.code(warning) }
        }
        if !card.options.isEmpty {
            page.heading("Options")
            page.table(["option", "value"], card.options.map { [$0.name, $0.value] })
        }
        for table in card.tables { add(table, to: &page) }
        if !card.named.isEmpty { page.heading("Named values") }
        let single = card.named.filter { $0.values.count == 1 }
        if !single.isEmpty {
            page.table(["name", "value"], single.map { [$0.name, Chart.number($0.values[0].value)] })
        }
        for entry in card.named where entry.values.count > 1 { add(entry, to: &page) }
        page.heading("Recipe")
        page.code(card.recipe.text)
        return page.text
    }

    /// A table, and a curve where it is a search's.
    private func add(_ table: ReportTable, to page: inout HTMLPage) {
        page.heading(table.name)
        if let objective = table.columns.firstIndex(of: "objective") {
            let factors = table.columns.indices.filter { table.columns[$0].hasPrefix("factor") }
            let points = table.rows.compactMap { row -> (name: String, value: Double)? in
                guard case .number(let value) = row[objective], value.isFinite else { return nil }
                return (factors.map { row[$0].text }.joined(separator: " / "), value)
            }
            page.figure(
                Chart.trajectory("objective", points),
                caption: "Objective of each candidate; names are its factors.")
        }
        page.table(table.columns, table.rows.map { $0.map(\.text) })
    }

    /// A named value: by layer and module where its instances are tensors of blocks, else as bars.
    private func add(_ entry: (name: String, values: [(name: String, value: Double)]), to page: inout HTMLPage) {
        let facts = TensorNaming.facts(entry.values.map { ($0.name, [1, 1]) })
        let cells = zip(facts, entry.values).compactMap {
            facts, value -> (module: String, layer: Int, value: Double)? in
            guard let layer = facts.layer, !facts.module.isEmpty else { return nil }
            return (facts.module, layer, value.value)
        }
        let numbers = entry.values.map(\.value)
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        let caption =
            "\(entry.name): \(Chart.number(numbers.min() ?? 0)) to \(Chart.number(numbers.max() ?? 0)), mean "
            + "\(Chart.number(mean)), \(numbers.count) values."
        if cells.count == entry.values.count {
            var modules: [String] = []
            for cell in cells where !modules.contains(cell.module) { modules.append(cell.module) }
            let byPlace = Dictionary(
                cells.map { ("\($0.module) \($0.layer)", $0.value) }, uniquingKeysWith: { first, _ in first })
            page.figure(
                Chart.heatMap(entry.name, rows: modules, columns: Set(cells.map(\.layer)).sorted()) {
                    byPlace["\($0) \($1)"]
                }, caption: caption)
        } else {
            let isLayers = entry.values.allSatisfy {
                $0.name.split(separator: ".").last.map { Int($0) != nil } ?? false
            }
            let bars = entry.values.map { value in
                (
                    name: isLayers ? value.name.split(separator: ".").last.map(String.init) ?? "" : value.name,
                    value: value.value
                )
            }
            page.figure(Chart.bars(entry.name, axis: isLayers ? "layer" : "instance", bars), caption: caption)
        }
    }
}
