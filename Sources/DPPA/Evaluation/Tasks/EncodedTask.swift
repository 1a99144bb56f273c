import DPPASupport

/// A task as the tokens of one model.
struct EncodedTask: Sendable {
    /// Tokens, and those behind them that are judged.
    struct Request: Sendable {
        var prompt: [Int32]
        var completion: [Int32]
    }

    /// A question with what is asked of the model for it.
    struct Sample: Sendable {
        var question: Question
        /// The target, each choice, or each window of a document; none where text is generated.
        var requests: [Request] = []
        /// What text is generated behind.
        var prompt: [Int32] = []

        /// Whether all requests go on from one prompt, which then goes through the model once.
        var sharesPrompt: Bool {
            requests.count > 1 && requests[0].prompt.count > 0
                && requests.allSatisfy { $0.prompt == requests[0].prompt }
        }

        /// What goes through the model for it.
        var sequences: [TokenSequence] {
            if sharesPrompt { return [TokenSequence(requests[0].prompt, continuations: requests.map(\.completion))] }
            return requests.map { request in
                let tokens = request.prompt + request.completion.dropLast()
                return TokenSequence(
                    tokens: tokens, wanted: tokens.count - request.completion.count..<tokens.count,
                    targets: request.completion)
            }
        }

        /// The most tokens that go through the model together.
        var most: Int {
            guard sharesPrompt else { return longest }
            return requests.reduce(requests[0].prompt.count) { $0 + $1.completion.count }
        }

        /// The most tokens that the model sees at once, without those that it generates.
        var longest: Int { requests.reduce(prompt.count) { max($0, $1.prompt.count + $1.completion.count) } }
    }

    let task: EvaluationTask
    let samples: [Sample]
    /// The tokens that end a generated text.
    let stops: Set<Int32>

    /// Token ids as they stand in the file.
    init(tokens task: EvaluationTask) {
        self.task = task
        stops = Set(task.declaration.stopTokens)
        samples = task.questions.map { question in
            guard case .tokens(let prompt, let completions) = question.content else {
                return Sample(question: question)
            }
            return Sample(
                question: question, requests: completions.map { Request(prompt: prompt, completion: $0) },
                prompt: completions.isEmpty ? prompt : [])
        }
    }

    /// Texts with a model's tokenizer; `positions` are how many tokens the model takes at once, nil for any number.
    ///
    /// Throws `data` with the line of what cannot be encoded.
    init(texts task: EvaluationTask, _ tokenizer: TaskTokenizer, positions: Int?) throws {
        let encoding = TextEncoding(task, tokenizer, positions: positions)
        self.task = task
        stops = Set(task.declaration.stopTokens).union(tokenizer.ends)
        samples = try task.questions.map { question in
            do { return try encoding.sample(question) } catch var error as DPPAError {
                if !error.message.hasPrefix(task.path) {
                    error.message = "\(task.path):\(question.line): \(error.message)"
                }
                throw error
            }
        }
    }

    /// How many predictions the task wants.
    var positionCount: Int { samples.reduce(0) { $0 + $1.requests.reduce(0) { $0 + $1.completion.count } } }

    /// The sequences that decide the metric in one pass; empty for generation.
    var sequences: [TokenSequence] {
        var sequences = samples.flatMap(\.sequences)
        if !sequences.isEmpty { sequences[0].isFirst = true }
        return sequences
    }
}
