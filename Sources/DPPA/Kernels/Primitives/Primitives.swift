/// All elementwise operations; those that are functions, methods or signs of recipes become names of the language by this.
extension UnaryOp: CaseIterable {
    /// All of one operand.
    public static let allCases: [UnaryOp] = [
        .negate, .abs, .sign, .sqrt, .exp, .log, .sin, .cos, .acos, .tanh, .floor, .not,
    ]
}

extension BinaryOp: CaseIterable {
    /// All of two operands.
    public static let allCases: [BinaryOp] = [
        .add, .subtract, .multiply, .divide, .power, .maximum, .minimum, .greater, .greaterOrEqual, .less, .lessOrEqual,
        .equal, .notEqual, .and, .or, .atan2,
    ]
}
