import DPPASupport

/// What a model has reached on a task.
public struct Score: Sendable {
    /// The task's name.
    public var task: String
    /// How answers were judged; nil for an external program's number.
    public var metric: EvaluationTask.Metric?
    /// The score.
    public var value: Double
    /// The standard error of the score; nil where one sample or an external program gives none.
    public var standardError: Double?
    /// How many samples there were; nil for an external program's number.
    public var count: Int?
    /// How long the scoring took, in seconds.
    public var seconds: Double
    /// How many tokens, bytes or words a perplexity is of; nil of other metrics.
    var units: Int?
    /// What else the same predictions tell, by the metrics' names.
    public var others: [(metric: EvaluationTask.Metric, value: Double)] = []

    /// √(p(1 − p) / (n − 1)) of a share p of n questions; nil of one.
    static func standardError(ofShare share: Double, of count: Int) -> Double? {
        count > 1 ? (share * (1 - share) / Double(count - 1)).squareRoot() : nil
    }

    /// The share of right answers.
    init(_ task: EvaluationTask, right: Int, seconds: Double) {
        let share = Double(right) / Double(task.count)
        self.init(
            task: task.name, metric: task.metric, value: share,
            standardError: Self.standardError(ofShare: share, of: task.count), count: task.count,
            seconds: seconds)
    }

    /// A score, all given.
    public init(
        task: String, metric: EvaluationTask.Metric?, value: Double, standardError: Double?, count: Int?,
        seconds: Double
    ) {
        self.task = task
        self.metric = metric
        self.value = value
        self.standardError = standardError
        self.count = count
        self.seconds = seconds
    }
}

extension Score {
    /// The score as JSON; what it does not have is left out.
    package var json: JSONValue {
        var fields: JSONObject = [
            "task": .string(task), "metric": .string(metric?.rawValue ?? "external"), "value": .double(value),
            "seconds": .double(seconds),
        ]
        if let standardError { fields.set("standard_error", .double(standardError)) }
        if let count { fields.set("count", .integer(count)) }
        if !others.isEmpty {
            fields.set(
                "others", .object(JSONObject(others.map { (name: $0.metric.rawValue, value: .double($0.value)) })))
        }
        return .object(fields)
    }
}
