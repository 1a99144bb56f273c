import DPPA
import Testing

/// An accumulation of one number, written down naively.
struct NaiveAccumulation: Sendable {
    var start = 0.0
    var term: @Sendable (_ x: Double, _ y: Double) -> Double = { x, _ in x }
    var join: @Sendable (_ a: Double, _ b: Double) -> Double = { $0 + $1 }
}

/// One for each that has one number; those with more have tests of their own.
let accumulations: [Accumulation: NaiveAccumulation] = [
    .sum: NaiveAccumulation(),
    .dot: NaiveAccumulation(term: { $0 * $1 }),
    .sumOfSquares: NaiveAccumulation(term: { x, _ in x * x }),
    .count: NaiveAccumulation(term: { x, _ in x != 0 ? 1 : 0 }),
    .maximum: NaiveAccumulation(start: -.infinity, join: { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }),
    .minimum: NaiveAccumulation(start: .infinity, join: { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }),
]
let accumulationsOfOneNumber = accumulations.keys.sorted { $0.description < $1.description }

/// How the reductions of one number end.
let finishes: [Reduction: @Sendable (_ total: Double, _ count: Double) -> Double] = [
    .sum: { total, _ in total }, .dot: { total, _ in total }, .count: { total, _ in total },
    .max: { total, _ in total }, .min: { total, _ in total },
    .mean: { total, count in total / count }, .norm: { total, _ in total.squareRoot() },
]

/// The scheme of all sums, written down naively: leaves of 4096 in sixteen lanes, lanes and leaves joined in pairs.
func naiveReduction(_ op: Accumulation, _ x: [Double], _ y: [Double]) -> Double {
    let naive = accumulations[op] ?? NaiveAccumulation(start: .nan)
    let (start, join) = (naive.start, naive.join)
    func term(_ index: Int) -> Double { naive.term(x[index], y[index]) }
    guard !x.isEmpty else { return 0 }
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

    private func leaves(_ op: Accumulation, _ x: [Float], _ y: [Float], pieces: () -> Int) -> [Double] {
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

    @Test(
        "Leaves and their tree equal the scheme written down naively, in any pieces",
        arguments: accumulationsOfOneNumber)
    func leafSums(op: Accumulation) {
        for size in sizes {
            let (x, y) = (data(size, UInt64(size)), data(size, UInt64(size) + 1))
            let expected = naiveReduction(op, x.map(Double.init), y.map(Double.init))
            let whole = leaves(op, x, y) { size }
            #expect(op.combine(whole, leafCount: whole.count)[0] == expected)
            var random = SplitMix(UInt64(size))
            #expect(leaves(op, x, y) { Int(random.next() % 9) } == whole)
            #expect(leaves(op, x, y) { Int(random.next() % 2000) } == whole)
            #expect(leaves(op, x, y) { Int(random.next() % 9000) } == whole)
        }
    }

    @Test("NaN, infinities and zeros go through in any pieces", arguments: accumulationsOfOneNumber)
    func awkwardSums(op: Accumulation) {
        for size in [1, 2, 40, 5000] {
            for seed in 0..<8 as Range<UInt64> {
                var x = awkward(size, seed: seed)
                if seed % 2 == 0 { x = x.map { $0.isNaN ? -1 : $0 } }
                if seed == 6 { x = x.map { _ in -.infinity } }
                let expected = naiveReduction(op, x.map(Double.init), x.map(Double.init))
                let whole = leaves(op, x, x) { size }
                let total = op.combine(whole, leafCount: whole.count)[0]
                #expect(total == expected || (total.isNaN && expected.isNaN))
                var random = SplitMix(seed)
                #expect(same(leaves(op, x, x) { Int(random.next() % 50) }, whole))
            }
        }
    }

    @Test("A reduction of nothing is 0 and writes no leaf", arguments: accumulationsOfOneNumber)
    func nothing(op: Accumulation) {
        var place = [7.0, 7.0]
        var accumulator = LeafAccumulator(op, leaves: &place)
        accumulator.finish()
        #expect(place == [7, 7])
        #expect(op.combine(place, leafCount: 0) == [0] && op.reduce([]) == [0] && op.join([]) == [0])
        for reduction in Reduction.allCases where reduction.accumulated == op {
            place = [7, 7]
            withPointer([1]) { RowKernels.reduce(reduction, $0, nil, rowLength: 0, rowCount: 2, into: &place) }
            #expect(place == [0, 0])
            #expect(reduction.finish([7], count: 0) == 0 && reduction.finishColumns([7, 7], count: 0) == [0, 0])
        }
    }

    @Test("Float64 values are reduced by the same scheme", arguments: accumulationsOfOneNumber)
    func doubles(op: Accumulation) {
        for size in sizes {
            let (x, y) = (data(size, 1).map { Double($0) / 3 }, data(size, 2).map { Double($0) / 7 })
            #expect(op.reduce(x, y) == [naiveReduction(op, x, y)])
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
            #expect(Accumulation.sum.combine(leaves, leafCount: count) == [level[0]])
        }
    }

    @Test("States are joined by the scheme of elements", arguments: accumulationsOfOneNumber)
    func states(op: Accumulation) {
        for size in sizes {
            let x = data(size, 3).map { Double($0) / 3 }
            let joined = op == .dot || op == .sumOfSquares || op == .count ? Accumulation.sum : op
            #expect(op.join(x) == [naiveReduction(joined, x, x)])
        }
    }

    @Test("Every reduction is tested")
    func everyReduction() {
        let ofOneNumber = Reduction.allCases.filter { $0.accumulated.width == 1 }
        #expect(
            Set(finishes.keys) == Set(ofOneNumber) && Set(ofOneNumber.map(\.accumulated)) == Set(accumulations.keys))
        #expect(Set(Reduction.allCases.map(\.facts.name)).count == Reduction.allCases.count)
    }

    @Test("Rows are reduced as tensors of their own", arguments: Reduction.allCases)
    func rows(reduction: Reduction) {
        guard let finish = finishes[reduction] else { return }
        for (rows, length) in [(1, 1), (3, 5), (4, 16), (5, 33), (2, 4096), (3, 9001), (0, 4)] {
            let (x, y) = (data(rows * length, 5), data(rows * length, 6))
            var result = [Double](repeating: .nan, count: rows)
            withPointer(x, shift: 1) { x0 in
                withPointer(y, shift: 2) { y0 in
                    RowKernels.reduce(
                        reduction, x0, reduction.facts.isOfTwo ? y0 : nil, rowLength: length, rowCount: rows,
                        into: &result)
                }
            }
            let expected = (0..<rows).map { row in
                let range = row * length..<(row + 1) * length
                let total = naiveReduction(
                    reduction.accumulated, x[range].map(Double.init), y[range].map(Double.init))
                return finish(total, Double(length))
            }
            #expect(result == expected)
        }
    }

    @Test("Columns are finished each with its own numbers")
    func finishedColumns() {
        #expect(Reduction.mean.finishColumns([6, 8, 10], count: 2) == [3, 4, 5])
        #expect(Reduction.norm.finishColumns([4, 9], count: 5) == [2, 3])
    }
}
