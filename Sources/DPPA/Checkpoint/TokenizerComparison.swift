/// What one tokenizer has otherwise than another: ids that stand for other tokens, which are rows of one embedding that mean two
/// things, and tokens that only one of them has.
package struct TokenizerComparison {
    /// How many ids both have, for different tokens.
    package private(set) var count = 0
    /// The lowest of them, with its token in the first model and in the second.
    package private(set) var example: (id: Int, own: String, other: String)?

    /// The first tokens that only the first has, in order of ids, and how many there are.
    package private(set) var more: [String] = []
    package private(set) var moreCount = 0
    /// Those that only the second has.
    package private(set) var lacking: [String] = []
    package private(set) var lackingCount = 0

    /// How many tokens are told by their texts.
    private static let limit = 4

    /// Compares two tokenizers; where one is missing nothing is known.
    package init(_ own: TokenTable?, _ other: TokenTable?) {
        guard let own, let other, !own.isCopy(of: other) else { return }
        // What has one id in both needs no search.
        var (mine, theirs): ([Int], [Int]) = ([], [])
        for id in 0..<max(own.tokens.count, other.tokens.count) {
            let a = id < own.tokens.count ? own.tokens[id] : TokenTable.Token()
            let b = id < other.tokens.count ? other.tokens[id] : TokenTable.Token()
            guard a.count == 0 || b.count == 0 || a.hash != b.hash else { continue }
            if a.count > 0 { mine.append(id) }
            if b.count > 0 { theirs.append(id) }
            guard a.count > 0, b.count > 0 else { continue }
            count += 1
            if example == nil { example = (id, own.text(id), other.text(id)) }
        }
        (more, moreCount) = Self.only(mine, own, lackedBy: other)
        (lacking, lackingCount) = Self.only(theirs, other, lackedBy: own)
    }

    /// Those of some tokens of a table that another one does not have under any id.
    private static func only(
        _ ids: [Int], _ table: TokenTable, lackedBy other: TokenTable
    ) -> (texts: [String], count: Int) {
        guard !ids.isEmpty else { return ([], 0) }
        let known = Set(other.ids.map { other.tokens[$0].hash })
        let found = ids.filter { !known.contains(table.tokens[$0].hash) }
        return (found.prefix(limit).map(table.text), found.count)
    }
}
