enum Sqrt: UnaryOnLanes {
    static let facts = PrimitiveFacts("sqrt", "The square root of each element.")
    @inline(__always)
    static func lanes(_ x: Lanes) -> Lanes { x.squareRoots }
    static func scalar(_ x: Double) -> Double { x < 0 ? .nan : x.squareRoot() }
}

/// x to the power of y, with the special values of IEEE 754 `pow`: within 2 ulp where the result is normal.
enum Power: BinaryOnWide {
    static let facts = PrimitiveFacts("power", "The power.", .infix("^", binding: 9))

    /// Common exponents are one instruction each, and have the same bits as the power.
    static func apply(_ a: Operand, _ b: Operand, into out: UnsafeMutablePointer<Float>, count: Int) {
        switch b {
        case .scalar(2): Multiply.apply(a, a, into: out, count: count)
        case .scalar(-1): Divide.apply(.scalar(1), a, into: out, count: count)
        case .scalar(0.5): RootPower.apply(a, b, into: out, count: count)
        default: loop(a, b, into: out, count: count)
        }
    }

    /// `pow(x, 0.5)`: unlike the square root it is +0 at -0 and inf at -inf.
    private enum RootPower: BinaryOnLanes {
        static var facts: PrimitiveFacts { Power.facts }
        @inline(__always)
        static func lanes(_ x: Lanes, _: Lanes) -> Lanes {
            let isInvalid = (x .< Lanes()) .& (x .!= Lanes(repeating: -.infinity))
            return Abs.lanes(x).squareRoots.replacing(with: Lanes(repeating: .nan), where: isInvalid)
        }
        static func scalar(_ x: Double, _ exponent: Double) -> Double { Power.scalar(x, exponent) }
    }

    /// e^(y · ln |x|) with the logarithm and the product in pairs of float64, so that the error does not grow with the result.
    ///
    /// The exponents 2, 1, ½ and -1 are `x * x`, x, √x and `1 / x`, rounded once.
    @inline(__always)
    static func wide(_ x: Wide, _ y: Wide) -> Wide {
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
            .replacing(with: size.rootsOfMagnitudes, where: y.isEqual(to: 0.5))
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
        pair.high = VectorMath.exp(pair.high, low: pair.low)
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
        let (m, e) = VectorMath.split(x)
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

extension UnaryOp {
    /// The square root, correctly rounded; NaN below zero.
    public static let sqrt = UnaryOp(Sqrt.self)
}

extension BinaryOp {
    /// a to the power of b, with the special values of IEEE 754 `pow`.
    public static let power = BinaryOp(Power.self)
}
