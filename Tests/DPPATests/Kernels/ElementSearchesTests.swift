import DPPA
import Testing

@Suite("Masks and searches")
struct ElementSearchesTests {
    @Test("The mask of a cut keeps what is above, and of the equal ones those up to the last index")
    func topMask() {
        for size in [0, 1, 5, 16, 17, 47, 64, 300] {
            let x = awkward(size, seed: UInt64(size) + 9)
            for threshold in [0, 0.5, -0.3, -.infinity, .infinity, .nan, Float(1)] {
                for (first, last) in [(0, -1), (0, 0), (100, 100 + size / 2), (100, 99), (7, Int.max), (50, 60)] {
                    let expected = x.enumerated().map { index, value -> Float in
                        guard value.isFinite else { return 0 }
                        return value > threshold || (value == threshold && first + index <= last) ? 1 : 0
                    }
                    let (input, output) = (Tile(x), Tile(size, 7))
                    ElementKernels.topMask(
                        input.start, threshold: threshold, lastIndex: last, firstIndex: first, into: output.start,
                        count: size)
                    #expect(output.values == expected, "\(size) \(threshold) \(first) \(last)")
                    ElementKernels.topMask(
                        input.start, threshold: threshold, lastIndex: last, firstIndex: first, into: input.start,
                        count: size)
                    #expect(input.values == expected, "in place")
                }
            }
        }
    }

    @Test("What is not finite is found and counted, and nothing behind the count")
    func nonFinite() {
        for size in [0, 1, 15, 16, 17, 40, 100] {
            for shift in [0, 1, 5] {
                var x = [Float](repeating: .greatestFiniteMagnitude, count: size)
                withPointer(x + [.nan, .infinity], shift: shift) {
                    #expect(ElementKernels.firstNonFinite($0, count: size) == nil)
                    #expect(ElementKernels.countNonFinite($0, count: size) == 0)
                }
                for position in 0..<size {
                    var y = x
                    y[position] = position % 2 == 0 ? .nan : -.infinity
                    y[size - 1] = .infinity
                    withPointer(y, shift: shift) {
                        #expect(ElementKernels.firstNonFinite($0, count: size) == position)
                        #expect(ElementKernels.countNonFinite($0, count: size) == (position == size - 1 ? 1 : 2))
                    }
                }
                x = awkward(size, seed: UInt64(size))
                withPointer(x, shift: shift) {
                    #expect(ElementKernels.countNonFinite($0, count: size) == x.count { !$0.isFinite })
                }
            }
        }
    }

    @Test("Equal elements are counted and found by number; both zeros are equal")
    func equal() {
        for size in [0, 1, 16, 33, 1023, 1024, 1025, 5000] {
            let x = awkward(size, seed: UInt64(size))
            for value in [0, -0.0, 0.5, Float.nan, .infinity, 9] {
                let places = x.indices.filter { x[$0] == value }
                withPointer(x, shift: 3) { pointer in
                    #expect(ElementKernels.countEqual(pointer, count: size, value: value) == places.count)
                    for n in [-1, 0, 1, 2, places.count / 2, places.count - 1, places.count, places.count + 1] {
                        let found = ElementKernels.nthEqual(pointer, count: size, value: value, n: n)
                        #expect(found == (places.indices.contains(n - 1) ? places[n - 1] : nil))
                    }
                }
            }
        }
    }
}
