import DPPA
import Testing

@Suite("Masks of a cut")
struct ElementCutTests {
    private let sizes = [0, 1, 5, 16, 17, 47, 64, 300]
    private let cuts: [ElementCut] = [0, 0.5, -0.3, -.infinity, .infinity, .nan, Float(1)].flatMap { threshold in
        [-1, 0, 99, 100, 117, 150, Int.max].flatMap { last in
            [false, true].map { ElementCut(threshold: threshold, lastIndex: last, ofMagnitudes: $0) }
        }
    }

    /// What is above is kept, and of the equal ones those up to the last index.
    private func kept(_ x: [Float], _ cut: ElementCut, _ first: Int) -> [Bool] {
        x.enumerated().map { index, value in
            let size = cut.ofMagnitudes ? abs(value) : value
            return value.isFinite
                && (size > cut.threshold || (size == cut.threshold && first + index <= cut.lastIndex))
        }
    }

    @Test("The mask of a cut, also in place")
    func mask() {
        for size in sizes {
            let x = awkward(size, seed: UInt64(size) + 9)
            for cut in cuts {
                for first in [0, 100] {
                    let expected = kept(x, cut, first).map { $0 ? Float(1) : 0 }
                    let (input, output) = (Tile(x), Tile(size, 7))
                    ElementKernels.kept(input.start, cut, firstIndex: first, into: output.start, count: size)
                    #expect(output.values == expected, "\(size) \(cut)")
                    ElementKernels.kept(input.start, cut, firstIndex: first, into: input.start, count: size)
                    #expect(input.values == expected, "in place")
                }
            }
        }
    }

    @Test("A choice by a cut, of registers and numbers, also in place")
    func choice() {
        for size in sizes {
            let (x, a, b) = (awkward(size, seed: 1), awkward(size, seed: 2), awkward(size, seed: 3))
            for cut in cuts {
                let mask = kept(x, cut, 90)
                func expected(_ a: (Int) -> Float, _ b: (Int) -> Float) -> [Float] {
                    x.indices.map { mask[$0] ? a($0) : b($0) }
                }
                let (input, left, right, output) = (Tile(x), Tile(a), Tile(b), Tile(size, 7))
                func keep(_ a: Operand, _ b: Operand, into out: Tile) {
                    ElementKernels.keep(input.start, cut, firstIndex: 90, a, b, into: out.start, count: size)
                }
                keep(.vector(left.start), .vector(right.start), into: output)
                #expect(same(output.values, expected({ a[$0] }, { b[$0] })), "\(size) \(cut)")
                keep(.scalar(3), .vector(right.start), into: output)
                #expect(same(output.values, expected({ _ in 3 }, { b[$0] })))
                keep(.vector(input.start), .scalar(0), into: input)
                #expect(same(input.values, expected({ x[$0] }, { _ in 0 })), "in place")
            }
        }
    }

    @Test("What a mask selects is added, bit by bit as a selection and a sum")
    func sum() {
        for size in sizes {
            let (x, mask, y) = (awkward(size, seed: 4), awkward(size, seed: 5), awkward(size, seed: 6))
            let (a, m, b) = (Tile(x), Tile(mask), Tile(y))
            ElementKernels.addSelected(a.start, m.start, b.start, into: b.start, count: size)
            #expect(same(b.values, x.indices.map { x[$0] + (mask[$0] != 0 ? y[$0] : 0) }))
        }
    }
}
