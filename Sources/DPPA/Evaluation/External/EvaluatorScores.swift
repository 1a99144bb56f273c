import DPPASupport

/// The scores in what an external evaluator has printed.
struct EvaluatorScores {
    private let members: JSONObject
    private let isHarness: Bool
    private let complaint: EvaluatorComplaint

    /// Finds the JSON object: the whole output, or its last line that is one.
    init(_ output: [UInt8], _ complaint: EvaluatorComplaint) throws {
        guard let found = Self.object(in: output) else {
            throw complaint.error(
                "printed no JSON object",
                notes: ["the last line on its standard output is to be like {\"gsm8k\": 0.41, \"math\": 0.2}"])
        }
        self.complaint = complaint
        // A task may be named "results", but its members are no objects.
        if let results = found["results"]?.object, !results.isEmpty, results.values.allSatisfy({ $0.object != nil }) {
            (members, isHarness) = (results, true)
        } else {
            (members, isHarness) = (found, false)
        }
    }

    /// The score of a task; throws `data` when there is none or it is no finite number.
    func score(_ task: String, seconds: Double) throws -> Score {
        guard let value = members[task] else {
            let names = members.names.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw complaint.error(
                "gave no score for '\(task)'",
                notes: [names.isEmpty ? "it gave no score at all" : "it gave scores for \(names)"])
        }
        var score = Score(task: task, metric: nil, value: 0, standardError: nil, count: nil, seconds: seconds)
        guard let fields = value.object else {
            score.value = try finite(value, "score", of: task)
            return score
        }
        if isHarness {
            let key = fields.names.sorted().first { key in
                fields[key]?.double != nil && !key.contains("stderr") && key != "alias"
            }
            guard let key else { throw complaint.error("gave no number for '\(task)'") }
            score.value = try finite(fields[key], "score", of: task)
            score.standardError = fields[Self.errorKey(key)]?.double.flatMap { $0.isFinite ? $0 : nil }
            return score
        }
        score.value = try finite(fields["value"], "score", of: task)
        if let error = fields["standard_error"], !error.isNull {
            score.standardError = try finite(error, "standard error", of: task)
        }
        if let count = fields["count"], !count.isNull {
            score.count = Int(exactly: try finite(count, "count", of: task))
            guard score.count != nil else {
                throw complaint.error("gave a count for '\(task)' that is no whole number")
            }
        }
        return score
    }

    private func finite(_ value: JSONValue?, _ what: String, of task: String) throws -> Double {
        guard let number = value?.double else {
            throw complaint.error("gave a \(what) for '\(task)' that is not a number")
        }
        guard number.isFinite else {
            throw complaint.error("gave a \(what) for '\(task)' that is not finite: \(number)")
        }
        return number
    }

    /// `exact_match,strict-match` has its standard error at `exact_match_stderr,strict-match`.
    private static func errorKey(_ key: String) -> String {
        let parts = key.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        return ([parts[0] + "_stderr"] + parts.dropFirst()).joined(separator: ",")
    }

    private static func object(in output: [UInt8]) -> JSONObject? {
        // Python writes NaN and Infinity: a score is refused for it by name, other numbers do not matter.
        func object(_ text: some Collection<UInt8>) -> JSONObject? {
            try? JSONObject(text, file: "", nonFinite: true)
        }
        if let found = object(output) { return found }
        for line in output.split(separator: UInt8(ascii: "\n")).reversed() {
            // Most lines of a log are no objects, and to see that costs less than to try.
            guard line.first(where: { $0 != 32 && $0 != 9 }) == UInt8(ascii: "{") else { continue }
            if let found = object(line) { return found }
        }
        return nil
    }
}
