enum Exp: UnaryOnWide {
    static let facts = PrimitiveFacts("exp", "e to the power of each element.")
    @inline(__always)
    static func wide(_ x: Wide) -> Wide { VectorMath.exp(x) }
}

enum Log: UnaryOnWide {
    static let facts = PrimitiveFacts("log", "The natural logarithm of each element.")
    @inline(__always)
    static func wide(_ x: Wide) -> Wide { VectorMath.log(x) }
}

extension UnaryOp {
    /// e to the power of x.
    public static let exp = UnaryOp(Exp.self)
    /// The natural logarithm; -inf at zero, NaN below.
    public static let log = UnaryOp(Log.self)
}
