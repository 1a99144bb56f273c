/// An elementwise operation: its facts here, its meaning in `UnaryPrimitive` and `BinaryPrimitive`.
///
/// A primitive is one enum without cases in the file of its family, a constant of `UnaryOp` or `BinaryOp` beside it, and a line
/// in `Primitives`. Types of expressions, programs, catalog, printer and fingerprints know none by name.
protocol Primitive: Sendable {
    /// What it is called and what it does to types.
    static var facts: PrimitiveFacts { get }
}

/// What the program knows of an elementwise operation besides its arithmetic.
package struct PrimitiveFacts: Sendable {
    /// Its name; the fingerprints of remembered scores hold it.
    package let name: String
    /// What help and reference say of it.
    package let summary: String
    package let spelling: Spelling
    package let spaces: SpaceRule
    /// Whether the operands must be masks.
    package let takesMasks: Bool
    /// Whether the result, 0 or 1, is one.
    package let givesMask: Bool
    /// What pages call the operands; of one operand the first.
    package let operands: (first: String, second: String)

    init(
        _ name: String, _ summary: String, _ spelling: Spelling = .function, spaces: SpaceRule = .value,
        takesMasks: Bool = false, givesMask: Bool = false, operands: (String, String) = ("x", "y")
    ) {
        self.name = name
        self.summary = summary
        self.spelling = spelling
        self.spaces = spaces
        self.takesMasks = takesMasks
        self.givesMask = givesMask
        self.operands = operands
    }

    /// The name, or the sign, in recipes.
    package var symbol: String {
        switch spelling {
        case .function: name
        case .method(let symbol), .prefix(let symbol), .infix(let symbol, _): symbol
        }
    }
}

/// How recipes write an elementwise operation.
package enum Spelling: Sendable, Equatable {
    /// `name(x, y)`.
    case function
    /// `x:symbol(y)`.
    case method(String)
    /// A sign in front.
    case prefix(String)
    /// A sign between the operands, with its precedence in Lua: 1 for `|` to 9 for `^`.
    case infix(String, binding: Int)
}

/// What an elementwise operation does to models and deltas; `DPPAExpression` says what follows for spaces and missing deltas.
package enum SpaceRule: Sendable {
    /// The result is a value.
    case value
    /// `a + b`.
    case sum
    /// `a - b`.
    case difference
    /// Linear in each operand: `a * b`.
    case product
    /// Linear in the first operand: `a / b`.
    case quotient
    /// Linear in the only operand: `-a`.
    case multiple
}
