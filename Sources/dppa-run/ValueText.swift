import DPPA
import DPPAScript
import Foundation

/// Named values, tables and trials in a terminal.
enum ValueText {
    /// Each named value: a line with its range, and a bar for each of its instances.
    static func lines(_ named: [(name: String, values: [(name: String, value: Double)])]) -> [String] {
        named.flatMap { entry -> [String] in
            guard entry.values.count > 1 else {
                return ["\(entry.name)  \(number(entry.values.first?.value ?? 0))"]
            }
            let values = entry.values.map(\.value)
            let (low, high) = (values.min() ?? 0, values.max() ?? 0)
            let mean = values.reduce(0, +) / Double(values.count)
            let width = entry.values.map(\.name.count).max() ?? 0
            return ["", "\(entry.name)  \(number(low)) to \(number(high)), mean \(number(mean))"]
                + entry.values.map { value in
                    let name = value.name + String(repeating: " ", count: width - value.name.count)
                    return "  \(name)  \(bar(value.value, low, high))  \(number(value.value))"
                }
        }
    }

    /// A table with its columns in line.
    static func lines(_ table: ReportTable) -> [String] {
        let cells = [table.columns] + table.rows.map { $0.map(\.text) }
        let widths = table.columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return ["", table.name]
            + cells.map { row in
                "  "
                    + zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
            }
    }

    /// What a recipe changes in some tensors.
    static func lines(_ rows: [RecipeTrial.Row]) -> [String] {
        let width = max(6, rows.map(\.tensor.count).max() ?? 0)
        func pad(_ text: String) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
        let head = pad("tensor") + "    changed      before       after  difference     largest"
        return [head]
            + rows.map { row in
                pad(row.tensor)
                    + String(
                        format: "  %7.2f %%  %10.4g  %10.4g  %10.4g  %10.4g", row.changed * 100, row.before, row.after,
                        row.difference, row.largest)
            }
    }

    /// Twenty places, filled from 0, or from the smallest value if one is negative.
    private static func bar(_ value: Double, _ low: Double, _ high: Double) -> String {
        let (from, to) = (min(0, low), max(0, high))
        let share = to > from && value.isFinite ? (value - from) / (to - from) : 0
        let full = Int((share * 20).rounded())
        return String(repeating: "█", count: full) + String(repeating: "·", count: 20 - full)
    }

    private static func number(_ value: Double) -> String { ReportTable.Cell.number(value).text }
}
