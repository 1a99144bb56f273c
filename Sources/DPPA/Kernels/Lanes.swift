/// The vector of the element kernels: two registers of AVX2.
package typealias Lanes = SIMD16<Float>

extension SIMD16 where Scalar == Float {
    /// 1 where the mask is set, else 0.
    @inline(__always)
    init(_ mask: SIMDMask<SIMD16<Int32>>) {
        self = Lanes().replacing(with: Lanes(repeating: 1), where: mask)
    }

    /// The lanes as integers.
    @inline(__always)
    var bits: SIMD16<Int32> { unsafeBitCast(self, to: SIMD16<Int32>.self) }

    /// The lanes with these bits.
    @inline(__always)
    init(bits: SIMD16<Int32>) { self = unsafeBitCast(bits, to: Lanes.self) }

    /// Where the lanes are nonzero; NaN is.
    @inline(__always)
    var isTrue: SIMDMask<SIMD16<Int32>> { self .!= Lanes() }

    /// The lanes without their signs.
    @inline(__always)
    var magnitudes: Lanes { Lanes(bits: bits & SIMD16<Int32>(repeating: Int32.max)) }

    /// Where the lanes are neither infinite nor NaN.
    @inline(__always)
    var isFinite: SIMDMask<SIMD16<Int32>> { magnitudes .< Lanes(repeating: .infinity) }

    /// The square roots; NaN below zero, -0 at -0.
    @inline(__always)
    var squareRoots: Lanes {
        var roots = Lanes()
        // Of magnitudes, because for numbers that may be negative the compiler calls the C library, lane by lane.
        for lane in 0..<16 { roots[lane] = self[lane].magnitude.squareRoot() }
        return Lanes(bits: roots.bits | (bits & SIMD16<Int32>(repeating: .min)))
            .replacing(with: Lanes(repeating: .nan), where: self .< Lanes())
    }
}

extension SIMD16 where Scalar == Int32 {
    /// -1 where the mask is set, else 0.
    @inline(__always)
    init(_ mask: SIMDMask<SIMD16<Int32>>) {
        self = SIMD16().replacing(with: SIMD16(repeating: -1), where: mask)
    }

    /// One byte for each lane, for lanes of 0 and -1: what a scan tests and walks without touching every lane.
    @inline(__always)
    var laneBytes: SIMD2<UInt64> {
        var bytes = SIMD16<Int8>()
        // By hand, here and in `Wide`: the generic conversions of vectors are not always inlined.
        for lane in 0..<16 { bytes[lane] = Int8(truncatingIfNeeded: self[lane]) }
        return unsafeBitCast(bytes, to: SIMD2<UInt64>.self)
    }
}

extension UnsafePointer<Float> {
    /// The sixteen elements from an index on; no alignment needed.
    @inline(__always)
    func lanes(_ index: Int) -> Lanes { UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self) }
}

extension UnsafeMutablePointer<Float> {
    /// Stores sixteen elements from an index on.
    @inline(__always)
    func store(_ lanes: Lanes, _ index: Int) {
        UnsafeMutableRawPointer(self + index).storeBytes(of: lanes, as: Lanes.self)
    }
}
