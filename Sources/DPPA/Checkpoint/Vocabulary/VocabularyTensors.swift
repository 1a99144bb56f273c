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
        if facts.name == other.tied.head?.name { return headSource(like: facts) }
        let core = NameMatching.core(facts.name)
        let same = facts.name == other.embedding.name ? embedding : all.first { NameMatching.core($0.name) == core }
        return source(same ?? (facts.shape.count == 2 ? embedding : nil), like: facts)
    }

    /// The head, or the embedding that it is tied to, where its rows are as long as those of another one.
    func headSource(like facts: TensorFacts) -> (any TensorSource)? {
        source(tied.head ?? (tied.isTied ? embedding : nil), like: facts)
    }

    private func source(_ own: TensorFacts?, like facts: TensorFacts) -> (any TensorSource)? {
        guard let own, own.shape.dropFirst() == facts.shape.dropFirst() else { return nil }
        return model.source(own.name)
    }

    /// Whether the head is stored and says something else than the embedding.
    var hasOwnHead: Bool { get throws { try tied.head != nil && !tied.isCopy(in: model) } }

    /// The embedding under the name of a head, of a model that is tied, beside one that is not; nil for another one.
    func head(like other: VocabularyTensors) -> OpenModel.Tensor? {
        guard tied.isTied, let source = model.source(embedding.name) else { return nil }
        let name = TiedHead.name(beside: embedding, like: other.tied)
        return OpenModel.Tensor(facts: TensorNaming.facts([(name, embedding.shape)])[0], source: source)
    }
}
