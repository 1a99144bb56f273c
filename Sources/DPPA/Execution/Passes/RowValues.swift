import DPPAExpression
import DPPASupport

/// Keeps the row values of a node.
package struct RowValues: PassWork {
    package var x: NodeID

    package var isDivisible: Bool { true }
    package func words(_ graph: Graph) -> String { graph.formula(x, depth: 4) }

    package func join(_ pass: inout TensorPass) throws {
        guard pass.graph.selects(x, pass.tensor) else { return }
        let tensor = pass.tensor
        let values: Buffer<Double> = try pass.room(pass.facts.rowCount)
        values.clear()
        if pass.facts.numel > 0 {
            pass.attach(RowValueSink(values, rowLength: pass.facts.rowLength), [try pass.rows(x)])
        }
        pass.afterwards { $0.store.set(self, tensor.index, values.array()) }
    }
}

/// Takes the numbers of the rows.
final class RowValueSink: DivisibleSink, TileCursor, @unchecked Sendable {
    private let values: Buffer<Double>
    private let rowLength: Int
    var slots: [Slot] = []

    init(_ values: Buffer<Double>, rowLength: Int) { (self.values, self.rowLength) = (values, rowLength) }

    var bytes: Int { values.count * 8 }
    var needsRows: Bool { true }
    func open(_ chunk: OpenChunk) -> any TileCursor { self }

    func put(_ chunks: [Chunk], into message: inout Message) {
        let (start, end) = (chunks.first?.owned.lowerBound ?? 0, chunks.last?.owned.upperBound ?? 0)
        message.put(values, start / rowLength..<end / rowLength)
    }

    func add(_ message: inout Message) throws { try message.take(into: values) }

    func take(_ tile: Tile) throws {
        let (part, length) = (tile.owned, tile.task.rowLength)
        for row in 0..<part.count / length {
            guard let value = tile.machine.value(slots[0], row) else {
                throw DPPAError(.internalFault, "what takes rows of \(tile.task.facts.name) was given \(slots[0])")
            }
            values.pointer[part.lowerBound / length + row] = value
        }
    }
}
