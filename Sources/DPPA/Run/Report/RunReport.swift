import Foundation

/// A run as one page: recipe, models, named values as pictures, searches, warnings.
public struct RunReport: Sendable {
    /// What the run has to tell.
    public var record: RunRecord

    /// The report of a run.
    public init(_ record: RunRecord) { self.record = record }

    /// The page in HTML, without anything from elsewhere.
    public var html: String {
        let models = record.models.map(\.label)
        var page = HTMLPage(title: "\(record.recipe.name): \(models.joined(separator: ", "))")
        let gigabytes = Double(record.engine.bytesRead + record.engine.bytesWritten) / 1e9
        page.paragraph(
            "dppa-run \(version) merged \(models.joined(separator: ", ")) in \(String(format: "%.1f", record.seconds)) s; "
                + "\(String(format: "%.2f", gigabytes)) GB of weights moved in \(record.engine.passes) passes, through the whole "
                + "checkpoint \(record.engine.epochs) time\(record.engine.epochs == 1 ? "" : "s").")
        if !record.warnings.isEmpty {
            page.heading("Warnings")
            for warning in record.warnings { page.code(warning) }
        }
        if !record.options.isEmpty {
            page.heading("Options")
            page.table(["option", "value"], record.options.map { [$0.name, record.shown($0.value)] })
        }
        for table in record.tables { add(table, to: &page) }
        if !record.named.isEmpty { page.heading("Named values") }
        let single = record.named.filter { $0.values.count == 1 }
        if !single.isEmpty {
            page.table(["name", "value"], single.map { [$0.name, Chart.number($0.values[0].value)] })
        }
        for entry in record.named where entry.values.count > 1 { add(entry, to: &page) }
        page.heading("Recipe")
        page.code(record.recipe.text)
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
