/// Powers of eight float64 numbers.
extension VectorMath {
    /// x to the power of y, with the special values of IEEE 754 `pow`: within 2 ulp where the result is normal.
    ///
    /// e^(y · ln |x|) with the logarithm and the product in pairs of float64, so that the error does not grow with the
    /// result. The exponents 2, 1, ½ and -1 are `x * x`, x, √x and `1 / x`, rounded once.
    @inline(__always)
    static func power(_ x: Wide, _ y: Wide) -> Wide {
        let size = x.magnitudes
        // Beyond 2^64 every power of a number other than 1 overflows or vanishes, as it does at 2^64.
        let bounded = y.setting(0x1p64, where: y.isAbove(0x1p64)).setting(-0x1p64, where: y.isBelow(-0x1p64))
        let logarithm = pairLog(size)
        let product = WidePair(product: bounded, logarithm.high)
        // Where the power overflows or vanishes, the low part may be anything.
        let low = (product.low + bounded * logarithm.low).setting(0, where: product.high.magnitudes.isAbove(1000))
        var whole = WidePair(high: product.high, low: low)
        exponentiate(&whole)

        let isRising = y.isAbove(0)
        let none = Wide()
        let atZero = Wide(repeating: .infinity).replacing(with: none, where: isRising)
        let atInfinity = none.setting(.infinity, where: isRising)
        let magnitude = whole.high.replacing(with: atZero, where: size.isEqual(to: 0))
            .replacing(with: atInfinity, where: size.isEqual(to: .infinity))
            .replacing(with: size * size, where: y.isEqual(to: 2))
            .replacing(with: size, where: y.isEqual(to: 1))
            .replacing(with: size.squareRootsOrZero, where: y.isEqual(to: 0.5))
            .replacing(with: Wide(repeating: 1) / size, where: y.isEqual(to: -1))

        let isWhole = isInteger(y)
        let isOdd = isWhole .& .!isInteger(y * Wide(repeating: 0.5))
        let sign = SIMD8<UInt64>().replacing(with: x.bits & SIMD8(repeating: 1 << 63), where: isOdd)
        let hasNoRoot = x.isBelow(0) .& x.isAbove(-.infinity) .& .!isWhole
        return Wide(bits: magnitude.bits | sign)
            .setting(.nan, where: hasNoRoot .| (x .!= x) .| (y .!= y))
            .setting(1, where: y.isEqual(to: 0) .| x.isEqual(to: 1))
    }

    /// Puts `e^(high + low)` into `high`: in place, because vectors that a call takes by value are cut into halves.
    @inline(never)
    private static func exponentiate(_ pair: inout WidePair) {
        pair.high = exp(pair.high, low: pair.low)
    }

    /// Where a number is an integer; infinities are even ones.
    @inline(__always)
    private static func isInteger(_ y: Wide) -> SIMDMask<SIMD8<Int64>> {
        let size = y.magnitudes
        let rounded = (size + Wide(repeating: 0x1p52)) - Wide(repeating: 0x1p52)
        return (rounded .== size) .| (size .>= Wide(repeating: 0x1p52))
    }

    /// The logarithm of a positive finite number: relative error below 2^-62.
    ///
    /// ln m = 2s + ⅔s³ + s⁵·T(s²), s = (m - 1)/(m + 1), the first two terms in pairs; T of degree 7 (relative error 2^-72).
    @inline(__always)
    private static func pairLog(_ x: Wide) -> WidePair {
        let (m, e) = split(x)
        let f = m - Wide(repeating: 1)
        let g = WidePair(ordered: Wide(repeating: 2), f)
        let s = f / g.high
        let back = WidePair(product: s, g.high)
        let sLow = (((f - back.high) - back.low) - s * g.low) / g.high

        var square = WidePair(product: s, s)
        square.low += Wide(repeating: 2) * s * sLow
        var cube = WidePair(product: square.high, s)
        cube.low += square.high * sLow + square.low * s
        let third = Wide(repeating: 0x1.5555555555555p-1)
        var second = WidePair(product: cube.high, third)
        second.low += cube.high * Wide(repeating: 0x1.5555555555555p-55) + cube.low * third

        let z = square.high
        let z2 = z * z
        let t0 = Wide.cubic(
            z, z2, 0x1.9999999999996p-2, 0x1.2492492493034p-2, 0x1.c71c71c58081ep-3, 0x1.745d183247166p-3)
        let t4 = Wide.cubic(
            z, z2, 0x1.3b1362b913ed2p-3, 0x1.1120b52de4ebep-3, 0x1.de3382f7705ffp-4, 0x1.eb1088e2c83aap-4)
        let t = t0 + z2 * z2 * t4
        let rest = z * cube.high * t
        let first = WidePair(ordered: s + s, second.high)
        let low = first.low + (second.low + (sLow + sLow)) + rest
        let mantissa = WidePair(ordered: first.high, low)

        let scaled = WidePair(ordered: e * Wide(repeating: 0x1.62e42fefa38p-1), mantissa.high)
        let scaledLow = scaled.low + (mantissa.low + e * Wide(repeating: 0x1.ef35793c7673p-45))
        return WidePair(ordered: scaled.high, scaledLow)
    }
}
