/// The hyperbolic tangent of x: within 3 ulp; ±1 for infinities.
enum Tanh: UnaryOnWide {
    static let facts = PrimitiveFacts("tanh", "The hyperbolic tangent of each element.")

    /// x + x·z·R(z), z = x² < ¼, R of degree 10 (2^-57); for |x| ≥ ½ (1 - t)/(1 + t), t = e^(-2|x|), with the sign of x.
    @inline(__always)
    static func wide(_ x: Wide) -> Wide {
        let size = x.magnitudes
        let z = x * x
        let z2 = z * z
        let z4 = z2 * z2
        let r0 = Wide.cubic(
            z, z2, -0x1.5555555555555p-2, 0x1.11111111110ecp-3, -0x1.ba1ba1ba15d09p-5, 0x1.664f487fe8c99p-6)
        let r4 = Wide.cubic(
            z, z2, -0x1.226e34a75f16ap-7, 0x1.d6d39b0bbfc0dp-9, -0x1.7d9e6fc59026bp-10, 0x1.350cac76fd198p-11)
        let r8 =
            Wide(repeating: 0x1.71df5f3a9e7d6p-14).times(z, plus: -0x1.efa8552b94240p-13)
            + z2 * Wide(repeating: -0x1.80eed54e88307p-16)
        let near = x + x * (z * (r0 + z4 * (r4 + z4 * r8)))
        let one = Wide(repeating: 1)
        let t = VectorMath.exp(size * Wide(repeating: -2))
        let value = ((one - t) / (one + t)).replacing(with: near, where: size.isBelow(0.5))
        let signed = Wide(bits: value.bits | (x.bits & SIMD8<UInt64>(repeating: 1 << 63)))
        return signed.setting(.nan, where: x .!= x)
    }
}

extension UnaryOp {
    /// The hyperbolic tangent of x.
    public static let tanh = UnaryOp(Tanh.self)
}
