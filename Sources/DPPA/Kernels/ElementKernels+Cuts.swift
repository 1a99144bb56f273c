/// What a cut keeps: an element x with the flat index i where x is finite and either x > threshold, or x == threshold and i is
/// not above `lastIndex`.
package struct ElementCut: Sendable {
    package let threshold: Float
    package let lastIndex: Int
    /// Whether x is the magnitude of what is given.
    package let ofMagnitudes: Bool

    package init(threshold: Float, lastIndex: Int, ofMagnitudes: Bool = false) {
        (self.threshold, self.lastIndex, self.ofMagnitudes) = (threshold, lastIndex, ofMagnitudes)
    }
}

/// Masks by an order, on tiles of float32 elements; all work in place.
extension ElementKernels {
    /// `out[i] = 1` where a cut keeps x[i], else 0; the first element has the flat index `firstIndex`.
    package static func kept(
        _ x: UnsafePointer<Float>, _ cut: ElementCut, firstIndex: Int, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        forEachKept(x, cut, firstIndex, count) { index, mask in out.store(Lanes(mask), index) }
    }

    /// `out[i] = a[i]` where a cut keeps x[i], else b[i], bit by bit.
    package static func keep(
        _ x: UnsafePointer<Float>, _ cut: ElementCut, firstIndex: Int, _ a: Operand, _ b: Operand,
        into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        Operand.withElements(a, b) { a, aStep, b, bStep in
            forEachKept(x, cut, firstIndex, count) { index, mask in
                let (first, second) = (a.lanes(index &>> 4 &* aStep), b.lanes(index &>> 4 &* bStep))
                out.store(second.replacing(with: first, where: mask), index)
            }
        }
    }

    @inline(__always)
    private static func forEachKept(
        _ x: UnsafePointer<Float>, _ cut: ElementCut, _ firstIndex: Int, _ count: Int,
        _ body: (Int, SIMDMask<SIMD16<Int32>>) -> Void
    ) {
        if cut.ofMagnitudes {
            forEachKept(x, cut, firstIndex, count, true, body)
        } else {
            forEachKept(x, cut, firstIndex, count, false, body)
        }
    }

    @inline(__always)
    private static func forEachKept(
        _ x: UnsafePointer<Float>, _ cut: ElementCut, _ firstIndex: Int, _ count: Int, _ ofMagnitudes: Bool,
        _ body: (Int, SIMDMask<SIMD16<Int32>>) -> Void
    ) {
        @inline(__always)
        func lanes(_ index: Int) -> Lanes { ofMagnitudes ? x.lanes(index).magnitudes : x.lanes(index) }
        let threshold = Lanes(repeating: cut.threshold)
        // Elements before this one are kept if they equal the threshold.
        let boundary = cut.lastIndex < firstIndex ? 0 : min(count &- 1, cut.lastIndex &- firstIndex) &+ 1
        var index = 0
        while index &+ 16 <= boundary {
            let x = lanes(index)
            body(index, (x .>= threshold) .& x.isFinite)
            index &+= 16
        }
        if index < boundary {
            let x = lanes(index)
            let isEarly = laneNumbers .< SIMD16(repeating: Int32(truncatingIfNeeded: boundary &- index))
            body(index, ((x .> threshold) .| ((x .== threshold) .& isEarly)) .& x.isFinite)
            index &+= 16
        }
        while index < count {
            let x = lanes(index)
            body(index, (x .> threshold) .& x.isFinite)
            index &+= 16
        }
    }

    private static var laneNumbers: SIMD16<Int32> { SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }

    /// The mask of the elements that a cut for each column keeps.
    ///
    /// As above with a threshold, rounded to float32, and a last row for each column, rows counting from `firstRow`.
    package static func kept(
        _ x: UnsafePointer<Float>, thresholds: UnsafePointer<Double>, lastRows: UnsafePointer<Double>, firstRow: Int,
        rowLength: Int, into out: UnsafeMutablePointer<Float>, rowCount: Int
    ) {
        for row in 0..<max(0, rowCount) {
            for column in 0..<rowLength {
                let (value, threshold) = (x[row * rowLength + column], Float(thresholds[column]))
                let isKept =
                    value.isFinite
                    && (value > threshold || (value == threshold && Double(firstRow + row) <= lastRows[column]))
                out[row * rowLength + column] = isKept ? 1 : 0
            }
        }
    }
}
