enum Add: BinaryOnLanes {
    static let facts = PrimitiveFacts("add", "The sum.", .infix("+", binding: 5), spaces: .sum)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { a + b }
    static func scalar(_ a: Double, _ b: Double) -> Double { a + b }
}

enum Subtract: BinaryOnLanes {
    static let facts = PrimitiveFacts("subtract", "The difference.", .infix("-", binding: 5), spaces: .difference)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { a - b }
    static func scalar(_ a: Double, _ b: Double) -> Double { a - b }
}

enum Multiply: BinaryOnLanes {
    static let facts = PrimitiveFacts("multiply", "The product.", .infix("*", binding: 6), spaces: .product)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { a * b }
    static func scalar(_ a: Double, _ b: Double) -> Double { a * b }
}

enum Divide: BinaryOnLanes {
    static let facts = PrimitiveFacts("divide", "The quotient.", .infix("/", binding: 6), spaces: .quotient)
    @inline(__always)
    static func lanes(_ a: Lanes, _ b: Lanes) -> Lanes { a / b }
    static func scalar(_ a: Double, _ b: Double) -> Double { a / b }
}

enum Negate: UnaryOnLanes {
    static let facts = PrimitiveFacts("negate", "The negative.", .prefix("-"), spaces: .multiple)
    @inline(__always)
    static func lanes(_ x: Lanes) -> Lanes { Lanes(bits: x.bits ^ SIMD16(repeating: Int32.min)) }
    static func scalar(_ x: Double) -> Double { -x }
}

extension BinaryOp {
    /// `a + b`.
    public static let add = BinaryOp(Add.self)
    /// `a - b`.
    public static let subtract = BinaryOp(Subtract.self)
    /// `a * b`.
    public static let multiply = BinaryOp(Multiply.self)
    /// `a / b`.
    public static let divide = BinaryOp(Divide.self)
}

extension UnaryOp {
    /// `-x`: the sign bit flipped.
    public static let negate = UnaryOp(Negate.self)
}
