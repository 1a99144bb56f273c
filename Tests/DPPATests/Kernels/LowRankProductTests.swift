import DPPAKernels
import DPPASupport
import Testing

/// Products of thin matrices, beside plain loops.
@Suite struct LowRankProductTests {
    private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
        var random = SplitMix(seed)
        return (0..<count).map { _ in Float(Int64(bitPattern: random.next())) * 0x1p-63 }
    }

    private func product(
        _ elements: Range<Int>, columns: Int, rank: Int, scale: Float, _ left: [Float], _ right: [Float]
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: elements.count)
        out.withUnsafeMutableBufferPointer { out in
            left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    guard let l = left.baseAddress, let r = right.baseAddress, let o = out.baseAddress else { return }
                    LowRankProduct.load(
                        elements, columns: columns, rank: rank, scale: scale, left: l, right: r, into: o)
                }
            }
        }
        return out
    }

    @Test(arguments: [(1, 1, 1), (4, 16, 1), (9, 17, 3), (13, 31, 16), (8, 64, 5), (7, 5, 8), (12, 100, 33)])
    func everyElementIsTheFusedSumInOrder(rows: Int, columns: Int, rank: Int) {
        let (left, right, scale) = (numbers(rows * rank, 1), numbers(rank * columns, 2), Float(0.3))
        let whole = product(0..<rows * columns, columns: columns, rank: rank, scale: scale, left, right)
        for index in 0..<rows * columns {
            var fused: Float = 0
            var exact = 0.0
            for k in 0..<rank {
                let (l, r) = (left[index / columns * rank + k], right[k * columns + index % columns])
                fused = fused.addingProduct(l, r)
                exact += Double(l) * Double(r)
            }
            #expect(whole[index].bitPattern == (fused * scale).bitPattern)
            #expect(abs(Double(whole[index]) - exact * Double(scale)) < 1e-5)
        }
    }

    /// Rows that are taken four at a time, single rows and pieces of rows are the same numbers.
    @Test func piecesAreTheSameBits() {
        let (rows, columns, rank) = (11, 37, 6)
        let (left, right) = (numbers(rows * rank, 3), numbers(rank * columns, 4))
        let whole = product(0..<rows * columns, columns: columns, rank: rank, scale: 2, left, right)
        for first in stride(from: 0, to: rows * columns, by: 29) {
            for count in [1, 15, 16, 38, 150, 300] where first + count <= rows * columns {
                let piece = product(first..<first + count, columns: columns, rank: rank, scale: 2, left, right)
                #expect(piece.map(\.bitPattern) == whole[first..<first + count].map(\.bitPattern))
            }
        }
    }
}
