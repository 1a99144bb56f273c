import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// Writes an output: encodes the values in its type, counts what rounding leaves, and refuses what is not finite although
/// the inputs are.
package struct OutputWrite: PassWork {
    /// The place of the output among those of the run.
    package var number: Int
    package var x: NodeID

    package var isDivisible: Bool { true }
    package func words(_ graph: Graph) -> String { "write" }
    package func tensors(_ graph: Graph, _ outputs: [Engine.Output]) -> [TensorID] {
        Array(outputs[number].slots.keys)
    }

    package func join(_ pass: inout TensorPass) throws {
        let output = pass.outputs[number]
        guard let slot = output.slots[pass.tensor], pass.facts.numel > 0 else { return }
        let values = try pass.elements(x)
        if let (source, model) = pass.compiler.program.plainSource(values), source.dtype == slot.dtype {
            return pass.copy(TensorCopy(source: source, model: model, output: slot))
        }
        // Behind everything else: a comparison takes only what is read anyway.
        pass.atTheEnd { pass in
            var slot = slot
            if let comparison = output.comparison { try pass.compare(self, comparison, values, &slot) }
            pass.attach(OutputSink(slot), [values])
        }
    }
}

/// What takes the encoded elements of output tensors: a checkpoint on disk, or memory.
protocol OutputDestination: Sendable {
    /// Takes a piece of a tensor, `byteOffset` bytes from its start; called from several threads at once.
    func write(tensor: Int, byteOffset: Int, _ bytes: UnsafeRawBufferPointer) throws
    /// Whether nothing is written to a file.
    var isInMemory: Bool { get }
    /// Tells another rank what of a tensor was written here, when that is on the disk.
    func putDigest(of tensor: Int, into message: inout Message) throws
    /// Takes in what of a tensor another rank has written.
    func addDigest(of tensor: Int, _ message: inout Message) throws
}

extension OutputDestination {
    var isInMemory: Bool { false }
    func putDigest(of tensor: Int, into message: inout Message) throws { throw notShared }
    func addDigest(of tensor: Int, _ message: inout Message) throws { throw notShared }
    private var notShared: DPPAError { DPPAError(.internalFault, "an output that is no file is shared by ranks") }
}

extension CheckpointWriter: OutputDestination {}

/// Where the elements of an output tensor go.
struct OutputSlot: Sendable {
    var destination: any OutputDestination
    var tensor: Int
    var dtype: DType
    /// The flat index of the first element in the destination's tensor.
    var start = 0
    /// The flat indices that are wanted, whole rows; nil for all.
    var elements: Range<Int>?
    /// Where what rounding leaves is counted, if it is.
    var rounding: RoundingCounts?

    /// Tells another rank what was written here, when that is on the disk.
    func putDigest(into message: inout Message) throws { try destination.putDigest(of: tensor, into: &message) }

    /// Takes in what another rank has written.
    func addDigest(_ message: inout Message) throws { try destination.addDigest(of: tensor, &message) }
}

/// An output tensor.
private final class OutputSink: DivisibleSink, @unchecked Sendable {
    private let slot: OutputSlot
    var slots: [Slot] = []

    init(_ slot: OutputSlot) { self.slot = slot }

    var output: OutputSlot? { slot }
    func scratchBytes(_ chunk: Chunk) -> Int { chunk.owned.count * slot.dtype.byteSize }
    func open(_ chunk: OpenChunk) -> any TileCursor { Cursor(slots[0], slot, chunk) }

    func put(_ chunks: [Chunk], into message: inout Message) throws {
        try slot.putDigest(into: &message)
        slot.rounding?.counts.put(into: &message)
        slot.rounding?.watch.put(into: &message)
    }

    func add(_ message: inout Message) throws {
        try slot.addDigest(&message)
        try slot.rounding?.counts.add(&message)
        try slot.rounding?.watch.add(&message)
    }

    /// Collects a chunk's bytes, and writes them together.
    private final class Cursor: TileCursor {
        let values: Slot
        let slot: OutputSlot
        let chunk: OpenChunk

        init(_ values: Slot, _ slot: OutputSlot, _ chunk: OpenChunk) {
            self.values = values
            self.slot = slot
            self.chunk = chunk
        }

        func take(_ tile: Tile) throws {
            let part = tile.owned
            guard !part.isEmpty else { return }
            let x = UnsafePointer(try tile.elements(values, at: part.lowerBound))
            let target = chunk.scratch + (part.lowerBound - chunk.chunk.owned.lowerBound) * slot.dtype.byteSize
            DTypeConversion.encode(x, as: slot.dtype, into: target, count: part.count)
            countRounding(x, target, tile, part)
            guard NonFinite.count(target, slot.dtype, part.count) > 0 else { return }
            var searched = 0
            while let found = NonFinite.first(target, slot.dtype, from: searched, count: part.count) {
                if let failure = try tile.machine.blame(part.lowerBound + found, x[found], slot.dtype, tile) {
                    throw failure
                }
                searched = found + 1
            }
        }

        func end() throws {
            let (owned, size) = (chunk.chunk.owned, slot.dtype.byteSize)
            try slot.destination.write(
                tensor: slot.tensor, byteOffset: (slot.start + owned.lowerBound) * size,
                UnsafeRawBufferPointer(start: chunk.scratch, count: owned.count * size))
        }

        private func countRounding(
            _ x: UnsafePointer<Float>, _ encoded: UnsafeRawPointer, _ tile: Tile, _ part: Range<Int>
        ) {
            guard let rounding = slot.rounding else { return }
            let stored = tile.task.program.sources[rounding.source].dtype
            func found(_ range: Range<Int>) -> SIMD4<Int> {
                let first = range.lowerBound - part.lowerBound
                return DeltaCounts.rounding(
                    x + first, encoded: encoded + first * slot.dtype.byteSize, as: slot.dtype,
                    reference: tile.raw(rounding.source, at: range.lowerBound), storedAs: stored, count: range.count)
            }
            let whole = rounding.watch.isOpen || !rounding.isSampled ? found(part) : nil
            if let whole, rounding.watch.isOpen {
                rounding.watch.take(
                    whole, x, reference: tile.raw(rounding.source, at: part.lowerBound), storedAs: stored,
                    count: part.count)
            }
            if let whole, !rounding.isSampled { return rounding.counts.add(chunk.worker, whole) }
            let (every, size) = (RoundingCounts.every, RoundingCounts.sample)
            for start in stride(from: part.lowerBound / every * every, to: part.upperBound, by: every) {
                let range = (start..<start + size).clamped(to: part)
                if !range.isEmpty { rounding.counts.add(chunk.worker, found(range)) }
            }
        }
    }
}
