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

extension UnaryOp {
    /// The angle in 0...π whose cosine is x; NaN outside -1...1.
    public static let acos = UnaryOp(Acos.self)
}
