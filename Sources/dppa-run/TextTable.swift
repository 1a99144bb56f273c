/// Rows of a table in a terminal.
enum TextTable {
    /// Columns in line: the first and the last from the left, the others from the right.
    static func lines(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + space : column == row.count - 1 ? row[column] : space + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// Numbers as a line of marks, the higher the larger.
enum Sparkline {
    /// A mark for each number, a dot for what is not finite; nothing for fewer than two.
    static func text(_ values: [Double]) -> String {
        let finite = values.filter(\.isFinite)
        guard values.count > 1, let low = finite.min(), let high = finite.max() else { return "" }
        let marks = Array("▁▂▃▄▅▆▇█")
        let line = values.map { value -> Character in
            guard value.isFinite else { return "·" }
            return high > low ? marks[Int(((value - low) / (high - low) * 7).rounded())] : marks[3]
        }
        return String(line)
    }
}
