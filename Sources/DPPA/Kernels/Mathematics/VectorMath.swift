/// What several mathematical functions of eight float64 numbers share, with the same bits on every machine.
///
/// Nothing but `+ - * /`, square roots and integer operations, each rounded by itself: no library, no fused
/// multiply-add. Polynomials are minimax approximations, summed by Estrin's scheme. Errors are bounded in units in the last place of float64; a
/// result that is then rounded to float32 is within 0.5000001 ulp of float32, so nearly always the nearest one.
enum VectorMath {
    /// Adding this number rounds to an integer, which then sits in the low bits.
    static var roundingShift: Double { 0x1.8p52 }

    /// `e^(x + low)` for a low that is small beside 1.
    ///
    /// x = k·ln 2 + r with |r| ≤ ln 2 / 2, and e^r by a polynomial of degree 11 (relative error 2^-58). Overflows to inf,
    /// underflows over subnormal numbers to 0.
    @inline(__always)
    static func exp(_ x: Wide, low: Wide) -> Wide {
        let clamped = x.setting(1000, where: x.isAbove(1000)).setting(-1000, where: x.isBelow(-1000))
        let shifted = clamped.times(Wide(repeating: 0x1.71547652b82fep+0), plus: roundingShift)
        let k = shifted - Wide(repeating: roundingShift)
        let r = ((clamped - k * Wide(repeating: 0x1.62e42fefa38p-1)) - k * Wide(repeating: 0x1.ef35793c7673p-45)) + low
        let r2 = r * r
        let r4 = r2 * r2
        let q0 = Wide.cubic(
            r, r2, 0x1.000000000000bp-1, 0x1.5555555555561p-3, 0x1.5555555550031p-5, 0x1.111111110d63cp-7)
        let q4 = Wide.cubic(
            r, r2, 0x1.6c16c185a72aep-10, 0x1.a01a01bae1859p-13, 0x1.a019969422a6dp-16, 0x1.71dddfcd2f8e4p-19)
        let q8 = Wide(repeating: 0x1.af8585e7ea31cp-26).times(r, plus: 0x1.28b048c2f92bcp-22)
        let value = Wide(repeating: 1) + (r + r2 * (q0 + r4 * (q4 + r4 * q8)))
        // 2^k in two factors, because k alone may lie outside the exponents of normal numbers.
        let exponent = shifted.bits &- Wide(repeating: roundingShift).bits &+ SIMD8(repeating: 2048)
        let half = exponent &>> SIMD8(repeating: 1)
        let one = (half &- SIMD8(repeating: 1)) &<< SIMD8(repeating: 52)
        let other = (exponent &- half &- SIMD8(repeating: 1)) &<< SIMD8(repeating: 52)
        return (value * Wide(bits: one) * Wide(bits: other)).setting(.nan, where: x .!= x)
    }

    /// `e^x`: within 1 ulp where the result is normal.
    @inline(__always)
    static func exp(_ x: Wide) -> Wide { exp(x, low: Wide()) }

    /// A positive number as `m · 2^e`, √½ ≤ m < √2.
    @inline(__always)
    static func split(_ x: Wide) -> (m: Wide, e: Wide) {
        let isTiny = x.isBelow(0x1p-1022)
        let bits = x.replacing(with: x * Wide(repeating: 0x1p54), where: isTiny).bits
        // The exponent is biased by 1024, so that it is a shift without sign.
        let bias = SIMD8<UInt64>(repeating: 0x4000_0000_0000_0000)
        let offset = bits &- SIMD8(repeating: 0x3fe6_a09e_667f_3bcd) &+ bias
        let m = Wide(bits: bits &- (offset & SIMD8(repeating: 0xfff0_0000_0000_0000)) &+ bias)
        let number = (offset &>> SIMD8(repeating: 52)) | SIMD8(repeating: 0x4330_0000_0000_0000)
        let e = Wide(bits: number) - Wide(repeating: 0x1p52 + 1024)
        return (m, e.replacing(with: e - Wide(repeating: 54), where: isTiny))
    }

    /// The natural logarithm: within 1 ulp.
    ///
    /// x = m·2^e with √½ ≤ m < √2; f = m - 1, s = f/(2 + f), ln m = 2s + s·R(s²), R of degree 7 (relative error 2^-58).
    @inline(__always)
    static func log(_ x: Wide) -> Wide {
        let (m, e) = split(x)
        let f = m - Wide(repeating: 1)
        let s = f / (f + Wide(repeating: 2))
        let z = s * s
        let z2 = z * z
        let r0 = Wide.cubic(
            z, z2, 0x1.5555555555592p-1, 0x1.999999997fdabp-2, 0x1.24924941f1f19p-2, 0x1.c71c5208a8b69p-3)
        let r4 =
            Wide(repeating: 0x1.39a1b689b7cbcp-3).times(z, plus: 0x1.74663f0fc49b8p-3)
            + z2 * Wide(repeating: 0x1.2f058fab19b3fp-3)
        let r = r0 + z2 * z2 * r4
        let square = f * f * Wide(repeating: 0.5)
        let tail = s * (square + z * r) + e * Wide(repeating: 0x1.ef35793c7673p-45)
        let value = e * Wide(repeating: 0x1.62e42fefa38p-1) - ((square - tail) - f)
        return value.setting(-.infinity, where: x.isEqual(to: 0))
            .setting(.infinity, where: x.isEqual(to: .infinity))
            .setting(.nan, where: x.isBelow(0) .| (x .!= x))
    }
}
