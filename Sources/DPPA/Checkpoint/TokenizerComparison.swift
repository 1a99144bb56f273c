/// Ids that stand for other tokens in one tokenizer than in another: rows of one embedding that mean two things.
package struct TokenizerComparison {
    /// How many ids both have, for different tokens.
    package private(set) var count = 0
    /// The lowest of them, with its token in the first model and in the second.
    package private(set) var example: (id: Int, own: String, other: String)?

    /// Compares two tokenizers; where one is missing nothing is known.
    package init(_ own: TokenTable?, _ other: TokenTable?) {
        guard let own, let other, !own.isCopy(of: other) else { return }
        for (id, (a, b)) in zip(own.tokens, other.tokens).enumerated() {
            guard a.count > 0, b.count > 0, a.hash != b.hash else { continue }
            count += 1
            if example == nil { example = (id, own.text(id), other.text(id)) }
        }
    }
}
