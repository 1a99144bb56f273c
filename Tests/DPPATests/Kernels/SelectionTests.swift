import DPPA
import Testing

@Suite("Selection")
struct SelectionTests {
    @Test("Keys are ordered as elements are, zeros equal, NaN largest; their element comes back")
    func keys() {
        var random = SplitMix(1)
        let x = specialFloats + (0..<2000).map { _ in random.anyBits() }
        for a in x {
            #expect(OrderKey.ascending(a) != 0)
            #expect(OrderKey.largest(a) == (a.isFinite ? OrderKey.ascending(a) : 0))
            let back = OrderKey.value(OrderKey.ascending(a))
            #expect(back == a || (back.isNaN && a.isNaN))
            for b in specialFloats {
                let (first, second) = (OrderKey.ascending(a), OrderKey.ascending(b))
                #expect((first == second) == (a == b || (a.isNaN && b.isNaN)))
                #expect((first < second) == (a < b || (b.isNaN && !a.isNaN)))
            }
        }
        #expect(OrderKey.value(OrderKey.ascending(-0.0)).bitPattern == 0 && OrderKey.ascending(.nan) == .max)
    }

    @Test("The key at any index is that of a sort")
    func select() {
        var random = SplitMix(2)
        for count in [1, 2, 31, 32, 33, 100, 2047, 5000] {
            for kind in 0..<4 {
                let keys = (0..<count).map { index -> UInt32 in
                    switch kind {
                    case 0: UInt32(truncatingIfNeeded: random.next())
                    case 1: 7
                    case 2: UInt32(random.next() % 5)
                    default: OrderKey.ascending(random.fine())
                    }
                }
                let sorted = keys.sorted()
                for index in [0, 1, count / 3, count / 2, count - 2, count - 1] where sorted.indices.contains(index) {
                    var copy = keys
                    #expect(Selection.select(&copy, count: count, ascendingIndex: index) == sorted[index])
                    for other in [index, index + 1, count - 1] where sorted.indices.contains(other) {
                        copy = keys
                        let found = Selection.select(&copy, count: count, ascendingIndices: index, other)
                        #expect(found == (sorted[index], sorted[other]))
                    }
                }
            }
        }
        var none: [UInt32] = [5]
        #expect(Selection.select(&none, count: 0, ascendingIndex: 0) == 0)
        #expect(Selection.select(&none, count: 1, ascendingIndex: 9) == 5)
    }

    private func key(_ x: Float, _ kind: KeyKind) -> UInt32 {
        switch kind {
        case .ascending: OrderKey.ascending(x)
        case .largest: OrderKey.largest(x)
        case .largestMagnitude: OrderKey.largest(abs(x))
        }
    }

    @Test(
        "A bracket scan counts and gathers what a plain loop does, in any pieces",
        arguments: [KeyKind.ascending, .largest, .largestMagnitude])
    func bracket(kind: KeyKind) {
        for size in [0, 1, 15, 16, 17, 100, 3000] {
            let x = awkward(size, seed: UInt64(size))
            let keys = x.map { key($0, kind) }
            let brackets: [(Float, Float)] = [
                (-0.05, 0.3), (0.5, 0.5), (-2, 3), (0.25, .infinity), (5, .nan), (-.infinity, .infinity),
            ]
            for (from, to) in brackets {
                let (low, high) = (OrderKey.ascending(from), OrderKey.ascending(to))
                let inside = keys.indices.filter { keys[$0] > low && keys[$0] < high }
                for capacity in [inside.count + 5, inside.count, inside.count / 2] {
                    for piece in [max(1, size), 33, 7] {
                        var scan = BracketScan(low: low, high: high, capacity: capacity, base: 1000)
                        withPointer(x, shift: 1) {
                            for start in stride(from: 0, to: size, by: piece) {
                                scan.scan(
                                    $0 + start, firstIndex: 1500 + start, count: min(piece, size - start), key: kind)
                            }
                        }
                        #expect(scan.above == keys.count { $0 > high } && scan.below == keys.count { $0 < low })
                        #expect(
                            scan.equalHigh == keys.count { $0 == high } && scan.equalLow == keys.count { $0 == low })
                        #expect(scan.inside == inside.count && scan.valid == keys.count { $0 != 0 })
                        #expect(scan.isOverflown == (inside.count > capacity))
                        let kept = inside.prefix(capacity)
                        #expect(scan.gathered == kept.count)
                        #expect((0..<scan.gathered).map { scan.keys[$0] } == kept.map { keys[$0] })
                        #expect((0..<scan.gathered).map { scan.indices[$0] } == kept.map { UInt32($0 + 500) })
                    }
                }
            }
        }
    }

    @Test("An open bracket takes every key, and an index out of reach is flagged")
    func limits() {
        var scan = BracketScan(low: 0, high: .max, capacity: 100, base: 0)
        withPointer([1, .nan, -.infinity, .infinity, 0]) { scan.scan($0, firstIndex: 0, count: 5, key: .largest) }
        #expect(scan.inside == 2 && scan.equalLow == 3 && scan.valid == 2 && scan.gathered == 2 && !scan.isOverflown)
        withPointer([1]) { scan.scan($0, firstIndex: 1 << 32, count: 1, key: .largest) }
        #expect(scan.inside == 3 && scan.gathered == 2 && scan.isOverflown)
        var behind = BracketScan(low: 0, high: .max, capacity: 100, base: 10)
        withPointer([1]) { behind.scan($0, firstIndex: 9, count: 1, key: .largest) }
        #expect(behind.isOverflown && behind.gathered == 0)
    }

    @Test(
        "Two histograms find any order statistic exactly, and merge",
        arguments: [KeyKind.ascending, .largest, .largestMagnitude])
    func histogram(kind: KeyKind) {
        let x = awkward(3001, seed: 4)
        let sorted = x.map { key($0, kind) }.sorted()
        var (high, other) = (Histogram16(), Histogram16())
        withPointer(x, shift: 1) {
            high.addHigh($0, count: 1000, key: kind)
            other.addHigh($0 + 1000, count: 2001, key: kind)
        }
        high.merge(other)
        for index in [0, 1, 1500, 2999, 3000] {
            func find(_ histogram: Histogram16, _ index: UInt64) -> (bin: UInt16, rest: UInt64) {
                var (bin, rest) = (0, index)
                while rest >= histogram.counts[bin] {
                    rest -= histogram.counts[bin]
                    bin += 1
                }
                return (UInt16(bin), rest)
            }
            let first = find(high, UInt64(index))
            var low = Histogram16()
            withPointer(x, shift: 3) {
                low.addLow($0, count: 17, key: kind, high: first.bin)
                low.addLow($0 + 17, count: 2984, key: kind, high: first.bin)
            }
            let second = find(low, first.rest)
            #expect(UInt32(first.bin) << 16 | UInt32(second.bin) == sorted[index])
        }
    }
}
