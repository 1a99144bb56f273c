import DPPA

/// Whole tensors as matrices.
extension Catalog {
    package static let matrices: [Function] = decompositions + rearrangements + pruning

    private static let decompositions: [Function] = [
        Function(
            name: "svd",
            summary:
                "The thin singular value decomposition x = U S V^T of every matrix: `u` (m × k), `s` (a vector of k, descending) and "
                + "`vt` (k × n), k the smaller side or `rank`. The largest component of each left vector is positive.",
            parameters: [
                .field("x"),
                .options([
                    .option("rank", .value, "the leading triplets alone: a number, or one for each tensor"),
                    .option(
                        "energy", .number(0...1),
                        "of these, the leading ones that have this share of the sum of squares; the others are zeros"),
                    .option(
                        "tolerance", .number(0...1),
                        "triplets whose s is at most this times the largest are zeros; 0 if left out"),
                    precision,
                    .option(
                        "seed", .integer(from: 0),
                        "look for the leading `rank` triplets alone, with random numbers: faster where few are wanted, and close "
                            + "to them where s falls behind"),
                ]),
            ], returns: "three values: u, s and the transpose of v", type: "dppa.Field, dppa.Field, dppa.Field",
            errors: [
                "a tensor has not two dimensions, or is not finite", "it does not converge",
                "there is not enough memory for a matrix",
            ],
            example: "local u, s, vt = dppa.svd(delta:linears(), { rank = 16 })"
        ) { call in
            let options = call.options(1)
            guard options["seed"] == nil || options["rank"] != nil else {
                throw DPPAError(
                    .data, "svd: `seed` is for the leading triplets alone; say how many: rank = 16",
                    location: call.location)
            }
            let (u, s, vt) = try call.session().graph.svd(
                call.node(0), rank: options["rank"].map(call.node),
                SVDOptions(
                    tolerance: options["tolerance"]?.double ?? 0, energy: options["energy"]?.double,
                    isSingle: options["precision"]?.text == "f32",
                    seed: options["seed"]?.int.map { UInt64($0) }))
            return [u, s, vt].flatMap(call.result)
        },
        Function(
            name: "polar",
            summary:
                "U V^T of x = U S V^T: the nearest matrix whose rows, or columns, are orthonormal; over the directions that x has.",
            parameters: [
                .field("x"),
                .options([
                    .option(
                        "tolerance", .number(0...1),
                        "directions whose s is at most this times the largest are left out; 1e-6 if left out"),
                    precision,
                ]),
            ], returns: "a value per element", errors: ["a tensor has not two dimensions, or is not finite"],
            example: "dppa.polar(delta:linears())"
        ) { call in
            let options = call.options(1)
            return call.result(
                try call.session().graph.polar(
                    call.node(0), tolerance: options["tolerance"]?.double ?? 1e-6,
                    isSingle: options["precision"]?.text == "f32"))
        },
        Function(
            name: "solve",
            summary:
                "The least solution x of (a + r) x = b for a symmetric a without negative eigenvalues, such as `gram` gives; r is "
                + "`ridge` times the mean of a's diagonal.",
            parameters: [
                .field("a"), .field("b"),
                .options([
                    .option(
                        "ridge", .number(0...Double.greatestFiniteMagnitude), "added to the diagonal; 0 if left out"),
                    .option(
                        "tolerance", .number(0...1),
                        "directions whose eigenvalue is at most this times the largest get nothing; 1e-6 if left out"),
                ]),
            ], returns: "a value per element", errors: ["the shapes do not fit"],
            example: "dppa.transpose(dppa.solve(dppa.gram(x), dppa.matmul(dppa.transpose(x), y)))"
        ) { call in
            let options = call.options(2)
            return call.result(
                try call.session().graph.solve(
                    call.node(0), call.node(1), ridge: options["ridge"]?.double ?? 0,
                    tolerance: options["tolerance"]?.double ?? 1e-6))
        },
        Function(
            name: "matmul", summary: "The product of two matrices, summed in float64 and rounded once.",
            parameters: [.field("a"), .field("b")], returns: "a value per element", errors: ["the shapes do not fit"],
            example: "dppa.matmul(u, dppa.matmul(dppa.transpose(u), delta))"
        ) { call in
            call.result(try call.session().graph.product(call.node(0), call.node(1)))
        },
        Function(
            name: "gram", summary: "The products of all columns with each other: x^T x.", parameters: [.field("x")],
            returns: "a value per element, n × n", example: "dppa.gram(delta:linears())"
        ) { call in
            let graph = try call.session().graph
            return call.result(try graph.product(graph.transpose(call.node(0)), call.node(0)))
        },
    ]

