import DPPASupport
import DPPATokenization

/// Makes tokens of questions that are texts, as lm-evaluation-harness does: white space at the end of a prompt goes to what is
/// scored, both are encoded together and cut where the prompt alone ends; long documents go by windows, each token predicted once.
///
/// Source: `_encode_pair`, `get_rolling_token_windows` and `fewshot_context` of lm-evaluation-harness 0.4.13. Other than there,
/// special tokens in a question are text, and the token that begins texts is put in front of documents without being predicted.
struct TextEncoding {
    private let task: EvaluationTask
    private let tokenizer: TaskTokenizer
    private let positions: Int?

    /// The window of a model that does not say how many tokens it takes.
    private static let defaultWindow = 2048

    init(_ task: EvaluationTask, _ tokenizer: TaskTokenizer, positions: Int?) {
        (self.task, self.tokenizer, self.positions) = (task, tokenizer, positions)
    }

    func sample(_ question: Question) throws -> EncodedTask.Sample {
        guard case .text(let prompt, let completions) = question.content else {
            throw DPPAError(.internalFault, "a question of token ids was taken for a text")
        }
        var sample = EncodedTask.Sample(question: question)
        if EvaluationTask.Metric.perplexities.contains(task.metric) {
            sample.requests = try windows(completions[0])
            return sample
        }
        let context = try context(prompt)
        if task.metric == .generate {
            sample.prompt = try withFront(context)
            if sample.prompt.isEmpty { sample.prompt = [try begin()] }
        } else {
            sample.requests = try requests(context, completions.map { delimiter(prompt, $0) + $0 })
        }
        return sample
    }

    // MARK: Prompts

    /// What stands between a prompt and what follows it.
    private func delimiter(_ prompt: String, _ completion: String) -> String {
        if task.declaration.isChat { return task.declaration.targetDelimiter ?? "" }
        let touches =
            prompt.unicodeScalars.last?.isPythonSpace ?? false
            || completion.unicodeScalars.first?.isPythonSpace ?? false
        return task.declaration.targetDelimiter ?? (touches ? "" : " ")
    }

    /// The whole prompt: description, examples and the question; in a chat, as its turns.
    private func context(_ prompt: String) throws -> TemplateText {
        let declaration = task.declaration
        let examples = task.examples.compactMap { example -> (prompt: String, solution: String)? in
            guard case .text(let prompt, _) = example.content else { return nil }
            return (prompt, example.solution)
        }
        guard declaration.isChat else {
            let shown = examples.map {
                $0.prompt + delimiter($0.prompt, $0.solution) + $0.solution + declaration.exampleDelimiter
            }
            return TemplateText(declaration.description + shown.joined() + prompt, isGiven: true)
        }
        let system = declaration.description
        var turns = system.isEmpty ? [] : [ChatTemplate.Turn(role: "system", content: system)]
        for example in examples {
            turns.append(.init(role: "user", content: example.prompt))
            turns.append(.init(role: "assistant", content: example.solution))
        }
        return try tokenizer.chat().text(turns + [.init(role: "user", content: prompt)])
    }

    // MARK: Tokens

    /// The tokens of a text with those in front that the tokenizer puts there, unless the text has them already.
    private func withFront(_ text: TemplateText) throws -> [Int32] {
        let tokens = try tokenizer.encode(text)
        return tokens.starts(with: tokenizer.front) ? tokens : tokenizer.front + tokens
    }

    /// The token that a text begins with where nothing stands before it.
    private func begin() throws -> Int32 {
        guard let token = tokenizer.prefix else {
            throw DPPAError(
                .data,
                "the tokenizer names no token that begins or ends a text, and something must stand before the first one",
                notes: ["looked for bos_token and eos_token in tokenizer_config.json"])
        }
        return token
    }

    private func requests(_ context: TemplateText, _ completions: [String]) throws -> [EncodedTask.Request] {
        let kept = context.trimmed(left: false) { $0.isPythonSpace }
        let moved = String(context.string.unicodeScalars.dropFirst(kept.string.unicodeScalars.count))
        let prompt = kept.isEmpty ? [] : try withFront(kept)
        return try completions.map { completion in
            let rest = TemplateText(moved + completion, isGiven: true)
            guard !kept.isEmpty else { return try request(try tokenizer.encode(rest)) }
            var whole = kept
            whole.append(rest)
            let tokens = try withFront(whole)
            guard tokens.count > prompt.count else {
                throw DPPAError(
                    .data, "'\(completion.shown)' adds no token to the prompt",
                    notes: ["with this tokenizer its beginning becomes part of the prompt's last token"])
            }
            return EncodedTask.Request(prompt: prompt, completion: Array(tokens[prompt.count...]))
        }
    }

    /// Tokens behind nothing.
    private func request(_ tokens: [Int32]) throws -> EncodedTask.Request {
        guard !tokens.isEmpty else { throw DPPAError(.data, "the text has no tokens") }
        let begin = try begin()
        guard tokens.first == begin, tokens.count > 1 else {
            return EncodedTask.Request(prompt: [begin], completion: tokens)
        }
        return EncodedTask.Request(prompt: [begin], completion: Array(tokens.dropFirst()))
    }

    /// The windows of a document: the first predicts as many tokens as the model takes, each later one the next so many with as
    /// many as fit before them.
    private func windows(_ document: String) throws -> [EncodedTask.Request] {
        if let window = task.declaration.window, let positions, window > positions {
            throw DPPAError(
                .data, "'window' is \(window), and the model takes \(positions) tokens (max_position_embeddings)")
        }
        let size = task.declaration.window ?? positions ?? Self.defaultWindow
        let tokens = try tokenizer.encode(TemplateText(document, isGiven: true))
        guard !tokens.isEmpty else { throw DPPAError(.data, "the text has no tokens") }
        let first = min(size, tokens.count)
        var windows = [EncodedTask.Request(prompt: [try begin()], completion: Array(tokens[..<first]))]
        var done = first
        while done < tokens.count {
            let end = min(done + size, tokens.count)
            windows.append(
                EncodedTask.Request(prompt: Array(tokens[end - size - 1..<done]), completion: Array(tokens[done..<end]))
            )
            done = end
        }
        return windows
    }
}
