/// A sequence of tokens, with the positions whose prediction of the next token is wanted.
///
/// It may end in several branches, of which each goes on from what is before the first of them as if it were alone: what they
/// have in common is computed once.
package struct TokenSequence: Sendable {
    package private(set) var tokens: [Int32]
    /// Where each branch lies, one behind the other up to the end; none in a plain sequence.
    var branches: [Range<Int>] = []
    /// Places of `tokens`, in the order of the predictions; one may be wanted more than once.
    var wanted: [Int]
    /// The tokens that should follow those places.
    var targets: [Int32]
    /// Whether a batch begins here, as it does with each task.
    var isFirst = false

    /// A sequence; `targets` holds one token for each wanted position.
    package init(tokens: [Int32], wanted: Range<Int>, targets: [Int32]) {
        self.tokens = tokens
        self.wanted = Array(wanted)
        self.targets = targets
    }

    /// Continuations of one prompt, which is not empty, each with a prediction of all of its tokens.
    package init(_ prompt: [Int32], continuations: [[Int32]]) {
        (tokens, wanted, targets) = (prompt, [], [])
        for continuation in continuations where !continuation.isEmpty {
            let branch = tokens.count..<tokens.count + continuation.count - 1
            tokens += continuation.dropLast()
            wanted += [prompt.count - 1] + Array(branch)
            targets += continuation
            if !branch.isEmpty { branches.append(branch) }
        }
        // One goes on where the prompt ends.
        if branches.count == 1 { branches = [] }
    }

    /// What is before all branches, then each of them.
    fileprivate var segments: [Range<Int>] { [0..<(branches.first?.lowerBound ?? tokens.count)] + branches }
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

    /// Consecutive tokens of a sequence which see each other as far as they come before, and what is before the branches.
    struct Segment: Sendable {
        var tokens: Range<Int>
        /// The position of its first token in what it sees.
        var position: Int
        var isBranch = false
    }

    /// The first token of each sequence, and the number of all tokens.
    let offsets: [Int]
    /// Of each sequence what is before its branches, then the branches.
    let segments: [[Segment]]
    /// How many tokens each sequence already has in a key and value cache.
    let past: [Int]
    let batches: [Batch]

    var tokenCount: Int { offsets.last ?? 0 }
    var sequenceCount: Int { offsets.count - 1 }

    /// How many positions there are: the most that a token sees, with those in the cache.
    var longest: Int { segments.joined().map { $0.position + $0.tokens.count }.max() ?? 0 }

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
        let past = past ?? [Int](repeating: 0, count: sequences.count)
        (self.offsets, self.past, self.batches) = (offsets, past, batches)
        segments = sequences.enumerated().map { number, sequence in
            let (parts, start) = (sequence.segments, offsets[number])
            return parts.enumerated().map { place, part in
                Segment(
                    tokens: start + part.lowerBound..<start + part.upperBound,
                    position: place == 0 ? past[number] : past[number] + parts[0].count, isBranch: place > 0)
            }
        }
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
