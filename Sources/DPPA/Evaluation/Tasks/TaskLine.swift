import DPPASupport

/// The keys of one question.
struct TaskLine {
    private let fields: JSONObject
    private let place: String
    /// The keys that the task's templates make, where it has some.
    var made: [String]?
    /// The line of the first question, which says what the others are.
    var firstLine: Int?

    /// A line is read as a whole, into many times its size.
    static let sizeLimit = 1 << 24

    init(_ fields: JSONObject, place: String) { (self.fields, self.place) = (fields, place) }

    /// The metric that its keys speak for.
    var metric: EvaluationTask.Metric {
        if fields["choices"] != nil { return .choice }
        if fields["tokens"] != nil || fields["text"] != nil { return .perplexity }
        return fields["target"] != nil ? .exactMatch : .generate
    }

    /// Whether it is of texts.
    func isText(_ metric: EvaluationTask.Metric) -> Bool {
        EvaluationTask.Metric.perplexities.contains(metric) ? fields["tokens"] == nil : fields["prompt"]?.array == nil
    }

    /// The question.
    ///
    /// Throws `data` with the place where a key is missing or has a value that it cannot have.
    func question(
        _ metric: EvaluationTask.Metric, isText: Bool, rule: AnswerRule, number: Int
    ) throws -> Question {
        try isText ? textQuestion(metric, rule, number) : tokenQuestion(metric, number)
    }

    // MARK: Texts

    private func textQuestion(_ metric: EvaluationTask.Metric, _ rule: AnswerRule, _ number: Int) throws -> Question {
        if EvaluationTask.Metric.perplexities.contains(metric) {
            return Question(content: .text(prompt: "", completions: [try text("text")]), line: number)
        }
        let prompt = try text("prompt", mayBeEmpty: true)
        var question = Question(content: .text(prompt: prompt, completions: []), line: number)
        switch metric {
        case .generate:
            guard fields["answer_text"] == nil || fields["target"] == nil else {
                throw DPPAError(.data, "\(place): 'answer_text' and 'target' are both there; one is the right answer")
            }
            let right = try text(fields["target"] == nil ? "answer_text" : "target")
            question.content = .text(prompt: prompt, completions: [right])
            question.answerText = try Self.answer(in: right, rule, place)
        case .exactMatch: question.content = .text(prompt: prompt, completions: [try text("target")])
        default:
            guard let value = fields["choices"] else { throw missing("choices") }
            guard let values = value.array, values.count > 1 else {
                throw refusal("choices", "a list of two or more texts")
            }
            let choices = try values.map { value -> String in
                guard let text = value.string, !text.isEmpty else {
                    throw refusal("choices", "a list of two or more texts that are not empty")
                }
                return text
            }
            question.content = .text(prompt: prompt, completions: choices)
            question.answer = try answer(among: choices)
        }
        return question
    }

    /// The right answer as the rule finds it in what is given for it, or as it stands there.
    private static func answer(in text: String, _ rule: AnswerRule, _ place: String) throws -> String {
        if let found = try rule.answer(in: text) { return found }
        guard case .number = rule.shape, rule.delimiter == nil else { return text }
        throw DPPAError(
            .data,
            "\(place): the right answer '\(text.shown)' has no number, and the last number of a text is its answer",
            notes: ["say where it is: \"answer_is\": \"line\" or \"text\", \"answer_after\", or \"answer_pattern\""])
    }

    /// The index of the right choice: a number, or one of the choices as text.
    private func answer(among choices: [String]) throws -> Int {
        let range = "from 0 to \(choices.count - 1)"
        guard let value = fields["answer"] else { throw missing("answer") }
        if let index = value.int, choices.indices.contains(index) { return index }
        guard let text = value.string else { throw refusal("answer", "the index of a choice, \(range)") }
        let same = choices.indices.filter { choices[$0].utf8.elementsEqual(text.utf8) }
        let index = Int(text).flatMap { choices.indices.contains($0) ? $0 : nil }
        if let index, let other = same.first, index != other {
            throw DPPAError(
                .data, "\(place): 'answer' is '\(text.shown)', which is choice \(other) and the index of another one",
                notes: ["write the index as a number"])
        }
        guard let found = same.first ?? index else {
            throw DPPAError(
                .data,
                "\(place): 'answer' must be the index of a choice, \(range), or one of the choices; it is "
                    + "'\(text.shown)'")
        }
        return found
    }

    private func text(_ key: String, mayBeEmpty: Bool = false) throws -> String {
        guard let value = fields[key] else { throw missing(key) }
        guard let text = value.string else {
            throw refusal(key, "a text", isOther: value.array != nil)
        }
        guard mayBeEmpty || !text.isEmpty else { throw refusal(key, "a text that is not empty") }
        return text
    }

    // MARK: Token ids

    private func tokenQuestion(_ metric: EvaluationTask.Metric, _ number: Int) throws -> Question {
        if EvaluationTask.Metric.perplexities.contains(metric) {
            let document = try tokens("tokens", mayBeEmpty: true)
            guard document.count > 1 else { throw DPPAError(.data, "\(place): a document needs two tokens or more") }
            return Question(
                content: .tokens(prompt: [document[0]], completions: [Array(document.dropFirst())]), line: number)
        }
        let prompt = try tokens("prompt")
        var question = Question(content: .tokens(prompt: prompt, completions: []), line: number)
        switch metric {
        case .generate:
            guard let text = fields["answer_text"]?.string, !text.isEmpty else {
                throw DPPAError(.data, "\(place): 'answer_text' must be the right answer as a text")
            }
            question.answerText = text
        case .exactMatch: question.content = .tokens(prompt: prompt, completions: [try tokens("target")])
        default:
            guard let choices = fields["choices"]?.array, choices.count > 1 else {
                throw refusal("choices", "a list of two or more lists of token ids")
            }
            question.content = .tokens(prompt: prompt, completions: try choices.map { try list($0, "choices") })
            guard let answer = fields["answer"]?.int, choices.indices.contains(answer) else {
                throw refusal("answer", "the index of a choice, from 0 to \(choices.count - 1)")
            }
            question.answer = answer
        }
        return question
    }

    private func tokens(_ key: String, mayBeEmpty: Bool = false) throws -> [Int32] {
        guard let value = fields[key] else { throw missing(key) }
        return try list(value, key, mayBeEmpty: mayBeEmpty)
    }

    private func list(_ value: JSONValue, _ key: String, mayBeEmpty: Bool = false) throws -> [Int32] {
        let refusal = refusal(key, "a list of token ids", isOther: value.string != nil)
        guard let values = value.array, mayBeEmpty || !values.isEmpty else { throw refusal }
        return try values.map {
            guard let token = $0.int.flatMap(Int32.init(exactly:)), token >= 0 else { throw refusal }
            return token
        }
    }

    // MARK: Errors

    /// `isOther` where it is a text among token ids or the other way round.
    private func refusal(_ key: String, _ what: String, isOther: Bool = false) -> DPPAError {
        let first = isOther ? firstLine.map { ", as in the first question (line \($0))" } ?? ", as 'prompt' is" : ""
        return DPPAError(.data, "\(place): '\(key)' must be \(what)\(first)")
    }

    private func missing(_ key: String) -> DPPAError {
        let names = made ?? fields.names
        let note =
            made.map { "the task has templates of \(Phrase.list($0)); '\(key)' is none of them" }
            ?? firstLine.map { "line \($0) says what kind of question all are" }
        return DPPAError(
            .data, "\(place): there is no '\(key)'\(Suggestions.hint(for: key, among: names))",
            notes: [note].compactMap { $0 })
    }
}
