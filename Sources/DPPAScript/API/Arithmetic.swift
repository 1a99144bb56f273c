import DPPA

/// Elementwise functions that are more than one operation of the engine.
extension Catalog {
    static let arithmetic: [Function] =
        [
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
                example: "(w * x + v * y) / weight_sum { w, v }"
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
}
