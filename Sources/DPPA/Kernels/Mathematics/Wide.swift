/// The vector of the mathematical functions: eight elements in float64.
typealias Wide = SIMD8<Double>

extension SIMD8 where Scalar == Double {
    /// The lanes as integers.
    @inline(__always)
    var bits: SIMD8<UInt64> { unsafeBitCast(self, to: SIMD8<UInt64>.self) }

    /// The lanes with these bits.
    @inline(__always)
    init(bits: SIMD8<UInt64>) { self = unsafeBitCast(bits, to: Wide.self) }

    /// Float32 lanes, exactly.
    @inline(__always)
    init(widening lanes: SIMD8<Float>) {
        self.init()
        for lane in 0..<8 { self[lane] = Double(lanes[lane]) }
    }

    /// The lanes rounded to float32.
    @inline(__always)
    var narrowed: SIMD8<Float> {
        var lanes = SIMD8<Float>()
        for lane in 0..<8 { lanes[lane] = Float(self[lane]) }
        return lanes
    }

    /// `|x|`.
    @inline(__always)
    var magnitudes: Wide { Wide(bits: bits & SIMD8<UInt64>(repeating: 0x7fff_ffff_ffff_ffff)) }

    /// `self * z + c`, rounded twice: a step of Horner's scheme.
    @inline(__always)
    func times(_ z: Wide, plus c: Double) -> Wide { self * z + Wide(repeating: c) }

    /// `c0 + c1·z + c2·z² + c3·z³` with z² given: a piece of Estrin's scheme, whose steps wait less for each other.
    @inline(__always)
    static func cubic(_ z: Wide, _ square: Wide, _ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double) -> Wide {
        Wide(repeating: c3).times(z, plus: c2) * square + Wide(repeating: c1).times(z, plus: c0)
    }

    /// `value` where the mask is set, else self.
    @inline(__always)
    func setting(_ value: Double, where mask: SIMDMask<SIMD8<Int64>>) -> Wide {
        replacing(with: Wide(repeating: value), where: mask)
    }

    /// `√|x|`.
    @inline(__always)
    var rootsOfMagnitudes: Wide {
        var roots = Wide()
        // For numbers that may be negative the compiler calls the C library, lane by lane.
        for lane in 0..<8 { roots[lane] = self[lane].magnitude.squareRoot() }
        return roots
    }

    /// Where the lanes are below, above or equal to a number.
    @inline(__always)
    func isBelow(_ value: Double) -> SIMDMask<SIMD8<Int64>> { self .< Wide(repeating: value) }
    @inline(__always)
    func isAbove(_ value: Double) -> SIMDMask<SIMD8<Int64>> { self .> Wide(repeating: value) }
    @inline(__always)
    func isEqual(to value: Double) -> SIMDMask<SIMD8<Int64>> { self .== Wide(repeating: value) }
}

/// A sum of two float64 vectors with about 106 bits: `high` is the rounded value, `low` what is missing.
struct WidePair {
    var high: Wide
    var low: Wide

    @inline(__always)
    init(high: Wide, low: Wide) {
        self.high = high
        self.low = low
    }

    /// `a + b` exactly (Knuth).
    @inline(__always)
    init(sum a: Wide, _ b: Wide) {
        high = a + b
        let part = high - a
        low = (a - (high - part)) + (b - part)
    }

    /// `a + b` exactly, if |a| ≥ |b| or a is 0 (Dekker).
    @inline(__always)
    init(ordered a: Wide, _ b: Wide) {
        high = a + b
        low = b - (high - a)
    }

    /// `a * b` exactly, without fused multiply-add (Dekker); the factors stay below 2^990.
    @inline(__always)
    init(product a: Wide, _ b: Wide) {
        let (aHigh, aLow) = WidePair.halves(a)
        let (bHigh, bLow) = WidePair.halves(b)
        high = a * b
        let first = aHigh * bHigh - high
        let second = first + aHigh * bLow
        let third = second + aLow * bHigh
        low = third + aLow * bLow
    }

    /// `a` as a sum of two numbers of 26 bits (Veltkamp).
    @inline(__always)
    private static func halves(_ a: Wide) -> (Wide, Wide) {
        let scaled = a * Wide(repeating: 134_217_729)
        let high = scaled - (scaled - a)
        return (high, a - high)
    }
}

extension UnsafePointer<Float> {
    /// The eight elements from an index on, in float64.
    @inline(__always)
    func wide(_ index: Int) -> Wide {
        Wide(widening: UnsafeRawPointer(self + index).loadUnaligned(as: SIMD8<Float>.self))
    }
}

extension UnsafeMutablePointer<Float> {
    /// Rounds eight numbers to float32 and stores them from an index on.
    @inline(__always)
    func store(_ wide: Wide, _ index: Int) {
        UnsafeMutableRawPointer(self + index).storeBytes(of: wide.narrowed, as: SIMD8<Float>.self)
    }
}
