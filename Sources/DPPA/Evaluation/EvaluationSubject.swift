import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// A model as the evaluator sees it: its architecture, its tensors, and what it takes to run them.
struct EvaluationSubject {
    let network: Network
    let facts: [String: TensorFacts]
    /// The model that the expression starts from: its config, its tokenizer and its name are those of the result.
    private let start: OpenModel
    /// The type that a tensor would be written in.
    let dtype: (String) -> DType

    init(_ graph: Graph, _ model: NodeID, from start: OpenModel, dtype: @escaping (String) -> DType) throws {
        let tensors = graph.domain(of: model)?.tensors ?? []
        facts = Dictionary(
            tensors.map { (graph.facts($0).name, graph.facts($0)) }, uniquingKeysWith: { first, _ in first })
        network = try Network(start.config, facts, label: start.label)
        self.start = start
        self.dtype = dtype
    }

    var label: String { start.label }

    /// Tokens as text for people, by the model's tokenizer.json; without one, tokens 0–255 are bytes.
    ///
    /// Where the model's rows are other tokens it is that which will be written.
    func tokenText() throws -> TokenText {
        try TokenText(tokenizerPath: start.tokenizerPath, written: start.vocabulary?.texts["tokenizer.json"])
    }

    /// A task as the model's tokens, and the tokenizer, where it takes one.
    func encode(_ task: EvaluationTask, _ encodings: TaskEncodings) throws -> (EncodedTask, TaskTokenizer?) {
        guard task.isText else { return (EncodedTask(tokens: task), nil) }
        return try encodings.encode(task, for: start, positions: network.maximumPositions)
    }

    /// The size of the weights as they would be written, in bytes.
    var bytes: Int { facts.values.reduce(0) { $0 + $1.numel * dtype($1.name).byteSize } }

    /// Whether another model runs through the same pass; `hasTexts` if its tokens have to be the same as well.
    func isLike(_ other: EvaluationSubject, hasTexts: Bool, _ encodings: TaskEncodings) throws -> Bool {
        if hasTexts, try encodings.tokenizer(of: start).digest != encodings.tokenizer(of: other.start).digest {
            return false
        }
        return hasSamePass(as: other)
    }

    private func hasSamePass(as other: EvaluationSubject) -> Bool {
        start.config == other.start.config && facts == other.facts
            && facts.keys.allSatisfy { dtype($0) == other.dtype($0) }
    }

    /// How the memory is shared out.
    struct MemoryShares {
        /// How many models run together.
        var candidates: Int
        /// What the weights may take when all are kept, in bytes.
        var weights: Int
        /// What the activations may take, in bytes.
        var activations: Int
        /// How many tokens go through the model together.
        var tokens: Int
    }

    /// Shares out the memory that a run may use.
    ///
    /// Throws a `limit` error when one weight and one batch do not fit.
    func shares(_ tasks: [EncodedTask], models: Int, _ options: EngineOptions) throws -> MemoryShares {
        let perToken = network.bytesPerToken
        let weight = WeightStream.largestBytes(facts, order: network.order)
        let longest = tasks.lazy.flatMap(\.samples).map(\.most).max() ?? 0
        let batch = (TokenLayout.batchTokens + longest) * perToken
        var budget = MemoryBudget(limit: options.memory)
        try budget.reserve(weight + batch, for: "scoring \(label)")
        let room = budget.free + weight + batch
        let candidates = max(1, min(models, room / 2 / (weight + batch)))
        let all = facts.values.reduce(0) { $0 + $1.numel } * WeightStream.bytesPerWeight * candidates
        let weights = all <= room / 2 ? all : 0
        let activations = (room - max(weights, weight * candidates)) / candidates
        return MemoryShares(
            candidates: candidates, weights: weights, activations: activations,
            tokens: max(1, activations / perToken))
    }

    /// Throws when a text has no tokens, one that the model does not know, or more than it takes.
    func requireFit(_ text: [Int32]) throws {
        guard !text.isEmpty else { throw DPPAError(.data, "a text without tokens has no hidden states") }
        if let token = text.first(where: { !(0..<network.vocabulary).contains(Int($0)) }) {
            throw DPPAError(
                .data, "token \(token) is not in the vocabulary of \(label), which has \(network.vocabulary)")
        }
        if let limit = network.maximumPositions, text.count > limit {
            throw DPPAError(
                .data, "a text of \(text.count) tokens; \(label) takes \(limit) (max_position_embeddings)")
        }
    }

    /// Throws when a task has tokens that the model does not know, or sequences that are too long for it.
    func requireFit(_ task: EncodedTask) throws {
        for sample in task.samples {
            let place = "\(task.task.path):\(sample.question.line)"
            let parts = [sample.prompt] + sample.requests.flatMap { [$0.prompt, $0.completion] }
            for token in parts.joined() where Int(token) >= network.vocabulary {
                throw DPPAError(
                    .data,
                    "\(place): token \(token) is not in the vocabulary of \(label), which has \(network.vocabulary)",
                    notes: [
                        task.task.isText
                            ? "the tokenizer beside the model is another one's"
                            : "the task was made with another tokenizer"
                    ])
            }
            let generated = task.task.metric == .generate ? task.task.declaration.maximumTokens : 0
            let length = sample.longest + generated
            if let limit = network.maximumPositions, length > limit + 1 {
                throw DPPAError(
                    .data,
                    "\(place): \(length) tokens\(generated > 0 ? ", \(generated) of them to be generated" : ""); \(label) takes "
                        + "\(limit) (max_position_embeddings)",
                    notes: [
                        !task.task.isText
                            ? "cut documents into windows when the task is made"
                            : task.task.examples.isEmpty
                                ? "shorten the question" + (generated > 0 ? ", or lower max_tokens" : "")
                                : "take fewer examples (num_fewshot)"
                    ])
            }
        }
    }
}