    private static let rearrangements: [Function] = [
        Function(
            name: "transpose", summary: "Every matrix with rows and columns exchanged.", parameters: [.field("x")],
            returns: "a value per element", example: "dppa.transpose(vt)"
        ) { call in
            call.result(try call.session().graph.transpose(call.node(0)))
        },
        Function(
            name: "hstack", summary: "Matrices of equal row counts side by side, or vectors one after the other.",
            parameters: [Parameter("parts", .list(.field))], returns: "a value per element",
            errors: ["the shapes do not fit"], example: "dppa.hstack { u1, u2 }"
        ) { call in
            call.result(try call.session().graph.beside(call.nodes(0)))
        },
        Function(
            name: "vstack", summary: "Matrices of equal column counts one below the other.",
            parameters: [Parameter("parts", .list(.field))], returns: "a value per element",
            errors: ["the shapes do not fit"], example: "dppa.vstack { vt1, vt2 }"
        ) { call in
            call.result(try call.session().graph.below(call.nodes(0)))
        },
        Function(
            name: "cumsum", summary: "The sums of each row, or of a vector, up to every element.",
            parameters: [.field("x")], returns: "a value per element",
            example: "dppa.cumsum(s) / dppa.sum(s, \"tensor\")"
        ) { call in
            call.result(try call.session().graph.cumulated(call.node(0)))
        },
        Function(
            name: "block",
            summary:
                "A part of every matrix or vector, with zeros where it reaches outside. All numbers may differ from tensor to "
                + "tensor, as `per_tensor` gives them.",
            parameters: [
                .field("x"),
                Parameter(
                    "options",
                    .options([
                        .option("rows", .value, "how many rows; all if left out"),
                        .option("columns", .value, "how many columns; all if left out"),
                        .option("from_row", .value, "the first row; 1 if left out"),
                        .option("from_column", .value, "the first column; 1 if left out"),
                    ])),
            ], returns: "a value per element", errors: ["a number is not known without reading weights"],
            example: "dppa.block(x, { columns = 16, from_column = 17 })"
        ) { call in
            let options = call.options(1)
            func node(_ name: String) throws -> NodeID? { try options[name].map(call.node) }
            return call.result(
                try call.session().graph.block(
                    call.node(0), rows: node("rows"), columns: node("columns"), firstRow: node("from_row"),
                    firstColumn: node("from_column")))
        },
        Function(
            name: "spread_rows", summary: "The numbers of a vector, one for each row of `like`, in all of its columns.",
            parameters: [.field("vector"), .field("like")], returns: "a value per element",
            errors: ["the vector is not as long as `like` has rows"], example: "dppa.spread_rows(s, vt) * vt"
        ) { call in
            call.result(try call.session().graph.spread(call.node(0), over: call.node(1), isByRow: true))
        },
        Function(
            name: "spread_columns",
            summary: "The numbers of a vector, one for each column of `like`, in all of its rows.",
            parameters: [.field("vector"), .field("like")], returns: "a value per element",
            errors: ["the vector is not as long as `like` has columns"],
            example: "dppa.matmul(u * dppa.spread_columns(s, u), vt)"
        ) { call in
            call.result(try call.session().graph.spread(call.node(0), over: call.node(1), isByRow: false))
        },
        Function(
            name: "whole",
            summary:
                "A field that is computed once and kept in memory, tensor by tensor, for rules that go on from it in many steps.",
            parameters: [.field("x")], returns: "a value per element",
            example: "local after = dppa.whole(x - 0.1 * dppa.matmul(x, dppa.gram(y)))"
        ) { call in
            call.result(try call.session().graph.whole(call.node(0)))
        },
    ]

    private static let precision = Parameter.option(
        "precision", .choice(["f64", "f32"]),
        "what it is computed in; f32 takes half the memory and time; f64 if left out")
}
