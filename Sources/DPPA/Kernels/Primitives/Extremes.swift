enum Maximum: BinaryOnLanes {
    static let facts = PrimitiveFacts("maximum", "The larger of two values, element by element; NaN if either is.")
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: (b .> a) .| (b .!= b)) }
    static func scalar(_ a: Double, _ b: Double) -> Double { b > a || b.isNaN ? b : a }
}

enum Minimum: BinaryOnLanes {
    static let facts = PrimitiveFacts("minimum", "The smaller of two values, element by element; NaN if either is.")
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: (b .< a) .| (b .!= b)) }
    static func scalar(_ a: Double, _ b: Double) -> Double { b < a || b.isNaN ? b : a }
}

extension BinaryOp {
    /// The larger; NaN if one is NaN; the first of equals.
    public static let maximum = BinaryOp(Maximum.self)
    /// The smaller; NaN if one is NaN; the first of equals.
    public static let minimum = BinaryOp(Minimum.self)
}
