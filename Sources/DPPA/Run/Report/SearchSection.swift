/// A table of the recipe's own; a search's candidates also as a picture, with what the model was built of.
struct SearchSection {
    let table: ReportTable

    func add(to page: inout HTMLPage) {
        page.heading(table.name)
        if let objective, let outcome {
            page.paragraph(outcome)
            page.figure(
                "Candidates: \(table.name)", picture(objective),
                caption: "Each point is a candidate; lines through points are standard errors.")
        }
        page.table(
            HTMLTable(
                columns: table.columns, rows: table.rows.map { $0.map(Self.cell) }, marked: taken.map { [$0] } ?? []))
    }

    private var objective: Int? { table.columns.firstIndex(of: "objective") }
    private var factors: [Int] { table.columns.indices.filter { table.columns[$0].hasPrefix("factor") } }

    /// The row that the model was built of.
    private var taken: Int? {
        guard let column = table.columns.firstIndex(of: "taken") else { return nil }
        return table.rows.firstIndex { row in
            if column < row.count, case .text("taken") = row[column] { true } else { false }
        }
    }

    private func best(_ column: Int) -> Int? {
        let numbers = table.rows.indices.compactMap { row in number(row, column).map { (row, $0) } }
        guard let largest = numbers.map(\.1).filter(\.isFinite).max() else { return nil }
        return numbers.first { $0.1 == largest }?.0
    }

    private func number(_ row: Int, _ column: Int) -> Double? {
        if column < table.rows[row].count, case .number(let value) = table.rows[row][column] { value } else { nil }
    }

    private func name(_ row: Int) -> String {
        factors.isEmpty ? "candidate \(row + 1)" : factors.map { table.rows[row][$0].text }.joined(separator: ", ")
    }

    /// Which factors the model has, and how its candidate did beside the best; nil of a table that is no search's.
    var outcome: String? {
        guard let objective, !table.rows.isEmpty else { return nil }
        func words(_ row: Int) -> String {
            let scores = tasks.compactMap { task -> String? in
                guard let value = number(row, task.value) else { return nil }
                let error = task.error.flatMap { number(row, $0) }.map { " ± \(ShownNumber.plain($0))" } ?? ""
                return "\(table.columns[task.value]) \(ShownNumber.plain(value))\(error)"
            }
            let value = number(row, objective).map(ShownNumber.plain) ?? "–"
            return "candidate \(row + 1): objective \(value)"
                + (scores.isEmpty ? "" : "; " + scores.joined(separator: ", "))
        }
        guard let best = best(objective) else { return "No candidate has a finite objective." }
        guard let taken else { return "The best of \(table.rows.count): \(name(best)) (\(words(best)))." }
        let model = "The model has \(factors.isEmpty ? "" : "the factors ")\(name(taken)) (\(words(taken)))"
        return taken == best
            ? model + ", the best of \(table.rows.count)."
            : model + "; the best of \(table.rows.count) is \(name(best)) (\(words(best)))."
    }

    /// The columns of scores, with those of their errors.
    private var tasks: [(value: Int, error: Int?)] {
        let known: Set = ["objective", "taken", "seconds"]
        return table.columns.indices.filter { column in
            let name = table.columns[column]
            return !known.contains(name) && !factors.contains(column) && !name.hasSuffix(" ±")
                && table.rows.indices.contains { number($0, column) != nil }
        }.map { ($0, table.columns.firstIndex(of: table.columns[$0] + " ±")) }
    }

    private func picture(_ objective: Int) -> String {
        let best = best(objective)
        let panels = ([(objective, nil)] + tasks).map { value, error in
            CandidatePlot(
                title: table.columns[value],
                points: table.rows.indices.map { row in
                    CandidatePlot.Point(
                        name: name(row), value: number(row, value), error: error.flatMap { number(row, $0) })
                }, best: best, taken: taken
            ).html
        }
        var key = ["<li><i class=\"best\"></i>best objective</li>"]
        if taken != nil { key.append("<li><i class=\"taken\"></i>in the model</li>") }
        if tasks.contains(where: { $0.error != nil }) { key.append("<li><i class=\"error\"></i>standard error</li>") }
        return "<div class=\"panels\(table.rows.count <= 24 ? " few" : "")\">\(panels.joined(separator: "\n"))</div>"
            + "<ul class=\"key\">\(key.joined())</ul>"
    }

    private static func cell(_ cell: ReportTable.Cell) -> HTMLTable.Cell {
        switch cell {
        case .number(let value): .number(value, cell.text)
        case .text(let text): .text(text)
        case .nothing: .text("–")
        }
    }
}
