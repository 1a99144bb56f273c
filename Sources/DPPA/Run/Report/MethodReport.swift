import DPPAEvaluation
import DPPASupport

/// A comparison of recipes as one page: the table, and pictures of what each keeps.
public struct MethodReport: Sendable {
    private let comparison: MethodComparison

    /// The page of a comparison.
    public init(_ comparison: MethodComparison) { self.comparison = comparison }

    /// The page in HTML, without anything from elsewhere.
    public var html: String {
        var page = HTMLPage(title: "Recipes compared")
        page.paragraph(
            "Candidates are base + c (merged − base); the coefficient c of each recipe is the best of those that were tried. "
                + "Kept is the geometric mean over tasks of score / best score among \(Phrase.list(comparison.models.map(\.label))).",
            "lead")
        let notes = comparison.entries.flatMap { entry in
            (entry.notes + [entry.failure].compactMap { $0 }).map { "\(entry.name): \($0)" }
        }
        let all = notes + (comparison.isHeldOut ? [] : ["Shown are the tasks that were searched, which flatters."])
        if !all.isEmpty { page.notice(all) }
        page.placeContents()
        page.heading("Scores")
        page.table(table)
        let bars = ranked.compactMap { entry in
            comparison.kept(of: entry).map {
                NamedBars.Entry(name: entry.name, value: $0.value, error: $0.standardError)
            }
        }
        if !bars.isEmpty {
            page.figure(
                "Kept", NamedBars(entries: bars, unit: .share).html,
                caption: "± the standard error over questions, the models' best scores taken as exact.")
        }
        addCandidates(to: &page)
        page.footer("Made by dppa-run \(version).")
        return page.text
    }

    private var ranked: [MethodComparison.Entry] { comparison.ranked.filter { !$0.trials.isEmpty } }

    private var table: HTMLTable {
        let tasks = comparison.models.first?.shown ?? []
        let models = comparison.models.map { model -> [HTMLTable.Cell] in
            [.text(model.label), .text("")]
                + model.shown.map { .number($0.value, Self.text($0.value, $0.standardError, nil)) }
                + [.value(comparison.kept(model.shown), .share), .text("")]
        }
        let recipes = ranked.map { entry -> [HTMLTable.Cell] in
            let scores = tasks.indices.map { task -> HTMLTable.Cell in
                let spread = comparison.score(of: entry, task: task)
                return .number(
                    spread?.value, spread.map { Self.text($0.value, $0.standardError, $0.range) } ?? "–")
            }
            let taken = entry.trials.map { $0.candidates[$0.taken].coefficient.map(ShownNumber.plain) ?? "–" }
            let seconds = entry.trials.reduce(0) { $0 + $1.seconds }
            return [.text(entry.name), .text(taken.joined(separator: ", "))] + scores
                + [.value(comparison.kept(of: entry)?.value, .share), .number(seconds, ShownNumber.plain(seconds))]
        }
        return HTMLTable(
            columns: ["recipe", "coefficient"] + tasks.map(\.task) + ["kept", "seconds"], rows: models + recipes)
    }

    /// What each recipe keeps in the search, coefficient by coefficient.
    private func addCandidates(to page: inout HTMLPage) {
        let trials = ranked.flatMap { entry in
            entry.trials.filter { $0.candidates.count > 1 }.map { (entry: entry, trial: $0) }
        }
        guard !trials.isEmpty else { return }
        let panels = trials.map { entry, trial in
            CandidatePlot(
                title: entry.name + (trial.seed.map { ", seed \($0)" } ?? ""),
                points: trial.candidates.map { candidate in
                    CandidatePlot.Point(
                        name: candidate.coefficient.map { "c = \(ShownNumber.plain($0))" } ?? "as it is",
                        value: comparison.keptInSearch(candidate.scores), error: nil)
                }, best: trial.taken, taken: trial.taken
            ).html
        }
        page.figure(
            "Kept in the search, by coefficient", "<div class=\"panels\">\(panels.joined(separator: "\n"))</div>",
            caption: "Each point is a coefficient, in the order of trying; the marked one was taken.")
    }

    private static func text(_ value: Double, _ error: Double?, _ range: ClosedRange<Double>?) -> String {
        ShownNumber.plain(value) + (error.map { " ± \(ShownNumber.plain($0))" } ?? "")
            + (range.map { " (\(ShownNumber.plain($0.lowerBound))–\(ShownNumber.plain($0.upperBound)))" } ?? "")
    }
}
