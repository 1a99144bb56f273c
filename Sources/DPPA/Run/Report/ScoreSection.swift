import DPPAEvaluation

/// What `dppa.score` gave, by task.
struct ScoreSection {
    let scores: [RunRecord.ScoredModel]

    /// Above this many scores of a task the picture is left to the searches' own.
    private static let mostBars = 24

    func add(to page: inout HTMLPage) {
        page.heading("Scores")
        var tasks: [String] = []
        for entry in scores where !tasks.contains(entry.score.task) { tasks.append(entry.score.task) }
        for task in tasks {
            let own = scores.filter { $0.score.task == task }
            guard own.count <= Self.mostBars else { continue }
            let bars = own.map { NamedBars.Entry(name: $0.model, value: $0.score.value, error: $0.score.standardError) }
            page.figure(
                "Scores on \(task)", NamedBars(entries: bars, unit: Self.unit(own[0].score)).html,
                caption: Self.caption(own[0].score))
        }
        let rows = scores.map { entry -> [HTMLTable.Cell] in
            let unit = Self.unit(entry.score)
            return [
                .text(entry.score.task), .text(entry.model), .value(entry.score.value, unit),
                .value(entry.score.standardError, unit),
                .number(entry.score.count.map(Double.init), entry.score.count.map(ShownNumber.count) ?? "–"),
                .text(entry.score.metric?.rawValue ?? "external"),
            ]
        }
        let table = HTMLTable(
            columns: ["task", "model", "score", "standard error", "questions", "metric"], rows: rows)
        page.table(table, folded: rows.count > 40 ? "All \(rows.count) scores" : nil)
    }

    /// Shares are percentages; perplexities and a program's own numbers are not.
    static func unit(_ score: Score) -> ShownUnit { score.metric?.isLargerBetter ?? false ? .share : .plain }

    private static func caption(_ score: Score) -> String {
        let metric = score.metric.map { "\($0.rawValue), " } ?? ""
        let count = score.count.map { "\(ShownNumber.count($0)) questions, " } ?? ""
        return metric + count + "± the standard error."
    }
}
