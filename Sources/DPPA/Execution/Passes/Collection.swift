import DPPASupport

/// Keeps values in memory: from a place on, each at its flat index, or chunk by chunk.
final class CollectionSink: TileSink, @unchecked Sendable {
    private let values: Buffer<Float>
    private let start: Int
    private let offsets: [Int]?
    var slots: [Slot] = []

    /// `offsets` gives the place of each chunk behind the start.
    init(_ values: Buffer<Float>, at start: Int = 0, offsets: [Int]? = nil) {
        (self.values, self.start, self.offsets) = (values, start, offsets)
    }

    var bytes: Int { values.count * 4 }

    func open(_ chunk: OpenChunk) -> any TileCursor {
        let shift = offsets.map { $0[chunk.number] - chunk.chunk.owned.lowerBound } ?? 0
        return Cursor(slots[0], values.pointer, shift: start + shift)
    }

    private final class Cursor: TileCursor {
        let slot: Slot
        let values: UnsafeMutablePointer<Float>
        /// What is added to a flat index.
        let shift: Int

        init(_ slot: Slot, _ values: UnsafeMutablePointer<Float>, shift: Int) {
            self.slot = slot
            self.values = values
            self.shift = shift
        }

        func take(_ tile: Tile) throws {
            let part = tile.owned
            guard !part.isEmpty else { return }
            (values + (part.lowerBound + shift)).update(
                from: try tile.elements(slot, at: part.lowerBound), count: part.count)
        }
    }
}
