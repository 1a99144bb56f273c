enum And: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "and", "Where both masks hold.", .infix("&", binding: 2), takesMasks: true, givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a.isTrue .& b.isTrue) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a != 0 && b != 0 ? 1 : 0 }
}

enum Or: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "or", "Where at least one mask holds.", .infix("|", binding: 1), takesMasks: true, givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a.isTrue .| b.isTrue) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a != 0 || b != 0 ? 1 : 0 }
}

enum Not: UnaryOnLanes {
    static let facts = PrimitiveFacts(
        "not", "Where the mask does not hold.", .prefix("~"), takesMasks: true, givesMask: true)
    @inline(__always)
    static func lanes(_ x: Lanes) -> Lanes { Lanes(x .== Lanes()) }
    static func scalar(_ x: Double) -> Double { x == 0 ? 1 : 0 }
}

extension BinaryOp {
    /// Both are nonzero.
    public static let and = BinaryOp(And.self)
    /// One of them is nonzero.
    public static let or = BinaryOp(Or.self)
}

extension UnaryOp {
    /// 1 where x is 0, else 0 (also for NaN, which counts as true).
    public static let not = UnaryOp(Not.self)
}
