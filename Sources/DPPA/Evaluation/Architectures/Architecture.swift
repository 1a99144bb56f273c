/// What a model of some family computes, by its config.json: sizes, and parts with the names of their tensors.
///
/// `logits = cap(head · norm(block_n … block_1(embedding)))`, each block adding its branches to the residual stream.
struct Architecture {
    /// How tokens become activations.
    struct Embedding: Sendable {
        /// The tensor with a row for each token.
        var tokens: String
        /// What its rows are multiplied with.
        var scale: Float = 1
        /// The tensor with a row for each position, which is added; nil if there is none.
        var positions: ExpectedTensor?
    }

    /// How many tokens there are.
    var vocabulary: Int
    /// The length of a token's activation.
    var width: Int
    /// The most tokens of a sequence; nil if config.json does not say.
    var maximumPositions: Int?
    var embedding: Embedding
    /// The number of blocks.
    var layerCount: Int
    /// The branches of a block, by its number.
    ///
    /// A function, so that no more blocks are made than a model has tensors for, whatever its config.json says.
    var block: (Int) -> [Branch]
    var finalNorm: Norm
    /// The tensor that makes logits where it is not the embedding.
    var head = "lm_head.weight"
    /// Whether the head is the embedding; nil if config.json does not say.
    var isTied: Bool?
    /// The bound c of `cap(x) = c · tanh(x / c)` on logits; nil if they are not bounded.
    var softCap: Float?
    /// How the names end of tensors that need not be read, since they follow from config.json.
    var ignoredEndings: [String] = []
}
