import DPPASupport

/// A model's score on a task, with what it said to each question.
public struct TaskResult: Sendable {
    /// The score.
    public var score: Score
    /// What was said, in the order of the questions.
    public var items: [ItemResult]

    /// A score with what is known of the answers.
    public init(score: Score, items: [ItemResult]) { (self.score, self.items) = (score, items) }
}

/// What a model has said to one question.
public struct ItemResult: Sendable {
    /// Its line in the file, from 1.
    public var line: Int
    /// The question, without examples and template.
    public var prompt: String
    /// What the model says: the choice that it takes, what it would have said in place of the target, or what it generated.
    public var said: String?
    /// The answer that was found in what was generated.
    public var found: String?
    /// What was right.
    public var right: String?
    /// Whether it was right; nil for a document.
    public var isRight: Bool?
    /// The choices; empty where there are none.
    public var choices: [String]
    /// Σ ln p of the target, of each choice, or of the document.
    public var logLikelihoods: [Double]
    /// How many tokens were judged.
    public var tokens: Int

    /// The same as JSON; what there is not is left out.
    package var json: JSONValue {
        var fields: JSONObject = ["line": .integer(line), "prompt": .string(prompt)]
        if let said { fields.set("said", .string(said)) }
        if let found { fields.set("found", .string(found)) }
        if let right { fields.set("right", .string(right)) }
        if let isRight { fields.set("is_right", .bool(isRight)) }
        if !choices.isEmpty { fields.set("choices", JSONValue(choices)) }
        if !logLikelihoods.isEmpty {
            fields.set("log_likelihoods", .array(logLikelihoods.map(JSONValue.double)))
            fields.set("tokens", .integer(tokens))
        }
        return .object(fields)
    }
}

extension Judge {
    /// What was said to each question, in words; `text` gives those of tokens.
    func items(_ verdicts: [Verdict], _ text: ([Int32]) -> String) -> [ItemResult] {
        zip(task.samples, verdicts).map { sample, verdict in
            let question = sample.question
            let (prompt, completions): (String, [String]) =
                switch question.content {
                case .text(let prompt, let completions): (prompt, completions)
                case .tokens(let prompt, let completions): (text(prompt), completions.map(text))
                }
            var item = ItemResult(
                line: question.line, prompt: prompt, choices: [], logLikelihoods: verdict.logLikelihoods,
                tokens: sample.requests.reduce(0) { $0 + $1.completion.count })
            switch task.task.metric {
            case .exactMatch:
                (item.said, item.right, item.isRight) = (text(verdict.greedy), completions[0], verdict.isMatch)
            case .generate:
                (item.said, item.found) = (verdict.generated, verdict.found)
                (item.right, item.isRight) = (question.answerText, verdict.isMatch)
            case .choice, .choicePerCharacter, .choiceNormalized:
                let chosen = Self.chosen(sample, verdict, by: task.task.metric)
                item.choices = completions
                (item.said, item.right) = (completions[chosen], completions[question.answer])
                item.isRight = chosen == question.answer
            case .perplexity, .bytePerplexity, .wordPerplexity:
                item.prompt = prompt + completions[0]
                item.logLikelihoods = [verdict.logLikelihoods.reduce(0, +)]
            }
            return item
        }
    }
}
