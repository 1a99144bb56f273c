import DPPA
import DPPAScript
import Foundation

/// Named values, tables and trials in a terminal.
enum ValueText {
    /// A line for each named value: smallest, mean, largest, and a curve of the means by layer.
    static func summary(_ named: [RunRecord.NamedValue]) -> [String] {
        let rows = named.map { entry -> [String] in
            let values = entry.values.map(\.value)
            guard values.count > 1 else { return [entry.name, "", number(values.first ?? 0), "", ""] }
            return [
                entry.name, number(values.min() ?? 0), number(values.reduce(0, +) / Double(values.count)),
                number(values.max() ?? 0), Sparkline.text(entry.layerMeans.map(\.value)),
            ]
        }
        let lines = TextTable.lines([["value", "smallest", "mean", "largest", "by layer"]] + rows)
        let hidden = named.reduce(0) { $0 + ($1.values.count > 1 ? $1.values.count : 0) }
        return hidden == 0
            ? lines : lines + ["", "\(hidden) values in all: --all shows every one, --top N the extremes"]
    }

    /// The largest and the smallest values of each name.
    static func extremes(_ named: [RunRecord.NamedValue], _ count: Int) -> [String] {
        named.flatMap { entry -> [String] in
            guard entry.values.count > 1 else { return lines([entry]) }
            let sorted = entry.values.enumerated().sorted {
                ($1.element.value, $0.offset) < ($0.element.value, $1.offset)
            }.map(\.element)
            guard sorted.count > 2 * count else { return lines([entry], of: sorted) }
            return lines([entry], of: sorted.prefix(count) + sorted.suffix(count))
        }
    }

    /// Each named value: a line with its range, and a bar for each of its instances, or for some of them.
    static func lines(
        _ named: [RunRecord.NamedValue], of shown: [(name: String, value: Double)]? = nil
    ) -> [String] {
        named.flatMap { entry -> [String] in
            guard entry.values.count > 1 else {
                return ["\(entry.name)  \(number(entry.values.first?.value ?? 0))"]
            }
            let values = entry.values.map(\.value)
            let (low, high) = (values.min() ?? 0, values.max() ?? 0)
            let mean = values.reduce(0, +) / Double(values.count)
            let shown = shown ?? entry.values
            let width = shown.map(\.name.count).max() ?? 0
            return ["", "\(entry.name)  \(number(low)) to \(number(high)), mean \(number(mean))"]
                + shown.map { value in
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
