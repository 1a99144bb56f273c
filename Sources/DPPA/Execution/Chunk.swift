import DPPACheckpoint
import DPPAKernels

/// A piece of a tensor that one thread takes at a time, with what it answers for.
struct Chunk: Sendable {
    /// The elements that are evaluated: whole rows when the program needs them.
    var evaluated: Range<Int>
    /// The elements whose outputs, rows and order belong to this chunk.
    var owned: Range<Int>
    /// The elements whose leaf sums belong to this chunk; it starts at a leaf boundary.
    var leaves: Range<Int>

    /// The part of it that lies in some elements, whole rows, for outputs alone; nil if there is none.
    func clamped(to elements: Range<Int>) -> Chunk? {
        let owned = owned.clamped(to: elements)
        guard !owned.isEmpty else { return nil }
        return Chunk(evaluated: owned, owned: owned, leaves: owned.lowerBound..<owned.lowerBound)
    }

    /// The chunks of a tensor.
    ///
    /// Without rows a chunk is some leaves. With rows it is some rows; the leaves that begin in them are its own, and the
    /// rows that the last of these reaches into are evaluated twice, so that sums do not depend on where chunks end.
    static func all(of facts: TensorFacts, elements: Int, needsRows: Bool, rowGranularity: Int) -> [Chunk] {
        let (count, leaf) = (facts.numel, LeafAccumulator.leafSize)
        guard count > 0 else { return [] }
        guard needsRows else {
            let size = max(1, elements / leaf) * leaf
            return stride(from: 0, to: count, by: size).map {
                let range = $0..<min(count, $0 + size)
                return Chunk(evaluated: range, owned: range, leaves: range)
            }
        }
        let length = facts.rowLength
        let rows = max(1, elements / length / rowGranularity) * rowGranularity
        return stride(from: 0, to: facts.rowCount, by: rows).map { row in
            let owned = row * length..<min(facts.rowCount, row + rows) * length
            let first = min(count, (owned.lowerBound + leaf - 1) / leaf * leaf)
            let last = min(count, (owned.upperBound + leaf - 1) / leaf * leaf)
            let end = max(owned.upperBound, (last + length - 1) / length * length)
            return Chunk(evaluated: owned.lowerBound..<end, owned: owned, leaves: first..<max(first, last))
        }
    }
}
