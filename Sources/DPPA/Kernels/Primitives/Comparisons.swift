enum Greater: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "greater", "Where the field is greater than `y`.", .method("gt"), givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .> b) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a > b ? 1 : 0 }
}

enum GreaterOrEqual: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "greaterOrEqual", "Where the field is greater than or equal to `y`.", .method("ge"), givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .>= b) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a >= b ? 1 : 0 }
}

enum Less: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "less", "Where the field is less than `y`.", .method("lt"), givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .< b) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a < b ? 1 : 0 }
}

enum LessOrEqual: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "lessOrEqual", "Where the field is less than or equal to `y`.", .method("le"), givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .<= b) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a <= b ? 1 : 0 }
}

enum Equal: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "equal", "Where the field equals `y`.", .method("eq"), givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .== b) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a == b ? 1 : 0 }
}

enum NotEqual: BinaryOnLanes {
    static let facts = PrimitiveFacts(
        "notEqual", "Where the field differs from `y`.", .method("ne"), givesMask: true)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { Lanes(a .!= b) }
    static func scalar(_ a: Double, _ b: Double) -> Double { a != b ? 1 : 0 }
}

extension BinaryOp {
    /// `a > b`; false with NaN.
    public static let greater = BinaryOp(Greater.self)
    /// `a >= b`; false with NaN.
    public static let greaterOrEqual = BinaryOp(GreaterOrEqual.self)
    /// `a < b`; false with NaN.
    public static let less = BinaryOp(Less.self)
    /// `a <= b`; false with NaN.
    public static let lessOrEqual = BinaryOp(LessOrEqual.self)
    /// `a == b`; false with NaN.
    public static let equal = BinaryOp(Equal.self)
    /// `a != b`; true with NaN.
    public static let notEqual = BinaryOp(NotEqual.self)
}
