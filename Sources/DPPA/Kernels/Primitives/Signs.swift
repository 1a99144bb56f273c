enum Abs: UnaryOnLanes {
    static let facts = PrimitiveFacts("abs", "The absolute value of each element.")
    @inline(__always)
    static func lanes(_ x: Lanes) -> Lanes { Lanes(bits: x.bits & SIMD16(repeating: Int32.max)) }
    static func scalar(_ x: Double) -> Double { x.magnitude }
}

enum Sign: UnaryOnLanes {
    static let facts = PrimitiveFacts("sign", "−1, 0 or 1 by the sign of each element; NaN stays NaN.")
    @inline(__always)
    static func lanes(_ x: Lanes) -> Lanes {
        let signs = Lanes(x .> Lanes()) - Lanes(x .< Lanes())
        return signs.replacing(with: x, where: x .!= x)
    }
    static func scalar(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : x.isNaN ? x : 0 }
}

extension UnaryOp {
    /// `|x|`: the sign bit cleared.
    public static let abs = UnaryOp(Abs.self)
    /// 1, 0 or -1; 0 for both zeros; NaN for NaN.
    public static let sign = UnaryOp(Sign.self)
}
