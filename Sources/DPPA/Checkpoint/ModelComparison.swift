import DPPASupport

/// What config.json and tokenizer of one model say otherwise than those of the model with whose weights its own are to be
/// combined, in sentences.
public struct ModelComparison: Sendable {
    /// The differences that matter, those for which weights of the one mean nothing in the other first.
    public private(set) var differences: [String] = []
    /// How many of these are such.
    public private(set) var refused = 0
    /// Further keys of config.json that differ.
    public private(set) var others: String?
    /// Ids that stand for other tokens.
    public private(set) var tokens: String?
    /// Tokens that only the model has, and tokens that it lacks.
    public private(set) var more, lacking: String?

    /// Compares two models by their small files; where one is missing nothing is known.
    public init(_ own: OpenModel, _ other: OpenModel) {
        let comparison = ConfigComparison(own.config, other.config)
        differences = comparison.differences.map { difference in
            "\(own.label): \(difference.key) is \(difference.own.shown), in \(other.label) \(difference.other.shown): "
                + difference.meaning
        }
        refused = comparison.differences.count(where: \.isRefused)
        if !comparison.others.isEmpty {
            others =
                "\(own.label): further keys of config.json differ from \(other.label)'s: "
                + Phrase.list(comparison.others.map(\.shown), limit: 8)
        }
        let tokenizers = TokenizerComparison(TokenTable(own), TokenTable(other))
        func list(_ texts: [String], _ count: Int) -> String {
            let shown = texts.map { "'\($0.shown)'" }.joined(separator: ", ")
            return count > texts.count ? shown + " and \(count - texts.count) more" : shown
        }
        if let example = tokenizers.example {
            tokens =
                "\(own.label): \(Phrase.counted(tokenizers.count, "id")) of its tokenizer "
                + (tokenizers.count == 1 ? "stands" : "stand")
                + " for other tokens than in \(other.label): \(example.id) is "
                + "'\(example.own.shown)' and '\(example.other.shown)'"
        }
        if tokenizers.moreCount > 0 {
            more =
                "\(own.label) has \(tokenizers.moreCount) more \(tokenizers.moreCount == 1 ? "token" : "tokens") than "
                + "\(other.label): \(list(tokenizers.more, tokenizers.moreCount))"
        }
        if tokenizers.lackingCount > 0 {
            lacking =
                "\(own.label) lacks \(Phrase.counted(tokenizers.lackingCount, "token")) of \(other.label): "
                + list(tokenizers.lacking, tokenizers.lackingCount)
        }
    }
}
