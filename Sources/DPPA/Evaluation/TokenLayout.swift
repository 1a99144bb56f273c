/// A sequence of tokens, with the positions whose prediction of the next token is wanted.
package struct TokenSequence: Sendable {
    var tokens: [Int32]
    /// Positions of `tokens`.
    var wanted: Range<Int>
    /// The tokens that should follow those positions.
    var targets: [Int32]
    /// Whether it is the first of its task: a batch begins here.
    var isFirst = false

    /// A sequence; `targets` holds one token for each wanted position.
    package init(tokens: [Int32], wanted: Range<Int>, targets: [Int32]) {
        self.tokens = tokens
        self.wanted = wanted
        self.targets = targets
    }
}

/// Sequences laid end to end, cut into batches.
///
/// A batch is what one matrix product works on. Batches depend on the sequences alone, never on memory or threads, so that
/// neither do scores.
struct TokenLayout: Sendable {
    /// Consecutive sequences.
    struct Batch: Sendable {
        var sequences: Range<Int>
        var tokens: Range<Int>
    }

    /// The first token of each sequence, and the number of all tokens.
    let offsets: [Int]
    /// How many tokens each sequence already has in a key and value cache.
    let past: [Int]
    let batches: [Batch]

    var tokenCount: Int { offsets.last ?? 0 }
    var sequenceCount: Int { offsets.count - 1 }

    /// The tokens of the longest sequence, with those in the cache.
    var longest: Int {
        (0..<sequenceCount).map { offsets[$0 + 1] - offsets[$0] + past[$0] }.max() ?? 0
    }

    /// About how many tokens a batch has.
    static let batchTokens = 256

    /// A layout of sequences; `past` says how many tokens each has in a cache.
    init(_ sequences: [TokenSequence], past: [Int]? = nil) {
        var offsets = [0]
        for sequence in sequences { offsets.append((offsets.last ?? 0) + sequence.tokens.count) }
        var batches: [Batch] = []
        var first = 0
        for next in 1..<sequences.count + 1 {
            let isFull = offsets[next] - offsets[first] >= Self.batchTokens
            guard isFull || next == sequences.count || sequences[next].isFirst else { continue }
            batches.append(Batch(sequences: first..<next, tokens: offsets[first]..<offsets[next]))
            first = next
        }
        self.offsets = offsets
        self.past = past ?? [Int](repeating: 0, count: sequences.count)
        self.batches = batches
    }

    /// The sequence lists that go through the model together: whole batches, at most `limit` tokens if a batch allows it.
    static func waves(_ sequences: [TokenSequence], limit: Int) -> [Range<Int>] {
        let layout = TokenLayout(sequences)
        var waves: [Range<Int>] = []
        var tokens = 0
        for batch in layout.batches {
            if let last = waves.last, tokens + batch.tokens.count <= limit {
                waves[waves.count - 1] = last.lowerBound..<batch.sequences.upperBound
                tokens += batch.tokens.count
            } else {
                waves.append(batch.sequences)
                tokens = batch.tokens.count
            }
        }
        return waves
    }
}
