import DPPA
import Testing

@Suite("Searches")
struct ElementSearchesTests {
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
