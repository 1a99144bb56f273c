/// The sine of x radians: within 1 ulp for every finite x; NaN for others.
enum Sin: UnaryOnWide {
    static let facts = PrimitiveFacts("sin", "The sine of each element, in radians.")
    @inline(__always)
    static func wide(_ x: Wide) -> Wide {
        Sinusoid.at(x, quarters: 0).replacing(with: x, where: x.magnitudes.isBelow(0x1p-27))
    }
}

/// The cosine of x radians: within 1 ulp for every finite x; NaN for others.
enum Cos: UnaryOnWide {
    static let facts = PrimitiveFacts("cos", "The cosine of each element, in radians.")
    @inline(__always)
    static func wide(_ x: Wide) -> Wide { Sinusoid.at(x, quarters: 1) }
}

extension UnaryOp {
    /// The sine of x radians; NaN for infinities.
    public static let sin = UnaryOp(Sin.self)
    /// The cosine of x radians; NaN for infinities.
    public static let cos = UnaryOp(Cos.self)
}

/// Sines of eight float64 numbers, each a number of quarter turns on.
private enum Sinusoid {
    /// Angles as quadrant·π/2 + r, of the quadrant only the last two bits.
    private struct Angle {
        var r: WidePair
        var quadrant: SIMD8<UInt64>

        /// Puts the large ones of x and what is not finite in place of their lanes.
        @inline(never)
        mutating func reduceLarge(_ x: inout Wide) {
            for lane in 0..<8 where !(x[lane].magnitude <= LargeArgument.bound) {
                let reduced = LargeArgument.reduce(x[lane])
                quadrant[lane] = reduced.quadrant
                r.high[lane] = reduced.high
                r.low[lane] = reduced.low
            }
        }
    }

    /// sin(x + quarters · π/2).
    ///
    /// With x = k·π/2 + r, |r| ≤ π/4 and r in a pair: sin r and cos r by polynomials of degree 13 and 14 (relative errors
    /// 2^-58 and 2^-64). Up to |x| = 2^20, π/2 in parts of 33, 33 and 53 bits makes k times the first two exact and r good
    /// to 2^-99; larger arguments go one by one through `LargeArgument`.
    @inline(__always)
    static func at(_ x: Wide, quarters: UInt64) -> Wide {
        let shifted = x.times(Wide(repeating: 0x1.45f306dc9c883p-1), plus: VectorMath.roundingShift)
        let k = shifted - Wide(repeating: VectorMath.roundingShift)
        let exact = x - k * Wide(repeating: 0x1.921fb544p+0)
        let next = WidePair(sum: exact, Wide() - k * Wide(repeating: 0x1.0b4611a6p-34))
        var angle = Angle(
            r: WidePair(sum: next.high, next.low - k * Wide(repeating: 0x1.3198a2e037073p-69)),
            quadrant: shifted.bits)
        let isLarge = .!(x.magnitudes .<= Wide(repeating: LargeArgument.bound))
        if SIMD8<Int64>().replacing(with: SIMD8(repeating: -1), where: isLarge).wrappedSum() != 0 {
            var x = x
            angle.reduceLarge(&x)
        }

        let r = angle.r
        let quadrant = angle.quadrant &+ SIMD8(repeating: quarters)
        let isCosine = (quadrant & SIMD8(repeating: 1)) .!= SIMD8(repeating: 0)
        let sign = (quadrant & SIMD8(repeating: 2)) &<< SIMD8(repeating: 62)
        let value = sine(r).replacing(with: cosine(r), where: isCosine)
        return Wide(bits: value.bits ^ sign)
    }

    @inline(__always)
    private static func sine(_ r: WidePair) -> Wide {
        let z = r.high * r.high
        let cube = z * r.high
        let z2 = z * z
        let p0 = Wide.cubic(
            z, z2, 0x1.111111110f87ep-7, -0x1.a01a019c12062p-13, 0x1.71de357818322p-19, -0x1.ae5e668983e52p-26)
        let p = p0 + z2 * z2 * Wide(repeating: 0x1.5d9318969523bp-33)
        let tail = z * (Wide(repeating: 0.5) * r.low - cube * p) - r.low
        return r.high - (tail - cube * Wide(repeating: -0x1.5555555555549p-3))
    }

    @inline(__always)
    private static func cosine(_ r: WidePair) -> Wide {
        let z = r.high * r.high
        let z2 = z * z
        let p0 = Wide.cubic(
            z, z2, 0x1.555555555554cp-5, -0x1.6c16c16c15181p-10, 0x1.a01a019cb2173p-16, -0x1.27e4f80a335bdp-22)
        let p4 = Wide(repeating: -0x1.8faeb569e1fa3p-37).times(z, plus: 0x1.1ee9ec17f3d86p-29)
        let p = p0 + z2 * z2 * p4
        let half = z * Wide(repeating: 0.5)
        let start = Wide(repeating: 1) - half
        return start + (((Wide(repeating: 1) - start) - half) + (z * z * p - r.high * r.low))
    }
}
