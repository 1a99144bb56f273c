import DPPA
import DPPAScript
import Foundation

/// A comparison of recipes for a terminal and as JSON.
struct MethodTable {
    private let comparison: MethodComparison

    init(_ comparison: MethodComparison) { self.comparison = comparison }

    /// The models, then the recipes, the best first.
    var lines: [String] {
        let tasks = comparison.models.first?.shown ?? []
        var rows = [["recipe", "coefficient"] + tasks.map(\.task) + ["kept"]]
        for model in comparison.models {
            let scores = model.shown.map { Self.text($0.value, $0.standardError) }
            rows.append([model.label, ""] + scores + [Self.text(comparison.kept(model.shown), nil)])
        }
        for entry in comparison.ranked where !entry.trials.isEmpty {
            let scores = tasks.indices.map { comparison.score(of: entry, task: $0).map(Self.text) ?? "–" }
            rows.append(
                [entry.name, Self.coefficients(entry)] + scores + [comparison.kept(of: entry).map(Self.text) ?? "–"])
        }
        return TextTable.lines(rows)
    }

    /// What a reader of the table has to know, a line each.
    var notes: [String] {
        let own = comparison.entries.flatMap { entry in entry.notes.map { "note: \(entry.name): \($0)" } }
        guard !comparison.isHeldOut else { return own }
        return own + ["note: shown are the tasks that were searched, which flatters; --eval-task names others"]
    }

    /// The coefficients that were taken, by seed; one where all are the same.
    private static func coefficients(_ entry: MethodComparison.Entry) -> String {
        let taken = entry.trials.map { trial in
            trial.candidates[trial.taken].coefficient.map { String(format: "%g", $0) } ?? "–"
        }
        return Set(taken).count == 1 ? taken[0] : taken.joined(separator: ", ")
    }

    private static func text(_ spread: MethodComparison.Spread) -> String {
        text(spread.value, spread.standardError)
            + (spread.range.map { String(format: " (%.3f–%.3f)", $0.lowerBound, $0.upperBound) } ?? "")
    }

    private static func text(_ value: Double, _ error: Double?) -> String {
        String(format: "%.3f", value) + (error.map { String(format: " ± %.3f", $0) } ?? "")
    }

    /// Everything, candidates too; recipes in the order in which they were asked for.
    var json: JSONValue {
        let models = comparison.models.map { model -> JSONValue in
            [
                "model": .string(model.label), "searched": .array(model.searched.map(\.json)),
                "scores": .array(model.shown.map(\.json)), "kept": .double(comparison.kept(model.shown)),
            ]
        }
        return [
            "models": .array(models), "recipes": .array(comparison.entries.map(json)),
            "held_out": .bool(comparison.isHeldOut),
        ]
    }

    private func json(_ entry: MethodComparison.Entry) -> JSONValue {
        var fields: JSONObject = [
            "recipe": .string(entry.name), "notes": JSONValue(entry.notes),
            "trials": .array(entry.trials.map(json)),
        ]
        if let failure = entry.failure { fields.set("failure", .string(failure)) }
        return .object(fields)
    }

    private func json(_ trial: MethodComparison.Trial) -> JSONValue {
        let candidates = trial.candidates.map { candidate -> JSONValue in
            [
                "coefficient": JSONValue(candidate.coefficient), "scores": .array(candidate.scores.map(\.json)),
                "kept": .double(comparison.keptInSearch(candidate.scores)),
            ]
        }
        return [
            "seed": JSONValue(trial.seed), "coefficient": JSONValue(trial.candidates[trial.taken].coefficient),
            "scores": .array(trial.scores.map(\.json)), "kept": .double(comparison.kept(trial.scores)),
            "standard_error": JSONValue(comparison.standardError(trial.scores)),
            "candidates": .array(candidates), "seconds": .double(trial.seconds),
        ]
    }
}
