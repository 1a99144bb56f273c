import DPPASupport

/// The embedding of a model's vocabulary and its head, which may be one tensor.
///
/// A head that is stored is the head, whatever config.json says of ties: readers take it where it differs from the embedding.
/// One that is not stored is the embedding, unless config.json says that they are two.
package struct TiedHead {
    /// The matrix with a row for each token that the model begins with.
    package let embedding: TensorFacts?
    /// The matrix with a row for each token that it ends with, where one is stored.
    package let head: TensorFacts?
    /// What config.json says; nil where it says nothing, which readers take for true.
    package let declared: Bool?

    /// The key of config.json.
    package static let key = "tie_word_embeddings"

    private static let embeddings = [
        "embed_tokens", "wte", "word_embeddings", "embed_in", "tok_embeddings", "shared", "embeddings",
    ]
    private static let heads = ["lm_head", "embed_out"]

    /// What names, shapes and config.json tell.
    package init(_ model: OpenModel) {
        let facts = model.weights.filter { $0.shape.count == 2 }
        let head = facts.first { Self.heads.contains(Self.leaf($0)) && $0.name.hasSuffix(".weight") }
        self.head = head
        let candidates = facts.filter { $0.role == "embedding" && (head == nil || $0.shape[1] == head?.shape[1]) }
        embedding =
            Self.embeddings.lazy.compactMap { word in
                candidates.filter { Self.leaf($0) == word }.min { $0.name.utf8.count < $1.name.utf8.count }
            }.first
        declared = model.config.flatMap(ConfigText.object).flatMap(Self.declared)
    }

    /// What the object of a config.json says.
    package static func declared(_ config: JSONObject) -> Bool? {
        let places = [config[key]] + ["text_config", "language_config"].map { config[$0]?[key] }
        let flags = places.compactMap { $0?.bool }
        return flags.isEmpty ? nil : flags.contains(true)
    }

    /// Whether the head that is not stored is the embedding.
    package var isTied: Bool { head == nil && embedding != nil && declared != false }

    /// Whether the head is stored and says what the embedding says.
    ///
    /// Reads both where config.json does not say that they are two.
    func isCopy(in model: OpenModel) throws -> Bool {
        guard declared != false, let head = head.flatMap({ model.source($0.name) }),
            let embedding = embedding.flatMap({ model.source($0.name) })
        else { return false }
        return try head.hasBytes(of: embedding)
    }

    /// What another model's head is called beside an embedding.
    static func name(beside embedding: TensorFacts, like other: TiedHead) -> String {
        let head = other.head?.name ?? "lm_head.weight"
        guard let theirs = other.embedding?.name, embedding.name.hasSuffix(theirs) else { return head }
        return embedding.name.dropLast(theirs.count) + head
    }

    /// Whether a matrix is called as embeddings of vocabularies and heads are.
    static func isVocabulary(_ facts: TensorFacts) -> Bool {
        let leaf = leaf(facts)
        return embeddings.contains(leaf) || heads.contains(leaf) || leaf == "embed_tokens_per_layer"
    }

    private static func leaf(_ facts: TensorFacts) -> String {
        String(facts.module.split(separator: ".").last ?? "")
    }
}
