import DPPASupport

/// Questions that a model is scored on, as texts or as token ids.
public struct EvaluationTask: Sendable {
    /// How an answer is judged; the names are those of lm-evaluation-harness where it has the same.
    public enum Metric: String, Sendable, CaseIterable {
        /// The share of questions whose greedy completion is the target, token by token.
        case exactMatch = "exact_match"
        /// The share of questions whose right choice has the largest log-likelihood.
        case choice = "acc"
        /// The same with the log-likelihood divided by the number of the choice's characters.
        case choicePerCharacter = "acc_norm"
        /// The same with the log-likelihood divided by the number of the choice's tokens.
        case choiceNormalized = "choice_normalized"
        /// e to the mean negative log-likelihood of a token; the smaller the better.
        case perplexity
        /// The same of a byte of the text, so that vocabularies compare.
        case bytePerplexity = "byte_perplexity"
        /// The same of a word, words being what white space separates.
        case wordPerplexity = "word_perplexity"
        /// The share of questions whose generated text holds the right answer.
        case generate

        /// Whether a larger score is a better one.
        public var isLargerBetter: Bool { !Self.perplexities.contains(self) }

        /// The metrics of multiple choice.
        static let choices: [Metric] = [.choice, .choicePerCharacter, .choiceNormalized]
        /// The metrics of documents.
        static let perplexities: [Metric] = [.perplexity, .bytePerplexity, .wordPerplexity]

        /// The metric of a name in a task.
        init?(named name: String) {
            // What acc was called before.
            self.init(rawValue: name == "choice" ? "acc" : name)
        }

        /// Whether it needs to know the characters of a text, so that token ids alone do not do.
        var needsText: Bool { [.choicePerCharacter, .bytePerplexity, .wordPerplexity].contains(self) }

        /// What can be told from the same predictions.
        func siblings(ofTexts isText: Bool) -> [Metric] {
            let all = [Self.choices, Self.perplexities].first { $0.contains(self) } ?? [self]
            return all.filter { $0 != self && (isText || !$0.needsText) }
        }
    }

    /// The name in reports: the file's name without its ending.
    public var name: String
    /// How answers are judged.
    public let metric: Metric
    /// The file whose lines error messages name.
    let path: String
    let questions: [Question]
    /// The questions with answers that a prompt begins with.
    let examples: [Question]
    let declaration: TaskDeclaration
    /// A hash of the bytes of all files: two tasks with equal hashes are one.
    let fingerprint: UInt128

    /// The hash in 32 hexadecimal digits.
    package var digest: String { Fingerprint(value: fingerprint).description }
    /// The files that it was read from.
    public let files: [String]

    /// How many questions there are.
    public var count: Int { questions.count }

    /// Whether its questions are texts, for which a model's tokenizer is needed.
    public var isText: Bool { questions.first?.isText ?? false }
}

/// One question, one choice question, or one document, as it stands in a file.
struct Question: Sendable {
    enum Content: Sendable {
        /// A document is its first token as prompt and the rest as completion.
        case tokens(prompt: [Int32], completions: [[Int32]])
        /// A document has an empty prompt.
        case text(prompt: String, completions: [String])
    }

    /// The prompt; and the target, the choices, or the document.
    var content: Content
    /// The index of the right choice.
    var answer = 0
    /// The right answer as text, where one is generated.
    var answerText = ""
    /// Its line in the file, from 1.
    var line: Int

    var isText: Bool { if case .text = content { true } else { false } }

    /// The text that answers it, where it is an example.
    var solution: String {
        guard case .text(_, let completions) = content else { return "" }
        return completions.indices.contains(answer) ? completions[answer] : answerText
    }
}
