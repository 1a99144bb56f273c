import DPPAKernels
import DPPASupport

/// ΔW = s · L · R of two thin matrices, computed where it is read: float32, ascending over the rank.
struct LowRankSource: TensorSource {
    let name: String
    let shape: [Int]
    let dtype = DType.f32
    let left, right: Factor
    let scale: Double
    let cache: FactorCache

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let (l, r) = (try cache.floats(left, name + " left"), try cache.floats(right, name + " right"))
        LowRankProduct.load(
            elements, columns: right.columns, rank: right.rows, scale: Float(scale), left: l.pointer, right: r.pointer,
            into: buffer.assumingMemoryBound(to: Float.self))
    }

    func bytesRead(_ elements: Int) -> Int {
        let stored = [left, right].reduce(0) { $0 + $1.source.bytesRead($1.rows * $1.columns) }
        return Int(Double(stored) * Double(elements) / Double(max(1, shape.reduce(1, *))))
    }
}

/// DoRA: m / ‖W + ΔW‖ · (W + ΔW) − W, the norm of each row in float64.
struct MagnitudeSource: TensorSource {
    let change: LowRankSource
    let base: any TensorSource
    let magnitude: any TensorSource
    var shape: [Int] { change.shape }
    let dtype = DType.f32

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let columns = change.right.columns
        let rows = elements.lowerBound / columns..<(elements.upperBound + columns - 1) / columns
        let lengths = try magnitude.floats(rows)
        let out = buffer.assumingMemoryBound(to: Float.self)
        let sum = Buffer<Float>(columns)
        for row in rows {
            let whole = row * columns..<(row + 1) * columns
            let weights = try base.floats(whole)
            try change.load(whole, into: sum.pointer)
            var squares = 0.0
            for column in 0..<columns {
                sum.pointer[column] += weights.pointer[column]
                squares += Double(sum.pointer[column]) * Double(sum.pointer[column])
            }
            let factor = lengths.pointer[row - rows.lowerBound] / Float(squares.squareRoot())
            for index in elements.clamped(to: whole) {
                let column = index - whole.lowerBound
                out[index - elements.lowerBound] = factor * sum.pointer[column] - weights.pointer[column]
            }
        }
    }

    func bytesRead(_ elements: Int) -> Int { change.bytesRead(elements) + base.bytesRead(elements) }
}

/// The sum of two tensors of one shape, or the first less the second, in float32: a weight with a delta on it, or what a tensor
/// that takes the place of the base's differs from it.
struct SumSource: TensorSource {
    let first, second: any TensorSource
    let sign: Float
    var shape: [Int] { first.shape }
    let dtype = DType.f32

    private init(_ first: any TensorSource, _ second: any TensorSource, sign: Float) {
        (self.first, self.second, self.sign) = (first, second, sign)
    }

    /// a + b.
    static func sum(_ a: any TensorSource, _ b: any TensorSource) -> SumSource { SumSource(a, b, sign: 1) }

    /// a − b.
    static func difference(_ a: any TensorSource, _ b: any TensorSource) -> SumSource { SumSource(a, b, sign: -1) }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let (a, b) = (try first.floats(elements), try second.floats(elements))
        let out = buffer.assumingMemoryBound(to: Float.self)
        for index in 0..<elements.count { out[index] = a.pointer[index] + sign * b.pointer[index] }
    }

    func bytesRead(_ elements: Int) -> Int { first.bytesRead(elements) + second.bytesRead(elements) }
}
