import DPPA
import Testing

let reductions: [ReductionOp] = [.sum, .dot, .sumOfSquares, .count, .maximum, .minimum]

/// The scheme of all sums, written down naively: leaves of 4096 in sixteen lanes, lanes and leaves joined in pairs.
func naiveReduction(_ op: ReductionOp, _ x: [Double], _ y: [Double]) -> Double {
    func join(_ a: Double, _ b: Double) -> Double {
        switch op {
        case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
        case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
        default: a + b
        }
    }
    func term(_ index: Int) -> Double {
        switch op {
        case .sum, .maximum, .minimum: x[index]
        case .dot: x[index] * y[index]
        case .sumOfSquares: x[index] * x[index]
        case .count: x[index] != 0 ? 1 : 0
        }
    }
    guard !x.isEmpty else { return 0 }
    let start: Double = op == .maximum ? -.infinity : op == .minimum ? .infinity : 0
    var leaves: [Double] = []
    for first in stride(from: 0, to: x.count, by: 4096) {
        var lanes = [Double](repeating: start, count: 16)
        for index in first..<min(x.count, first + 4096) { lanes[index % 16] = join(lanes[index % 16], term(index)) }
        for width in [8, 4, 2, 1] { lanes = (0..<width).map { join(lanes[$0], lanes[$0 + width]) } }
        leaves.append(lanes[0])
    }
    while leaves.count > 1 {
        leaves = stride(from: 0, to: leaves.count, by: 2).map {
            $0 + 1 < leaves.count ? join(leaves[$0], leaves[$0 + 1]) : leaves[$0]
        }
    }
    return leaves[0]
}

@Suite("Reductions")
struct ReductionTests {
    private let sizes = [1, 5, 15, 16, 17, 100, 4095, 4096, 4097, 8192, 12_289, 30_000]

    private func data(_ size: Int, _ seed: UInt64) -> [Float] {
        var random = SplitMix(seed)
        return (0..<size).map { _ in random.next() % 5 == 0 ? 0 : random.fine() * Float(random.next() % 1000) }
    }

    private func leaves(_ op: ReductionOp, _ x: [Float], _ y: [Float], pieces: () -> Int) -> [Double] {
        var result = [Double](repeating: .nan, count: (x.count + 4095) / 4096)
        result.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            var accumulator = LeafAccumulator(op, leaves: start)
            withPointer(x, shift: 1) { x0 in
                withPointer(y, shift: 3) { y0 in
                    var done = 0
                    while done < x.count {
                        let piece = min(x.count - done, pieces())
                        accumulator.add(x0 + done, op == .dot ? y0 + done : nil, count: piece)
                        done += piece
                    }
                }
            }
            accumulator.finish()
        }
        return result
    }

    @Test("Leaves and their tree equal the scheme written down naively, in any pieces", arguments: reductions)
    func leafSums(op: ReductionOp) {
        for size in sizes {
            let (x, y) = (data(size, UInt64(size)), data(size, UInt64(size) + 1))
            let expected = naiveReduction(op, x.map(Double.init), y.map(Double.init))
            let whole = leaves(op, x, y) { size }
            #expect(TreeSum.combine(op, whole, count: whole.count) == expected)
            var random = SplitMix(UInt64(size))
            #expect(leaves(op, x, y) { Int(random.next() % 9) } == whole)
            #expect(leaves(op, x, y) { Int(random.next() % 2000) } == whole)
            #expect(leaves(op, x, y) { Int(random.next() % 9000) } == whole)
        }
    }

    @Test("NaN, infinities and zeros go through in any pieces", arguments: reductions)
    func awkwardSums(op: ReductionOp) {
        for size in [1, 2, 40, 5000] {
            for seed in 0..<8 as Range<UInt64> {
                var x = awkward(size, seed: seed)
                if seed % 2 == 0 { x = x.map { $0.isNaN ? -1 : $0 } }
                if seed == 6 { x = x.map { _ in -.infinity } }
                let expected = naiveReduction(op, x.map(Double.init), x.map(Double.init))
                let whole = leaves(op, x, x) { size }
                let total = TreeSum.combine(op, whole, count: whole.count)
                #expect(total == expected || (total.isNaN && expected.isNaN))
                var random = SplitMix(seed)
                #expect(same(leaves(op, x, x) { Int(random.next() % 50) }, whole))
            }
        }
    }

    @Test("A reduction of nothing is 0 and writes no leaf", arguments: reductions)
    func nothing(op: ReductionOp) {
        var place = [7.0, 7.0]
        var accumulator = LeafAccumulator(op, leaves: &place)
        accumulator.finish()
        #expect(place == [7, 7])
        #expect(TreeSum.combine(op, place, count: 0) == 0)
        #expect(TreeSum.reduce(op, place, nil, count: 0) == 0)
        withPointer([1]) { RowKernels.reduce(op, $0, nil, rowLength: 0, rowCount: 2, into: &place) }
        #expect(place == [0, 0])
    }

    @Test("Float64 values are reduced by the same scheme", arguments: reductions)
    func doubles(op: ReductionOp) {
        for size in sizes {
            let (x, y) = (data(size, 1).map { Double($0) / 3 }, data(size, 2).map { Double($0) / 7 })
            #expect(TreeSum.reduce(op, x, y, count: size) == naiveReduction(op, x, y))
        }
    }

    @Test("The tree joins neighbours level by level")
    func tree() {
        for count in 1...70 {
            let leaves = (0..<count).map { 1 / Double($0 * $0 + 3) }
            var level = leaves
            while level.count > 1 {
                level = stride(from: 0, to: level.count, by: 2).map {
                    $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0]
                }
            }
            #expect(TreeSum.combine(.sum, leaves, count: count) == level[0])
        }
    }

    @Test("Rows are reduced as tensors of their own", arguments: reductions)
    func rows(op: ReductionOp) {
        for (rows, length) in [(1, 1), (3, 5), (4, 16), (5, 33), (2, 4096), (3, 9001), (0, 4)] {
            let (x, y) = (data(rows * length, 5), data(rows * length, 6))
            var result = [Double](repeating: .nan, count: rows)
            withPointer(x, shift: 1) { x0 in
                withPointer(y, shift: 2) { y0 in
                    RowKernels.reduce(
                        op, x0, op == .dot ? y0 : nil, rowLength: length, rowCount: rows, into: &result)
                }
            }
            let expected = (0..<rows).map { row in
                let range = row * length..<(row + 1) * length
                return naiveReduction(op, x[range].map(Double.init), y[range].map(Double.init))
            }
            #expect(result == expected)
        }
    }
}
