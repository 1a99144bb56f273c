import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// A matrix node on a tensor.
struct MatrixKey: Hashable {
    var node: NodeID
    var tensor: TensorID
}

/// A matrix that is computed, or gathered from an expression, by one thread, before others read it.
final class MatrixValue: @unchecked Sendable {
    /// Its numbers from when it is there to when nothing needs it.
    var matrix: Matrix?
}

/// The matrices that are in memory: those that the programs of a unit's passes load.
final class MatrixValues {
    private var known: [MatrixKey: MatrixValue] = [:]

    subscript(key: MatrixKey) -> MatrixValue? {
        get { known[key] }
        set { known[key] = newValue }
    }

    /// Which there are.
    var keys: Set<MatrixKey> { Set(known.keys) }

    /// What they take.
    var bytes: Int { known.values.reduce(0) { $0 + ($1.matrix?.count ?? 0) * 4 } }

    func removeAll() { known = [:] }

    /// Removes all but some.
    func removeAll(but kept: Set<MatrixKey>) { known = known.filter { kept.contains($0.key) } }
}

/// The elements of a matrix, for programs.
struct MatrixSource: TensorSource {
    let shape: [Int]
    let dtype = DType.f32
    private let value: MatrixValue

    init(_ value: MatrixValue, shape: [Int]) {
        self.value = value
        self.shape = shape
    }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard let matrix = value.matrix, elements.upperBound <= matrix.count else {
            throw DPPAError(.internalFault, "a matrix of the shape \(shape) is read when it is not in memory")
        }
        buffer.copyMemory(from: matrix.values.pointer + elements.lowerBound, byteCount: elements.count * 4)
        withExtendedLifetime(matrix.values) {}
    }

    func bytesRead(_ elements: Int) -> Int { 0 }
}

/// Takes all elements of a tensor.
final class MatrixSink: TileSink, TileCursor, @unchecked Sendable {
    private let value: MatrixValue
    var slots: [Slot] = []

    init(_ value: MatrixValue) { self.value = value }

    func open(_ chunk: OpenChunk) -> any TileCursor { self }

    func take(_ tile: Tile) throws {
        let part = tile.owned
        guard !part.isEmpty else { return }
        guard let values = value.matrix?.values else {
            throw DPPAError(.internalFault, "a matrix is gathered when it is not in memory")
        }
        (values.pointer + part.lowerBound).update(
            from: try tile.elements(slots[0], at: part.lowerBound), count: part.count)
    }
}
