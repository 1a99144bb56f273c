import DPPAEvaluation
import DPPASupport

/// What models scored on tasks as one page, with what each said to every question.
public struct EvaluationReport {
    private let rows: [(model: String, results: [TaskResult])]

    /// Above this many questions the answers are behind a line that opens them.
    private static let mostOpen = 60
    /// How much of a text stands in a cell.
    private static let mostCharacters = 1000

    /// The page of models with their results, all of the same tasks.
    public init(_ rows: [(model: String, results: [TaskResult])]) { self.rows = rows }

    /// The page in HTML, without anything from elsewhere.
    public var html: String {
        var page = HTMLPage(title: rows.count == 1 ? "Scores of \(rows[0].model)" : "Scores of \(rows.count) models")
        page.placeContents()
        let scores = rows.flatMap { row in
            row.results.map { RunRecord.ScoredModel(model: row.model, score: $0.score) }
        }
        ScoreSection(scores: scores).add(to: &page)
        addOthers(to: &page)
        for (number, result) in (rows.first?.results ?? []).enumerated() where !result.items.isEmpty {
            page.heading("Answers to \(result.score.task)")
            let table = table(number)
            page.table(
                table,
                folded: table.rows.count > Self.mostOpen ? "All \(Phrase.counted(table.rows.count, "question"))" : nil)
        }
        page.footer("Made by dppa-run \(version).")
        return page.text
    }

    /// The other metrics that the same predictions give.
    private func addOthers(to page: inout HTMLPage) {
        let cells = rows.flatMap { row in
            row.results.flatMap { result in
                result.score.others.map { other -> [HTMLTable.Cell] in
                    [
                        .text(result.score.task), .text(row.model), .text(other.metric.rawValue),
                        .value(other.value, other.metric.isLargerBetter ? .share : .plain),
                    ]
                }
            }
        }
        guard !cells.isEmpty else { return }
        page.subheading("By other metrics")
        page.table(HTMLTable(columns: ["task", "model", "metric", "score"], rows: cells))
    }

    /// The questions of a task with what each model said; where it was not right, the row stands out.
    private func table(_ number: Int) -> HTMLTable {
        let all = rows.map { $0.results[number].items }
        let isDocument = all[0].allSatisfy { $0.isRight == nil }
        var table = HTMLTable(
            columns: ["line", isDocument ? "document" : "question"] + (isDocument ? ["tokens"] : ["right"])
                + rows.map(\.model), rows: [])
        for (index, first) in all[0].enumerated() {
            let answers = all.map { $0[index] }
            var cells: [HTMLTable.Cell] = [
                .number(Double(first.line), String(first.line)), .text(Self.cut(first.prompt)),
            ]
            if isDocument {
                cells.append(.number(Double(first.tokens), ShownNumber.count(first.tokens)))
                cells += answers.map { answer in
                    let mean = (answer.logLikelihoods.first ?? 0) / Double(max(1, answer.tokens))
                    return .number(mean, "\(ShownNumber.plain(mean)) a token")
                }
            } else {
                cells.append(.text(Self.cut(first.right ?? "")))
                cells += answers.map { .text(Self.words($0)) }
                if answers.contains(where: { $0.isRight == false }) { table.marked.insert(index) }
            }
            table.rows.append(cells)
        }
        return table
    }

    /// "✓ blue (ln p −1.2, −3.4)".
    private static func words(_ item: ItemResult) -> String {
        let said = cut(item.said ?? "")
        let found = item.found.map { $0 == item.said ? "" : " → \(cut($0))" } ?? ""
        let numbers = item.logLikelihoods.map(ShownNumber.plain).joined(separator: ", ")
        return (item.isRight == true ? "✓ " : "✗ ") + said + found + (numbers.isEmpty ? "" : " (ln p \(numbers))")
    }

    private static func cut(_ text: String) -> String {
        let end = text.index(text.startIndex, offsetBy: mostCharacters, limitedBy: text.endIndex) ?? text.endIndex
        return end == text.endIndex ? text : text[..<end] + " …"
    }
}
