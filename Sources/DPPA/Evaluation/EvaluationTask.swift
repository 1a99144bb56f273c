import DPPASupport

/// Questions that a model is scored on.
public struct EvaluationTask: Sendable {
    /// How an answer is judged.
    public enum Metric: String, Sendable, CaseIterable {
        /// The share of questions whose greedy completion is the target, token by token.
        case exactMatch = "exact_match"
        /// The share of questions whose right choice has the largest log-likelihood.
        case choice
        /// The same with the log-likelihood divided by the number of the choice's tokens.
        case choiceNormalized = "choice_normalized"
        /// e to the mean negative log-likelihood of a token; the smaller the better.
        case perplexity
        /// The share of questions whose generated text holds the right answer.
        case generate

        /// Whether a larger score is a better one.
        public var isLargerBetter: Bool { self != .perplexity }
    }

    /// One question, one choice question, or one document.
    struct Sample: Sendable {
        var prompt: [Int32] = []
        /// The target, the choices, or the rest of a document.
        var completions: [[Int32]] = []
        /// The index of the right choice.
        var answer = 0
        /// The right answer as text.
        var answerText = ""
        /// Its line in the file, from 1.
        var line: Int
    }

    /// How text is generated and where its answer is.
    struct Generation: Sendable {
        var stop: [Int32] = []
        var maximumTokens = 256
        /// The answer is what follows the last of these; nil for the last number.
        var delimiter: String?
    }

    /// The name in reports: the file's name without its ending.
    public var name: String
    /// How answers are judged.
    public let metric: Metric
    /// The file as the error messages name it.
    let path: String
    let samples: [Sample]
    let generation: Generation
    /// A hash of the file's bytes: two files with equal hashes are one task.
    let fingerprint: UInt128

    /// The hash in 32 hexadecimal digits.
    package var digest: String { Fingerprint(value: fingerprint).description }

    /// How many samples there are.
    public var count: Int { samples.count }

    /// The sequences that decide the metric in one pass; empty for generation.
    var sequences: [TokenSequence] {
        var sequences = samples.flatMap { sample in
            sample.completions.map { completion in
                let tokens = sample.prompt + completion.dropLast()
                return TokenSequence(
                    tokens: tokens, wanted: tokens.count - completion.count..<tokens.count, targets: completion)
            }
        }
        if !sequences.isEmpty { sequences[0].isFirst = true }
        return sequences
    }
}

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

    /// The share of right answers: its standard error is √(p(1 − p) / (n − 1)).
    init(_ task: EvaluationTask, right: Int, seconds: Double) {
        let (n, p) = (Double(task.count), Double(right) / Double(task.count))
        self.init(
            task: task.name, metric: task.metric, value: p,
            standardError: task.count > 1 ? (p * (1 - p) / (n - 1)).squareRoot() : nil, count: task.count,
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
        return .object(fields)
    }
}
