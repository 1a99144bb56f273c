import DPPASupport

/// The tensors of a model with a row for each token of its vocabulary.
struct VocabularyTensors {
    /// The embedding.
    let embedding: TensorFacts
    /// Embedding, head, their copies, and biases of the head.
    let all: [TensorFacts]
    private let model: OpenModel
    private let tied: TiedHead

    /// The number of rows.
    var rows: Int { embedding.shape[0] }

    private static let biases = ["lm_head.bias", "embed_out.bias", "predictions.bias", "predictions.decoder.bias"]

    /// Finds them by their names and shapes.
    ///
    /// Throws `data` when the model has no embedding.
    init(_ model: OpenModel) throws {
        let tied = TiedHead(model)
        guard let embedding = tied.embedding else {
            throw DPPAError(
                .data, "\(model.title) has no embedding, whose rows would be its tokens",
                notes: ["open it without `vocabulary`, or name a model that has one"])
        }
        (self.model, self.tied, self.embedding) = (model, tied, embedding)
        all = model.weights.filter { facts in
            guard facts.shape.first == embedding.shape[0] else { return false }
            return facts.shape.count == 2
                ? TiedHead.isVocabulary(facts)
                : facts.shape.count == 1 && Self.biases.contains { facts.name.hasSuffix($0) }
        }
    }

    /// What this model has where another one has a tensor: the same, or what its own is tied to; nil where nothing is, or rows
    /// have other lengths.
    func source(_ facts: TensorFacts, of other: VocabularyTensors) -> (any TensorSource)? {
        let core = NameMatching.core(facts.name)
        let isHead = facts.name == other.tied.head?.name
        let own: TensorFacts?
        if facts.name == other.embedding.name {
            own = embedding
        } else if isHead, let head = tied.head {
            own = head
        } else if let same = all.first(where: { NameMatching.core($0.name) == core }) {
            own = same
        } else if facts.shape.count == 2 {
            own = isHead && !tied.isTied ? nil : embedding
        } else {
            own = nil
        }
        guard let own, own.shape.dropFirst() == facts.shape.dropFirst() else { return nil }
        return model.source(own.name)
    }
}
