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

    /// The model's tokenizer.json, if there is one.
    var tokenizer: String? { start.tokenizerPath }

    /// What that will be where the model's rows are other tokens.
    var writtenTokenizer: String? { start.vocabulary?.texts["tokenizer.json"] }

    /// The size of the weights as they would be written, in bytes.
    var bytes: Int { facts.values.reduce(0) { $0 + $1.numel * dtype($1.name).byteSize } }

    /// Whether another model runs through the same pass.
    func isLike(_ other: EvaluationSubject) -> Bool {
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
    func shares(_ tasks: [EvaluationTask], models: Int, _ options: EngineOptions) throws -> MemoryShares {
        let perToken = network.bytesPerToken
        let weight = WeightStream.largestBytes(facts, order: network.order)
        let longest =
            tasks.flatMap(\.samples).map { sample in
                sample.prompt.count + (sample.completions.map(\.count).max() ?? 0)
            }.max() ?? 0
        let batch = (TokenLayout.batchTokens + longest) * perToken
        var budget = MemoryBudget(limit: options.memory)
        try budget.reserve(weight + batch, for: "scoring \(label)")
        let room = budget.free + weight + batch
        let candidates = max(1, min(models, room / 2 / (weight + batch)))
        let all = facts.values.reduce(0) { $0 + $1.numel } * 4 * candidates
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
    func requireFit(_ task: EvaluationTask) throws {
        for sample in task.samples {
            let place = "\(task.path):\(sample.line)"
            for token in sample.prompt + sample.completions.joined() where Int(token) >= network.vocabulary {
                throw DPPAError(
                    .data,
                    "\(place): token \(token) is not in the vocabulary of \(label), which has \(network.vocabulary)",
                    notes: ["the task was made with another tokenizer"])
            }
            let length = sample.prompt.count + (sample.completions.map(\.count).max() ?? task.generation.maximumTokens)
            if let limit = network.maximumPositions, length > limit + 1 {
                throw DPPAError(
                    .data, "\(place): \(length) tokens; \(label) takes \(limit) (max_position_embeddings)",
                    notes: ["cut documents into windows when the task is made"])
            }
        }
    }
}
