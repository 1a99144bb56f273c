import DPPAExpression
import DPPAKernels
import DPPASupport

/// Accumulates the numbers of one state for each column of each tensor.
package struct ColumnSums: PassWork {
    package var op: Accumulation
    package var x: NodeID
    package var y: NodeID?

    package var operands: [NodeID] { [x, y].compactMap(\.self) }
    package var isDivisible: Bool { true }
    package func words(_ graph: Graph) -> String { "\(op) by column of \(graph.formula(x, depth: 4))" }

    package func join(_ pass: inout TensorPass) throws {
        guard pass.graph.selects(x, pass.tensor) else { return }
        let (facts, tensor) = (pass.facts, pass.tensor)
        let rowsPerLeaf = ColumnAccumulator.rowsPerLeaf(rowCount: facts.rowCount)
        let leafCount = facts.numel == 0 ? 0 : (facts.rowCount + rowsPerLeaf - 1) / rowsPerLeaf
        // Even no row at all has a result for every column.
        let leaves: Buffer<Double> = try pass.room(max(1, leafCount) * facts.rowLength * op.width)
        let sink = ColumnSumSink(op, leaves, rowLength: facts.rowLength, rowsPerLeaf: rowsPerLeaf)
        if facts.numel > 0 { pass.attach(sink, try operands.map { try pass.elements($0) }) }
        pass.afterwards { $0.store.set(self, tensor.index, sink.numbers(leafCount)) }
    }
}

/// Column leaves of a register, or of the products of two.
private final class ColumnSumSink: DivisibleSink, @unchecked Sendable {
    private let op: Accumulation
    private let leaves: Buffer<Double>
    private let rowLength: Int
    let rowGranularity: Int
    var slots: [Slot] = []

    init(_ op: Accumulation, _ leaves: Buffer<Double>, rowLength: Int, rowsPerLeaf: Int) {
        self.op = op
        self.leaves = leaves
        self.rowLength = rowLength
        rowGranularity = rowsPerLeaf
    }

    var bytes: Int { leaves.count * 8 }
    var needsRows: Bool { true }

    /// The columns' numbers, when the pass is over; zeros when there was no leaf.
    func numbers(_ leafCount: Int) -> [Double] {
        op.combineColumns(leaves.pointer, leafCount: leafCount, rowLength: rowLength)
    }

    func open(_ chunk: OpenChunk) -> any TileCursor {
        let first = chunk.chunk.owned.lowerBound / rowLength / rowGranularity * rowLength * op.width
        return Cursor(
            slots,
            ColumnAccumulator(op, rowLength: rowLength, rowsPerLeaf: rowGranularity, leaves: leaves.pointer + first))
    }

    func put(_ chunks: [Chunk], into message: inout Message) {
        let (leaf, width) = (rowLength * rowGranularity, rowLength * op.width)
        let (start, end) = (chunks.first?.owned.lowerBound ?? 0, chunks.last?.owned.upperBound ?? 0)
        message.put(leaves, start / leaf * width..<(end + leaf - 1) / leaf * width)
    }

    func add(_ message: inout Message) throws { try message.take(into: leaves) }

    private final class Cursor: TileCursor {
        let slots: [Slot]
        var accumulator: ColumnAccumulator

        init(_ slots: [Slot], _ accumulator: ColumnAccumulator) {
            self.slots = slots
            self.accumulator = accumulator
        }

        func take(_ tile: Tile) throws {
            let part = tile.owned
            guard !part.isEmpty else { return }
            let (x, y) = try tile.factors(slots, at: part.lowerBound)
            accumulator.add(x, y, rowCount: part.count / tile.task.rowLength)
        }

        func end() { accumulator.finish() }
    }
}
