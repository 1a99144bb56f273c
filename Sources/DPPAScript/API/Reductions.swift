import DPPA

/// Reductions to a coarser scope, and what is chosen by order.
extension Catalog {
    static let reductions: [Function] =
        Reduction.allCases.map(function) + [
            Function(
                name: "variance", summary: "The biased variance over a scope: mean((x − mean(x))²).",
                parameters: [.field("x"), .scope], returns: "a value at that scope", example: "variance(x, \"row\")"
            ) { call in
                call.result(try call.session().graph.variance(call.node(0), over: call.scope(1)))
            },
            Function(
                name: "numel", summary: "How many elements each tensor has, or each instance of a coarser scope.",
                parameters: [.field("x"), Parameter("scope", .scope, isOptional: true)],
                returns: "a value at that scope",
                example: "mean(share, \"model\", numel(delta))"
            ) { call in
                let scope = call.has(1) ? try call.scope(1) : .tensor
                return call.result(try call.session().graph.numel(call.node(0), over: scope))
            },
            Function(
                name: "top",
                summary:
                    "The mask of the ⌊fraction · n⌋ largest values of each instance of a scope, at least one if the fraction is "
                    + "above 0, or of the k largest with { count = k }; exact; among equals the lowest index; never a "
                    + "non-finite value.",
                parameters: [.field("x"), Parameter("fraction", .amount), .scope],
                returns: "a mask at the scope of `x`",
                example: "top(abs(delta), 0.2, \"tensor\")"
            ) { call in
                let amount = try call.amount(1)
                return call.result(
                    try call.session().graph.top(
                        call.node(0), share: amount.node, isCount: amount.isCount, over: call.scope(2)))
            },
            Function(
                name: "kth",
                summary: "The value with an ascending index from 0 within a scope; NaN counts as the largest.",
                parameters: [.field("x"), .value("index"), .scope], returns: "a value at that scope",
                example: "kth(abs(delta), 0.5 * (numel(delta) - 1), \"tensor\")"
            ) { call in
                call.result(try call.session().graph.kth(call.node(0), index: call.node(1), over: call.scope(2)))
            },
            Function(
                name: "rank",
                summary: "The ascending rank from 0 of each element within its row; among equals by index.",
                parameters: [.field("x"), .scope], returns: "a value per element", example: "rank(abs(delta), \"row\")"
            ) { call in
                call.result(try call.session().graph.rank(call.node(0), over: call.scope(1)))
            },
        ]

    private static func function(_ op: Reduction) -> Function {
        op.facts.isOfTwo ? functionOfTwo(op) : functionOfOne(op)
    }

    private static func functionOfOne(_ op: Reduction) -> Function {
        let facts = op.facts
        return Function(
            name: facts.name, summary: facts.summary,
            parameters: [facts.takesMask ? Parameter("x", .mask) : .field("x"), .scope]
                + (facts.takesWeight ? [Parameter("weight", .value, isOptional: true)] : []),
            returns: "a value at that scope", errors: ["the scope is not coarser than the scope of `x`"],
            example: "\(facts.name)(\(facts.takesMask ? "x:gt(0)" : "x"), \"tensor\")"
        ) { call in
            let weight = call.has(2) ? try call.node(2) : nil
            return call.result(
                try call.session().graph.reduce(op, call.node(0), over: call.scope(1), weight: weight))
        }
    }

    private static func functionOfTwo(_ op: Reduction) -> Function {
        Function(
            name: op.facts.name, summary: op.facts.summary, parameters: [.field("x"), .field("y"), .scope],
            returns: "a value at that scope", example: "\(op.facts.name)(a, b, \"tensor\")"
        ) { call in
            call.result(try call.session().graph.reduce(op, call.node(0), with: call.node(1), over: call.scope(2)))
        }
    }
}
