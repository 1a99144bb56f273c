import DPPA

/// Elementwise functions, operators and comparisons.
extension Catalog {
    static let arithmetic: [Function] =
        [
            unary(.abs, "The absolute value of each element."),
            unary(.sign, "−1, 0 or 1 by the sign of each element; NaN stays NaN."),
            unary(.sqrt, "The square root of each element."),
            unary(.exp, "e to the power of each element."),
            unary(.log, "The natural logarithm of each element."),
            unary(.sin, "The sine of each element, in radians."),
            unary(.cos, "The cosine of each element, in radians."),
            unary(.acos, "The arc cosine of each element, in radians."),
            unary(.floor, "Each element rounded towards minus infinity."),
            binary(.maximum, "The larger of two values, element by element; NaN if either is."),
            binary(.minimum, "The smaller of two values, element by element; NaN if either is."),
            Function(
                name: "clamp", summary: "`x` cut to the range from `low` to `high`; a named clamp reports what it cut.",
                parameters: [.value("x"), .value("low"), .value("high")], returns: "a value",
                example: "clamp(1 - rate + shift, 0, 1):named \"density\""
            ) { call in
                call.result(try call.session().graph.clamp(call.node(0), call.node(1), call.node(2)))
            },
            Function(
                name: "where", summary: "`a` where the mask holds, elsewhere `b`.",
                parameters: [Parameter("mask", .mask), .value("a"), .value("b")],
                returns: "a delta if one side is a delta and the other a delta or 0; a model if both are; else a value",
                example: "where(top(abs(delta), 0.2, \"tensor\"), delta, 0)"
            ) { call in
                call.result(try call.session().graph.select(call.node(0), call.node(1), call.node(2)))
            },
            Function(
                name: "weight_sum",
                summary: "The sum of weights to divide by: they must not cancel, |Σw| ≤ 1e-6·Σ|w|, on any tensor.",
                parameters: [Parameter("weights", .list(.value))],
                returns: "a number, or a value at the finest of their scopes", type: "number|dppa.Field",
                errors: ["the weights add up to nothing but for rounding, now or where the weights are read"],
                example: "(density * x + share * y) / weight_sum { density, share }"
            ) { call in
                let session = try call.session()
                guard case .table(let table) = call.argument(0) else { return [.null] }
                do { try session.requireSum(table.array, "weight_sum") } catch var error as DPPAError {
                    error.location = error.location ?? call.location
                    throw error
                }
                let numbers = table.array.compactMap(\.double)
                if numbers.count == table.array.count { return [.number(numbers.reduce(0, +))] }
                return call.result(try session.graph.weightSum(call.nodes(0)))
            },
            Function(
                name: "round_to", summary: "Each element rounded to a storage type and back.",
                parameters: [
                    .field("x"), Parameter("dtype", .dtype(DType.userSpellings.compactMap { DType(userSpelling: $0) })),
                ], returns: "the same kind of field",
                example: "round_to(expert - base, \"bf16\")"
            ) { call in
                let dtype = DType(userSpelling: call.text(1)) ?? .f32
                return call.result(try call.session().graph.roundTo(dtype, call.node(0)))
            },
        ]

    static let comparisons: [Function] = [
        binary(.greater, "Where the field is greater than `y`."),
        binary(.greaterOrEqual, "Where the field is greater than or equal to `y`."),
        binary(.less, "Where the field is less than `y`."),
        binary(.lessOrEqual, "Where the field is less than or equal to `y`."),
        binary(.equal, "Where the field equals `y`."),
        binary(.notEqual, "Where the field differs from `y`."),
    ]

    /// Lua's operators on fields, by metamethod.
    package static let operators: [String: Function] = [
        "__add": binary(.add, "The sum."), "__sub": binary(.subtract, "The difference."),
        "__mul": binary(.multiply, "The product."), "__div": binary(.divide, "The quotient."),
        "__pow": binary(.power, "The power."), "__band": binary(.and, "Where both masks hold."),
        "__bor": binary(.or, "Where at least one mask holds."),
        "__unm": unary(.negate, "The negative."), "__bnot": unary(.not, "Where the mask does not hold."),
    ].mapValues { function in
        var sign = function
        sign.form = .sign
        return sign
    }

    private static func unary(_ op: UnaryOp, _ summary: String) -> Function {
        Function(
            name: op == .not ? "~" : op == .negate ? "-" : "\(op)", summary: summary,
            parameters: [op == .not ? Parameter("x", .mask) : .value("x")], returns: "a value at the scope of `x`",
            example: "\(op)(x)"
        ) { call in
            call.result(try call.session().graph.unary(op, call.node(0)))
        }
    }

    private static func binary(_ op: BinaryOp, _ summary: String) -> Function {
        Function(
            name: op.symbol, summary: summary,
            parameters: op == .and || op == .or
                ? [Parameter("x", .mask), Parameter("y", .mask)] : [.value("x"), .value("y")],
            returns: op.isComparison ? "a mask at the finer of both scopes" : "a value at the finer of both scopes",
            example: op.isComparison ? "x:\(op.symbol)(y)" : "\(op.symbol)(x, y)"
        ) { call in
            call.result(try call.session().graph.binary(op, call.node(0), call.node(1)))
        }
    }
}
