import DPPASupport
import DPPATokenization

/// What a task says besides its questions: the first line of a file of questions, or a task file of its own.
struct TaskDeclaration: Sendable {
    var metric: EvaluationTask.Metric?
    /// Where a generated text ends, besides the tokens that end every text of the model.
    var stopTokens: [Int32] = []
    var stopTexts: [String] = []
    var maximumTokens = 256
    var rule = AnswerRule()
    /// What a prompt begins with; in a chat, what the system says.
    var description = ""
    /// What stands between a prompt and what is scored; nil for a space, unless there is white space already.
    var targetDelimiter: String?
    /// What stands behind each example.
    var exampleDelimiter = "\n\n"
    /// How many examples a prompt begins with; nil for all.
    var exampleCount: Int?
    /// The file of examples, beside the task.
    var examples: String?
    /// The file of questions, beside the task.
    var data: String?
    /// Whether prompts are put into the model's chat template.
    var isChat = false
    /// The most tokens of a window of a long document.
    var window: Int?
    /// How a question is made of the keys of a line.
    var mapping: TaskMapping?

    /// The keys that are given, for what does not go together.
    private var given: [String] = []

    private static let general = ["metric"]
    private static let ofGeneration = ["stop", "max_tokens", "answer_after", "answer_is", "answer_pattern"]
    private static let ofPrompts = [
        "description", "target_delimiter", "fewshot_delimiter", "num_fewshot", "examples", "chat",
    ]
    private static let ofDocuments = ["window"]

    /// The declaration of a task that has none.
    init() {}

    /// Reads a declaration; `isFile` is one in a file of its own, which names the file of questions.
    ///
    /// Throws `data` with the place when a key is not known or has a wrong value.
    init(_ fields: JSONObject, place: String, isFile: Bool) throws {
        let reader = TaskKeys(fields, place: place)
        let known =
            (isFile ? ["data"] : []) + Self.general + Self.ofGeneration + Self.ofPrompts + Self.ofDocuments
            + TaskMapping.keys
        for name in fields.names.sorted() where !known.contains(name) {
            let owner = isFile ? "a task" : "the first line"
            throw DPPAError(
                .data, "\(place): \(owner) has no key '\(name.shown)'\(Suggestions.hint(for: name, among: known))",
                notes: ["keys are \(known.joined(separator: ", "))"])
        }
        given = fields.names
        if let value = fields["metric"] {
            guard let found = value.string.flatMap(EvaluationTask.Metric.init(named:)) else {
                let all = EvaluationTask.Metric.allCases.map(\.rawValue).joined(separator: ", ")
                throw DPPAError(.data, "\(place): 'metric' must be one of \(all)")
            }
            metric = found
        }
        try readGeneration(reader)
        description = try reader.text("description") ?? ""
        targetDelimiter = try reader.text("target_delimiter")
        exampleDelimiter = try reader.text("fewshot_delimiter") ?? exampleDelimiter
        exampleCount = try reader.count("num_fewshot", from: 0, to: 1000)
        examples = try reader.text("examples", mayBeEmpty: false)
        data = try reader.text("data", mayBeEmpty: false)
        isChat = try reader.flag("chat") ?? false
        window = try reader.count("window", from: 2, to: 1 << 24)
        mapping = try TaskMapping(fields, place: place)
        if isFile, data == nil {
            throw DPPAError(
                .data, "\(place): the task has no 'data': the file of questions beside it",
                notes: ["a file of questions itself, one JSON object a line, is called .jsonl"])
        }
        if exampleCount ?? 0 > 0, examples == nil {
            throw DPPAError(
                .data, "\(place): 'num_fewshot' needs 'examples': a file of questions with answers beside the task")
        }
    }

