/// A table of the recipe's own; a search's candidates also as a picture, with what the model was built of.
struct SearchSection {
    let table: ReportTable
    private let objective: Int?
    private let share: Int?
    /// The columns of scores, with those of their errors.
    private let tasks: [(value: Int, error: Int)]
    /// The columns of parameters: those in front of the first task and of the objective.
    private let parameters: Range<Int>

    init(table: ReportTable) {
        self.table = table
        objective = table.columns.firstIndex(of: "objective")
        share = table.columns.firstIndex(of: "share")
        tasks = table.columns.indices.compactMap { column in
            table.columns.firstIndex(of: table.columns[column] + " ±").map { (column, $0) }
        }
        parameters = 0..<min(tasks.first?.value ?? .max, objective ?? 0)
    }

    func add(to page: inout HTMLPage) {
        page.heading(table.name)
        if let objective, let outcome {
            page.paragraph(outcome)
            page.figure(
                "Candidates: \(table.name)", picture(objective),
                caption:
                    "Each point is a candidate; lines through points are standard errors. The line of the objective is the best "
                    + "so far" + (share == nil ? "." : ", of those that were asked all questions; the others are pale.")
            )
            if let front = frontPicture {
                page.figure(
                    "Front: \(table.name)", front,
                    caption:
                        "No other candidate is better than one of the front on one task without being worse on the other."
                )
            }
        }
        page.table(
            HTMLTable(
                columns: table.columns, rows: table.rows.map { $0.map(Self.cell) }, marked: taken.map { [$0] } ?? []))
    }

    /// The row that the model was built of.
    private var taken: Int? { table.rows.indices.first { isMarked($0, "taken") } }

    /// Whether a row has a word in the column of the same name.
    private func isMarked(_ row: Int, _ word: String) -> Bool {
        guard let column = table.columns.firstIndex(of: word), column < table.rows[row].count,
            case .text(word) = table.rows[row][column]
        else { return false }
        return true
    }

    /// Whether a candidate was asked all questions.
    private func isWhole(_ row: Int) -> Bool { share.map { number(row, $0) == 1 } ?? true }

    private func best(_ column: Int) -> Int? {
        let numbers = table.rows.indices.filter(isWhole).compactMap { row in number(row, column).map { (row, $0) } }
        guard let largest = numbers.map(\.1).filter(\.isFinite).max() else { return nil }
        return numbers.first { $0.1 == largest }?.0
    }

    private func number(_ row: Int, _ column: Int) -> Double? {
        if column < table.rows[row].count, case .number(let value) = table.rows[row][column] { value } else { nil }
    }

    private func name(_ row: Int) -> String {
        parameters.isEmpty
            ? "candidate \(row + 1)"
            : parameters.map { "\(table.columns[$0]) = \(table.rows[row][$0].text)" }.joined(separator: ", ")
    }

    /// Which parameters the model has, and how its candidate did beside the best; nil of a table that is no search's.
    var outcome: String? {
        guard let objective, !table.rows.isEmpty else { return nil }
        func words(_ row: Int) -> String {
            let scores = tasks.compactMap { task -> String? in
                guard let value = number(row, task.value) else { return nil }
                let error = number(row, task.error).map { " ± \(ShownNumber.plain($0))" } ?? ""
                return "\(table.columns[task.value]) \(ShownNumber.plain(value))\(error)"
            }
            let value = number(row, objective).map(ShownNumber.plain) ?? "–"
            return "candidate \(row + 1): objective \(value)"
                + (scores.isEmpty ? "" : "; " + scores.joined(separator: ", "))
        }
        guard let best = best(objective) else { return "No candidate has a finite objective." }
        guard let taken else { return "The best of \(table.rows.count): \(name(best)) (\(words(best)))." }
        let model = "The model has \(name(taken)) (\(words(taken)))"
        return taken == best
            ? model + ", the best of \(table.rows.count)."
            : model + "; the best of \(table.rows.count) is \(name(best)) (\(words(best)))."
    }

    private func picture(_ objective: Int) -> String {
        let best = best(objective)
        let shown: [(value: Int, error: Int?)] = [(objective, nil)] + tasks.map { ($0.value, $0.error) }
        let panels = shown.map { value, error in
            CandidatePlot(
                title: table.columns[value],
                points: table.rows.indices.map { row in
                    CandidatePlot.Point(
                        name: name(row), value: number(row, value), error: error.flatMap { number(row, $0) },
                        isPartial: !isWhole(row))
                }, best: best, taken: taken, line: value == objective ? .bestSoFar : .values
            ).html
        }
        var key = ["<li><i class=\"best\"></i>best objective</li>"]
        if taken != nil { key.append("<li><i class=\"taken\"></i>in the model</li>") }
        if !tasks.isEmpty { key.append("<li><i class=\"error\"></i>standard error</li>") }
        return "<div class=\"panels\(table.rows.count <= 24 ? " few" : "")\">\(panels.joined(separator: "\n"))</div>"
            + "<ul class=\"key\">\(key.joined())</ul>"
    }

    /// Two tasks against each other, where the table has a front; nil of more or fewer.
    private var frontPicture: String? {
        guard tasks.count == 2, table.columns.contains("front") else { return nil }
        let points = table.rows.indices.filter(isWhole).compactMap { row -> FrontPlot.Point? in
            guard let x = number(row, tasks[0].value), let y = number(row, tasks[1].value) else { return nil }
            return FrontPlot.Point(
                name: name(row), x: x, y: y, isOnFront: isMarked(row, "front"), isTaken: row == taken)
        }
        guard points.count > 1 else { return nil }
        return FrontPlot(x: table.columns[tasks[0].value], y: table.columns[tasks[1].value], points: points).html
    }

    private static func cell(_ cell: ReportTable.Cell) -> HTMLTable.Cell {
        switch cell {
        case .number(let value): .number(value, cell.text)
        case .text(let text): .text(text)
        case .nothing: .text("–")
        }
    }
}
