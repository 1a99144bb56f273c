/// The angle in 0...π whose cosine is x: within 2 ulp; NaN outside -1...1.
enum Acos: UnaryOnWide {
    static let facts = PrimitiveFacts("acos", "The arc cosine of each element, in radians.")

    /// π/2 - asin x for |x| ≤ ½, else by the half angle; asin t = t + t·z·R(z), z = t² ≤ ¼, R of degree 12 (2^-59).
    @inline(__always)
    static func wide(_ x: Wide) -> Wide {
        let size = x.magnitudes
        let isLarge = size.isAbove(0.5)
        let z = (x * x).replacing(with: (Wide(repeating: 1) - size) * Wide(repeating: 0.5), where: isLarge)
        let t = x.replacing(with: z.rootsOfMagnitudes, where: isLarge)
        let z2 = z * z
        let z4 = z2 * z2
        let r0 = Wide.cubic(
            z, z2, 0x1.5555555555578p-3, 0x1.333333332df7bp-4, 0x1.6db6db7226310p-5, 0x1.f1c71a8db5416p-6)
        let r4 = Wide.cubic(
            z, z2, 0x1.6e8bdfa801ea9p-6, 0x1.1c49e29e39e55p-6, 0x1.ca20d0e47e1e7p-7, 0x1.757b620a30f64p-7)
        let r8 = Wide.cubic(
            z, z2, 0x1.61747ee013506p-7, 0x1.e2b613b05a937p-9, 0x1.6495579120e1bp-6, -0x1.595862b0f6d8dp-6)
        let r = r0 + z4 * (r4 + z4 * (r8 + z4 * Wide(repeating: 0x1.0bb1a26fac430p-5)))
        let tail = t * z * r
        let (halfPi, rest) = (Wide(repeating: 0x1.921fb54442d18p+0), Wide(repeating: 0x1.1a62633145c07p-54))
        let near = (t + tail) * Wide(repeating: 2)
        let far = (halfPi - (t + (tail - rest))) * Wide(repeating: 2)
        return (halfPi - (t - (rest - tail)))
            .replacing(with: near.replacing(with: far, where: x.isBelow(0)), where: isLarge)
            .setting(.nan, where: size.isAbove(1) .| (x .!= x))
    }
}

/// The angle in -π...π of the point (x, y), with the special values of IEEE 754 `atan2`: within 2 ulp.
enum Atan2: BinaryOnWide {
    static let facts = PrimitiveFacts(
        "atan2", "The angle of the point (`x`, `y`) in radians, from −π to π, element by element.", operands: ("y", "x")
    )

    /// Of |y| and |x| the smaller s over the larger b is t ≤ 1; u is t, or (s - b)/(s + b) = tan(atan t - π/4) for t > tan π/8;
    /// atan u = u + u·z·R(z), z = u² ≤ 0.172, R of degree 11 (2^-64).
    ///
    /// The angle is n·π/4 ± atan u.
    @inline(__always)
    static func wide(_ y: Wide, _ x: Wide) -> Wide {
        let (height, width) = (y.magnitudes, x.magnitudes)
        let isSteep = height .> width
        let larger = width.replacing(with: height, where: isSteep)
        // Huge ones are made smaller, so that their sum is finite; of two infinities each is as good as 1.
        let scale = Wide(repeating: 1).setting(0x1p-100, where: larger.isAbove(0x1p1000))
        let smaller = height.replacing(with: width, where: isSteep)
        let s = (smaller * scale).setting(1, where: smaller.isEqual(to: .infinity))
        let b = (larger * scale).setting(1, where: smaller.isEqual(to: .infinity) .| larger.isEqual(to: 0))
        let isNear = s .> b * Wide(repeating: 0x1.a827999fcef32p-2)
        let u = s.replacing(with: s - b, where: isNear) / b.replacing(with: s + b, where: isNear)

        let z = u * u
        let z2 = z * z
        let z4 = z2 * z2
        let r0 = Wide.cubic(
            z, z2, -0x1.5555555555554p-2, 0x1.999999999965ap-3, -0x1.2492492475d46p-3, 0x1.c71c71b77860cp-4)
        let r4 = Wide.cubic(
            z, z2, -0x1.745d14bfc2dcap-4, 0x1.3b136eadf3757p-4, -0x1.110c79ce1a601p-4, 0x1.e172828e4ee44p-5)
        let r8 = Wide.cubic(
            z, z2, -0x1.ab80a4713b258p-5, 0x1.70f98e7d2edfbp-5, -0x1.125351fc9b92ep-5, 0x1.f255290ed419ep-7)
        let part = u + u * (z * (r0 + z4 * (r4 + z4 * r8)))

        let (zero, signBits) = (Wide(), SIMD8<UInt64>(repeating: 1 << 63))
        let isLeft = (x.bits & signBits) .!= SIMD8<UInt64>()
        let first = zero.setting(1, where: isNear)
        let second = first.replacing(with: Wide(repeating: 2) - first, where: isSteep)
        let n = second.replacing(with: Wide(repeating: 4) - second, where: isLeft)
        let signed = part.replacing(with: zero - part, where: isSteep .^ isLeft)
        // π/4 in parts of 33 and 53 bits, so that n times the first is exact.
        let rest = n * Wide(repeating: 0x1.0b4611a626331p-35) + signed
        let angle = n * Wide(repeating: 0x1.921fb544p-1) + rest
        return Wide(bits: angle.bits | (y.bits & signBits)).setting(.nan, where: (x .!= x) .| (y .!= y))
    }
}

extension UnaryOp {
    /// The angle in 0...π whose cosine is x; NaN outside -1...1.
    public static let acos = UnaryOp(Acos.self)
}

extension BinaryOp {
    /// The angle in -π...π of the point (b, a), with the special values of IEEE 754 `atan2`.
    public static let atan2 = BinaryOp(Atan2.self)
}