    private mutating func readGeneration(_ reader: TaskKeys) throws {
        if let value = reader.fields["stop"] {
            guard let values = value.array else { throw reader.refusal("stop", "a list of token ids or texts") }
            for value in values {
                if let text = value.string, !text.isEmpty {
                    stopTexts.append(text)
                } else if let token = value.int.flatMap(Int32.init(exactly:)), token >= 0 {
                    stopTokens.append(token)
                } else {
                    throw reader.refusal("stop", "a list of token ids or texts")
                }
            }
        }
        maximumTokens = try reader.count("max_tokens", from: 1, to: 100_000) ?? maximumTokens
        let delimiter = try reader.text("answer_after", mayBeEmpty: false)
        var shape: AnswerRule.Shape?
        if let word = reader.fields["answer_is"] {
            guard let found = word.string.flatMap({ AnswerRule.shapes[$0] }) else {
                throw reader.refusal("answer_is", "one of \(AnswerRule.shapes.keys.sorted().joined(separator: ", "))")
            }
            shape = found
        }
        if let pattern = try reader.text("answer_pattern", mayBeEmpty: false) {
            guard shape == nil else {
                throw DPPAError(.data, "\(reader.place): 'answer_is' and 'answer_pattern' exclude each other")
            }
            do {
                shape = .pattern(try TextPattern(pattern, of: "'answer_pattern'"))
            } catch var error as DPPAError {
                error.message = "\(reader.place): \(error.message)"
                throw error
            }
        }
        rule = AnswerRule(delimiter: delimiter, shape: shape)
    }

    /// Throws when something is said that this kind of task has no use for.
    func requireUse(_ metric: EvaluationTask.Metric, isText: Bool, place: String) throws {
        let isDocument = EvaluationTask.Metric.perplexities.contains(metric)
        for key in given {
            let reason: String? =
                if Self.ofGeneration.contains(key), metric != .generate {
                    "is for generate; the metric is \(metric.rawValue)"
                } else if Self.ofPrompts.contains(key), isDocument {
                    "is for questions; the metric \(metric.rawValue) is of documents"
                } else if Self.ofDocuments.contains(key), !isDocument {
                    "is for documents; the metric is \(metric.rawValue)"
                } else if !isText, Self.ofPrompts.contains(key) || Self.ofDocuments.contains(key) {
                    "is for texts; the questions are token ids"
                } else if key == "target_delimiter", metric == .generate, examples == nil {
                    "is for what is scored or shown in examples; answers are generated and there are no examples"
                } else if key == "fewshot_delimiter", examples == nil {
                    "stands behind examples, and there are none"
                } else if key == "fewshot_delimiter" || key == "target_delimiter" && metric == .generate, isChat {
                    "has no place in a chat: examples are turns of their own"
                } else {
                    nil
                }
            if let reason { throw DPPAError(.data, "\(place): '\(key)' \(reason)") }
        }
        if metric.needsText, !isText {
            throw DPPAError(.data, "\(place): \(metric.rawValue) is of texts; the questions are token ids")
        }
    }
}

/// Reads the keys of a declaration.
struct TaskKeys {
    let fields: JSONObject
    let place: String

    init(_ fields: JSONObject, place: String) { (self.fields, self.place) = (fields, place) }

    func refusal(_ key: String, _ what: String) -> DPPAError { DPPAError(.data, "\(place): '\(key)' must be \(what)") }

    func text(_ key: String, mayBeEmpty: Bool = true) throws -> String? {
        guard let value = fields[key] else { return nil }
        guard let text = value.string, mayBeEmpty || !text.isEmpty else { throw refusal(key, "a text") }
        return text
    }

    func flag(_ key: String) throws -> Bool? {
        guard let value = fields[key] else { return nil }
        guard let flag = value.bool else { throw refusal(key, "true or false") }
        return flag
    }

    func count(_ key: String, from low: Int, to high: Int) throws -> Int? {
        guard let value = fields[key] else { return nil }
        guard let count = value.int, (low...high).contains(count) else {
            throw refusal(key, "a whole number from \(low) to \(high)")
        }
        return count
    }
}
