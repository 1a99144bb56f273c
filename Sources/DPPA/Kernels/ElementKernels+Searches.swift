/// Searches on tiles of float32 elements.
extension ElementKernels {
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
