import DPPAKernels
import DPPASupport
import Synchronization

/// The mean of pieces of other tensors: their sum in float32 in the order given, divided by their number, and rounded once to
/// the type that all of them have; float32 where they have several.
struct MeanSource: TensorSource {
    let shape: [Int]
    let dtype: DType
    let writtenDType: DType
    private let pieces: [JoinedSource.Piece]

    /// Pieces that each have as many elements as the shape.
    init(_ pieces: [JoinedSource.Piece], shape: [Int]) {
        let types = Set(pieces.map(\.source.dtype))
        self.shape = shape
        self.pieces = pieces
        dtype = types.count == 1 ? pieces[0].source.dtype : .f32
        let written = Set(pieces.map(\.source.writtenDType))
        writtenDType = written.count == 1 ? pieces[0].source.writtenDType : dtype
    }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let sum = Buffer<Float>(elements.count)
        sum.clear()
        for piece in pieces {
            let first = piece.elements.lowerBound + elements.lowerBound
            let values = try piece.source.floats(first..<first + elements.count)
            for index in 0..<elements.count { sum.pointer[index] += values.pointer[index] }
        }
        for index in 0..<elements.count { sum.pointer[index] /= Float(pieces.count) }
        DTypeConversion.encode(sum.pointer, as: dtype, into: buffer, count: elements.count)
    }

    func bytesRead(_ elements: Int) -> Int { pieces.reduce(0) { $0 + $1.source.bytesRead(elements) } }
}

/// The mean row of a matrix: sums of all rows in float64, ascending, divided, and rounded to float32 and to the matrix's type.
///
/// The matrix is read when the row is first asked for, and once.
final class MeanRowSource: TensorSource {
    let shape: [Int]
    private let matrix: any TensorSource
    private let mean = Mutex<Buffer<Float>?>(nil)

    /// The mean row of a matrix that has rows.
    init(_ matrix: any TensorSource) {
        self.matrix = matrix
        shape = Array(matrix.shape.dropFirst())
    }

    var dtype: DType { matrix.dtype }
    var writtenDType: DType { matrix.writtenDType }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let values = try mean.withLock { known in
            if let known { return known }
            let found = try computed()
            known = found
            return found
        }
        DTypeConversion.encode(values.pointer + elements.lowerBound, as: dtype, into: buffer, count: elements.count)
        withExtendedLifetime(values) {}
    }

    private func computed() throws -> Buffer<Float> {
        let (rows, columns) = (matrix.shape[0], shape.reduce(1, *))
        let sums = Buffer<Double>(columns)
        sums.clear()
        let step = max(1, (1 << 18) / max(1, columns))
        for start in stride(from: 0, to: rows, by: step) {
            let count = min(step, rows - start)
            let values = try matrix.floats(start * columns..<(start + count) * columns)
            for row in 0..<count {
                let line = values.pointer + row * columns
                for column in 0..<columns { sums.pointer[column] += Double(line[column]) }
            }
            withExtendedLifetime(values) {}
        }
        let mean = Buffer<Float>(columns)
        for column in 0..<columns { mean.pointer[column] = Float(sums.pointer[column] / Double(rows)) }
        return mean
    }

    func bytesRead(_ elements: Int) -> Int {
        let columns = shape.reduce(1, *)
        return columns == 0 ? 0 : matrix.bytesRead(matrix.shape[0] * columns) * elements / columns
    }
}
