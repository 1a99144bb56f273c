import DPPAExecution
import DPPASupport

/// A calibration text in parts, of which each is summed up by itself and then added to those before it.
///
/// Parts are whole batches and depend on the text alone, so that sums have the same bits whichever rank has which part.
struct CalibrationParts {
    /// The sequences of each part.
    let sequences: [Range<Int>]
    private let hasProducts: Bool

    /// Cuts a text; products of inputs are large, so that with them parts are fewer.
    init(_ sequences: [TokenSequence], hasProducts: Bool) {
        self.hasProducts = hasProducts
        let batches = TokenLayout(sequences).batches
        let sizes = batches.map(\.tokens.count)
        let (most, smallest) = hasProducts ? (16, 4096) : (64, TokenLayout.batchTokens)
        let count = max(1, min(most, sizes.reduce(0, +) / smallest))
        var (parts, owners): ([Range<Int>], [Int]) = ([], [])
        for (batch, owner) in zip(batches, Deal.ranks(sizes, among: count)) {
            if owners.last == owner {
                parts[parts.count - 1] = parts[parts.count - 1].lowerBound..<batch.sequences.upperBound
            } else {
                parts.append(batch.sequences)
                owners.append(owner)
            }
        }
        self.sequences = parts
    }

    /// Whether there is nothing to be added up.
    var isWhole: Bool { sequences.count <= 1 }

    /// The parts of this rank, which follow one another, in each of the rounds after which sums are exchanged.
    ///
    /// Sums of all parts fit into memory; of products each rank has those of one part at a time.
    func rounds(of ranks: Ranks) -> [Range<Int>] {
        let (rank, count) = (ranks.rank, ranks.size)
        let size = hasProducts && count > 1 ? count : sequences.count
        return stride(from: 0, to: sequences.count, by: max(1, size)).map { first in
            let round = first..<min(sequences.count, first + size)
            let own = zip(round, Deal.ranks(round.map { _ in 1 }, among: count)).compactMap { $1 == rank ? $0 : nil }
            return (own.first ?? first)..<((own.last ?? first - 1) + 1)
        }
    }

    /// The sequences of consecutive parts.
    func sequences(of parts: Range<Int>) -> Range<Int> {
        guard let first = parts.first, let last = parts.last else { return 0..<0 }
        return sequences[first].lowerBound..<sequences[last].upperBound
    }

    /// The part that has a sequence.
    func part(of sequence: Int) -> Int { sequences.firstIndex { $0.contains(sequence) } ?? 0 }
}
