/// Masks by an order, and searches, on tiles of float32 elements.
extension ElementKernels {
    /// The mask of the elements that a cut keeps.
    ///
    /// Element i has the flat index `firstIndex + i`. The mask is 1 where x is finite and either x > threshold, or
    /// x == threshold and the flat index is not above `lastIndex`; else 0. Works in place.
    package static func topMask(
        _ x: UnsafePointer<Float>, threshold: Float, lastIndex: Int, firstIndex: Int,
        into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        let threshold = Lanes(repeating: threshold)
        // Elements before this one are kept if they equal the threshold.
        let boundary = lastIndex < firstIndex ? 0 : min(count - 1, lastIndex - firstIndex) + 1
        var index = 0
        while index < count {
            let lanes = x.lanes(index)
            let kept = lanes .> threshold
            let mask: SIMDMask<SIMD16<Int32>>
            if index + 16 <= boundary {
                mask = lanes .>= threshold
            } else if index >= boundary {
                mask = kept
            } else {
                let isEarly = laneNumbers .< SIMD16(repeating: Int32(truncatingIfNeeded: boundary - index))
                mask = kept .| ((lanes .== threshold) .& isEarly)
            }
            out.store(Lanes(mask .& lanes.isFinite), index)
            index &+= 16
        }
    }

    /// The mask of the elements that a cut for each column keeps.
    ///
    /// As above with a threshold, rounded to float32, and a last row for each column, rows counting from `firstRow`.
    package static func topMask(
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

    /// The index of the first element that is infinite or NaN; nothing behind `count` is looked at.
    package static func firstNonFinite(_ x: UnsafePointer<Float>, count: Int) -> Int? {
        var start = 0
        while start < count {
            let length = min(block, count - start)
            if countNonFinite(x + start, count: length) > 0 {
                return (start..<start + length).first { !x[$0].isFinite }
            }
            start += length
        }
        return nil
    }

    /// How many elements are infinite or NaN.
    package static func countNonFinite(_ x: UnsafePointer<Float>, count: Int) -> Int {
        countWhere(x, count, { .!$0.isFinite }, { !$0.isFinite })
    }

    /// How many elements equal a number: both zeros are equal, NaN equals nothing.
    package static func countEqual(_ x: UnsafePointer<Float>, count: Int, value: Float) -> Int {
        countWhere(x, count, { $0 .== Lanes(repeating: value) }, { $0 == value })
    }

    /// The index of the nth element, n from 1, that equals a number; nil if there are not so many.
    package static func nthEqual(_ x: UnsafePointer<Float>, count: Int, value: Float, n: Int) -> Int? {
        guard n > 0 else { return nil }
        var remaining = n
        var start = 0
        while start < count {
            let length = min(block, count - start)
            let found = countEqual(x + start, count: length, value: value)
            if remaining <= found {
                for index in start..<start + length where x[index] == value {
                    remaining -= 1
                    if remaining == 0 { return index }
                }
            }
            remaining -= found
            start += length
        }
        return nil
    }

    /// How many elements a search counts at once before it looks at each.
    private static var block: Int { 1024 }

    private static var laneNumbers: SIMD16<Int32> { SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }

    @inline(__always)
    private static func countWhere(
        _ x: UnsafePointer<Float>, _ count: Int, _ lanes: (Lanes) -> SIMDMask<SIMD16<Int32>>, _ scalar: (Float) -> Bool
    ) -> Int {
        var total = 0
        var index = 0
        while index &+ 16 <= count {
            var counts = SIMD16<Int32>()
            // A lane counts at most 2^20 before it is added up, far from overflow.
            let end = min(count &- 15, index &+ 16 << 20)
            while index < end {
                counts = counts &- SIMD16<Int32>(lanes(x.lanes(index)))
                index &+= 16
            }
            for lane in 0..<16 { total &+= Int(counts[lane]) }
        }
        while index < count {
            total &+= scalar(x[index]) ? 1 : 0
            index &+= 1
        }
        return total
    }
}
