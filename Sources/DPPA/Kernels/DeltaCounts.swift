/// Counts over two or three versions of the same elements, in one loop.
package enum DeltaCounts {
    /// Of a delta d beside a merged one D: how many d are not 0, of these how many D are not, of these how many have d's sign.
    ///
    /// NaN is not 0 and has no sign.
    package static func agreement(
        _ d: UnsafePointer<Float>, _ merged: UnsafePointer<Float>, count: Int
    ) -> SIMD4<Int> {
        var total = SIMD4<Int>()
        var index = 0
        while index &+ 16 <= count {
            var (changed, kept, agreeing) = (SIMD16<Int32>(), SIMD16<Int32>(), SIMD16<Int32>())
            let end = min(count &- 15, index &+ 16 << 20)
            while index < end {
                let (x, y) = (d.lanes(index), merged.lanes(index))
                let isKept = x.isTrue .& y.isTrue
                changed = changed &- SIMD16<Int32>(x.isTrue)
                kept = kept &- SIMD16<Int32>(isKept)
                // By their sign bits: the product of two small numbers may be 0.
                let isSame = (x.bits ^ y.bits) .>= SIMD16<Int32>()
                agreeing = agreeing &- SIMD16<Int32>(isKept .& isSame .& (x .== x) .& (y .== y))
                index &+= 16
            }
            for lane in 0..<16 { total &+= SIMD4(Int(changed[lane]), Int(kept[lane]), Int(agreeing[lane]), 0) }
        }
        while index < count {
            let (x, y) = (d[index], merged[index])
            let isKept = x != 0 && y != 0
            let isAgreeing = isKept && (x > 0 && y > 0 || x < 0 && y < 0)
            total &+= SIMD4(x != 0 ? 1 : 0, isKept ? 1 : 0, isAgreeing ? 1 : 0, 0)
            index &+= 1
        }
        return total
    }

    /// Of values beside a reference: how many differ from it, how many still do when both are stored in a type, and how many
    /// there are.
    ///
    /// `encoded` holds the values in that type.
    package static func rounding(
        _ values: UnsafePointer<Float>, encoded: UnsafeRawPointer, as dtype: DType,
        reference: UnsafeRawPointer, storedAs stored: DType, count: Int
    ) -> SIMD4<Int> {
        guard dtype == .bf16, stored == .bf16 else {
            return generalRounding(values, encoded, dtype, reference, stored, count)
        }
        var total = SIMD4<Int>(0, 0, count & ~15, 0)
        var index = 0
        while index &+ 16 <= count {
            var (changed, survived) = (SIMD16<Int32>(), SIMD16<Int32>())
            let end = min(count &- 15, index &+ 16 << 20)
            while index < end {
                let (before, after) = (bf16(reference, index), bf16(encoded, index))
                changed = changed &- SIMD16<Int32>(values.lanes(index) .!= before)
                survived = survived &- SIMD16<Int32>(after .!= before)
                index &+= 16
            }
            for lane in 0..<16 { total &+= SIMD4(Int(changed[lane]), Int(survived[lane]), 0, 0) }
        }
        guard index < count else { return total }
        return total
            &+ generalRounding(
                values + index, encoded + index &* 2, dtype, reference + index &* 2, stored, count &- index)
    }

    /// The largest |value − reference|, and |reference| there, the smallest where several are as large.
    package static func largest(
        _ values: UnsafePointer<Float>, reference: UnsafeRawPointer, storedAs stored: DType, count: Int
    ) -> (change: Float, beside: Float) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count)) { scratch in
            guard let before = scratch.baseAddress else { return (0, 0) }
            DTypeConversion.decode(reference, as: stored, into: before, count: count)
            var (change, beside): (Float, Float) = (0, 0)
            for index in 0..<count {
                let (found, weight) = ((values[index] - before[index]).magnitude, before[index].magnitude)
                guard found > change || (found == change && weight < beside) else { continue }
                (change, beside) = (found, weight)
            }
            return (change, beside)
        }
    }

    /// Sixteen stored numbers as float32.
    @inline(__always)
    private static func bf16(_ bytes: UnsafeRawPointer, _ index: Int) -> Lanes {
        let halves = bytes.loadUnaligned(fromByteOffset: index &* 2, as: SIMD16<UInt16>.self)
        return unsafeBitCast(SIMD16<UInt32>(truncatingIfNeeded: halves) &<< 16, to: Lanes.self)
    }

    private static func generalRounding(
        _ values: UnsafePointer<Float>, _ encoded: UnsafeRawPointer, _ dtype: DType, _ reference: UnsafeRawPointer,
        _ stored: DType, _ count: Int
    ) -> SIMD4<Int> {
        let block = 1024
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 &* block) { scratch in
            guard let before = scratch.baseAddress else { return SIMD4() }
            let after = before + block
            var total = SIMD4<Int>(0, 0, count, 0)
            for start in stride(from: 0, to: count, by: block) {
                let piece = min(block, count &- start)
                DTypeConversion.decode(
                    reference + start &* stored.byteSize, as: stored, into: before, count: piece)
                total[0] &+= unequal(values + start, before, piece)
                if dtype != stored { DTypeConversion.round(before, to: dtype, into: before, count: piece) }
                DTypeConversion.decode(encoded + start &* dtype.byteSize, as: dtype, into: after, count: piece)
                total[1] &+= unequal(after, before, piece)
            }
            return total
        }
    }

    private static func unequal(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Int {
        var (total, index) = (0, 0)
        var lanes = SIMD16<Int32>()
        while index &+ 16 <= count {
            lanes = lanes &- SIMD16<Int32>(x.lanes(index) .!= y.lanes(index))
            index &+= 16
        }
        for lane in 0..<16 { total &+= Int(lanes[lane]) }
        while index < count {
            total &+= x[index] != y[index] ? 1 : 0
            index &+= 1
        }
        return total
    }
}
