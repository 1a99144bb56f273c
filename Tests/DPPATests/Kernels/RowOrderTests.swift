import DPPA
import Foundation
import Testing

@Suite("Orders within rows")
struct RowOrderTests {
    private let shapes = [(1, 1), (3, 5), (4, 16), (5, 33), (7, 64), (3, 65), (2, 1000), (2, 5001)]

    private func rows(_ count: Int, _ length: Int, _ kind: Int) -> [Float] {
        var random = SplitMix(UInt64(count * length + kind))
        return switch kind {
        case 0: awkward(count * length, seed: 1)
        case 1: [Float](repeating: 0.25, count: count * length)
        case 2: (0..<count * length).map { _ in random.coarse() }
        case 3: (0..<count * length).map { _ in random.anyBits() }
        case 4: [Float](repeating: .nan, count: count * length)
        case 5: (0..<count * length).map { _ in random.difference() }
        // Many zeros of both signs, and magnitudes over more octaves than leading bits are made of.
        case 6:
            (0..<count * length).map { _ in
                random.next() % 2 == 0
                    ? (random.next() % 2 == 0 ? 0 : -0.0) : random.difference() * exp2(Float(random.next() % 40))
            }
        // Few bits, but as far from their order as they can be, and one that makes all others share their leading bits.
        case 7: (0..<count * length).map { $0 % length == 1 ? 1e9 : Float((length - $0 % length) % 5000) / 8192 }
        default: (0..<count * length).map { _ in random.fine() }
        }
    }

    /// The indices of a row in ascending order, NaN last, ties by index.
    private func order(_ row: [Float]) -> [Int] {
        row.indices.sorted {
            if row[$0].isNaN || row[$1].isNaN { return row[$0].isNaN == row[$1].isNaN ? $0 < $1 : row[$1].isNaN }
            return (row[$0], $0) < (row[$1], $1)
        }
    }

    @Test("Ranks, masks and order statistics of rows equal those of a sort")
    func all() {
        for (count, length) in shapes {
            for kind in 0..<9 {
                let x = rows(count, length, kind)
                let (ranks, mask) = (Tile(count * length), Tile(count * length, 9))
                for wanted in [0, 1, length / 3, length / 2, length - 1, length, length + 4] where wanted >= 0 {
                    let counts = [Int](repeating: wanted, count: count)
                    var statistics = [Double](repeating: -7, count: count)
                    withPointer(x, shift: 1) {
                        RowKernels.rank($0, rowLength: length, rowCount: count, into: ranks.start)
                        RowKernels.topMask($0, counts: counts, rowLength: length, rowCount: count, into: mask.start)
                        RowKernels.kth($0, indices: counts, rowLength: length, rowCount: count, into: &statistics)
                    }
                    for row in 0..<count {
                        let values = Array(x[row * length..<(row + 1) * length])
                        let order = order(values)
                        let found = (0..<length).map { ranks.start[row * length + $0] }
                        #expect(order.enumerated().allSatisfy { found[$1] == Float($0) })
                        let expected = Double(values[order[min(wanted, length - 1)]])
                        #expect(statistics[row] == expected || (statistics[row].isNaN && expected.isNaN))
                        let best = values.indices.filter { values[$0].isFinite }.sorted {
                            (-values[$0], $0) < (-values[$1], $1)
                        }
                        let chosen = Set(best.prefix(wanted))
                        #expect(
                            (0..<length).allSatisfy { mask.start[row * length + $0] == (chosen.contains($0) ? 1 : 0) })
                    }
                }
            }
        }
    }

    @Test("Rows of any length, and values in the place of ranks", arguments: 5..<9)
    func lookedUp(kind: Int) {
        for length in [1, 2, 63, 64, 65, 66, 511, 896, 1025, 70_001] {
            let (x, table) = (rows(2, length, kind), (0..<length).map { Float($0) * 0.5 - 3 })
            let (ranks, found) = (Tile(2 * length), Tile(2 * length))
            withPointer(x, shift: 3) {
                RowKernels.rank($0, rowLength: length, rowCount: 2, into: ranks.start)
                RowKernels.rank($0, rowLength: length, rowCount: 2, values: table, into: found.start)
            }
            for row in 0..<2 {
                let order = order(Array(x[row * length..<(row + 1) * length]))
                #expect(order.enumerated().allSatisfy { ranks.start[row * length + $1] == Float($0) }, "\(length)")
                #expect(order.enumerated().allSatisfy { found.start[row * length + $1] == table[$0] }, "\(length)")
            }
        }
    }

    /// Whatever bits of the keys differ, and however many: digits and words are chosen by them.
    @Test("Ranks hold for every place and number of differing bits", arguments: [49, 64, 65, 600, 896, 1025, 4864])
    func differingBits(_ length: Int) {
        for width in 1...23 {
            for lowest in Swift.stride(from: 0, through: 23 - width, by: 3) {
                var random = Lehmer(UInt64(width * 32 + lowest))
                // Fractions of numbers from 1 to 2, whose other bits are the same.
                let x = (0..<length).map { _ in
                    Float(bitPattern: 0x3f80_0000 | (UInt32.random(in: 0..<1 << width, using: &random) << lowest))
                }
                let ranks = Tile(length)
                withPointer(x) { RowKernels.rank($0, rowLength: length, rowCount: 1, into: ranks.start) }
                let order = x.indices.sorted { (x[$0], $0) < (x[$1], $1) }
                #expect(order.enumerated().allSatisfy { ranks.start[$1] == Float($0) }, "\(width) bits from \(lowest)")
            }
        }
    }

    @Test("Each row has its own count and index")
    func individual() {
        let x: [Float] = [3, 1, 2, 5, 5, 5, -1, 0, -0.0]
        let mask = Tile(9)
        var statistics = [0.0, 0, 0]
        withPointer(x) {
            RowKernels.topMask($0, counts: [1, 2, 2], rowLength: 3, rowCount: 3, into: mask.start)
            RowKernels.kth($0, indices: [0, 2, 1], rowLength: 3, rowCount: 3, into: &statistics)
        }
        #expect(mask.values == [1, 0, 0, 1, 1, 0, 0, 1, 1])
        #expect(statistics == [1, 5, 0])
    }
}

extension SplitMix {
    /// The magnitude of a difference of two bfloat16 numbers that are near each other.
    fileprivate mutating func difference() -> Float {
        func rounded(_ x: Float) -> Float { Float(bitPattern: (x.bitPattern &+ 0x8000) & 0xffff_0000) }
        let base = rounded(fine() * 0.05)
        return abs(rounded(base + fine() * fine() * 0.004) - base)
    }
}
