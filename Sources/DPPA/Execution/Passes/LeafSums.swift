import DPPAExpression
import DPPAKernels
import DPPASupport

/// Accumulates the numbers of one state for each tensor: Σx, Σxy, a maximum …, over leaves of 4096 elements and then as a tree.
package struct LeafSums: PassWork {
    package var op: Accumulation
    package var x: NodeID
    package var y: NodeID?

    package var operands: [NodeID] { [x, y].compactMap(\.self) }
    package var isDivisible: Bool { true }
    package func words(_ graph: Graph) -> String { "\(op) of \(graph.formula(x, depth: 4))" }

    package func join(_ pass: inout TensorPass) throws {
        guard pass.graph.selects(x, pass.tensor), pass.facts.numel > 0 else { return }
        let slots = try operands.map { try pass.elements($0) }
        let (sink, tensor) = (LeafSumSink(op, try pass.leaves(op)), pass.tensor)
        pass.attach(sink, slots)
        pass.afterwards { $0.store.set(self, tensor.index, sink.numbers) }
    }
}

/// Leaf sums of a register, or of the products of two.
final class LeafSumSink: DivisibleSink, @unchecked Sendable {
    private let op: Accumulation
    private let leaves: Buffer<Double>
    var slots: [Slot] = []

    init(_ op: Accumulation, _ leaves: Buffer<Double>) {
        self.op = op
        self.leaves = leaves
    }

    var bytes: Int { leaves.count * 8 }
    /// The numbers of the tensor, when the pass is over.
    var numbers: [Double] { op.combine(leaves.pointer, leafCount: leaves.count / op.width) }
    /// The only number of what has one.
    var total: Double { numbers[0] }

    func open(_ chunk: OpenChunk) -> any TileCursor {
        let first = chunk.chunk.leaves.lowerBound / LeafAccumulator.leafSize
        return Cursor(slots, LeafAccumulator(op, leaves: leaves.pointer + first * op.width))
    }

    func put(_ chunks: [Chunk], into message: inout Message) {
        let (size, width) = (LeafAccumulator.leafSize, op.width)
        let own = chunks.map(\.leaves).filter { !$0.isEmpty }
        let (start, end) = (own.first?.lowerBound ?? 0, own.last?.upperBound ?? 0)
        message.put(leaves, start / size * width..<(end + size - 1) / size * width)
    }

    func add(_ message: inout Message) throws { try message.take(into: leaves) }

    private final class Cursor: TileCursor {
        let slots: [Slot]
        var accumulator: LeafAccumulator

        init(_ slots: [Slot], _ accumulator: LeafAccumulator) {
            self.slots = slots
            self.accumulator = accumulator
        }

        func take(_ tile: Tile) throws {
            let part = tile.range.clamped(to: tile.chunk.leaves)
            guard !part.isEmpty else { return }
            let (x, y) = try tile.factors(slots, at: part.lowerBound)
            accumulator.add(x, y, count: part.count)
        }

        func end() { accumulator.finish() }
    }
}
