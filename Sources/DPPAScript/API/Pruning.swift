import DPPA

/// What prunes whole matrices.
extension Catalog {
    /// What goes: a share of all, or all but some of each group.
    private static let pattern: [Parameter] = [
        .option("sparsity", .value, "the share that goes, a number or one for each tensor; 0.5 if left out"),
        .option(
            "keep", .integer(from: 0),
            "how many of each `group` consecutive inputs stay; then there is no sparsity"),
        .option("group", .integer(from: 1), "the inputs of a group; 4 if left out"),
    ]

    private static let damp = Parameter.option(
        "damp", .number(0...Double.greatestFiniteMagnitude),
        "what is added to the diagonal of the covariance, times its mean; 0.01 if left out")

    /// What the options say of that; a group of 0 where there is none.
    private static func whatGoes(
        _ call: Call, _ options: [String: ScriptValue]
    ) throws -> (sparsity: NodeID, kept: Int, group: Int) {
        let keep = options["keep"]?.int
        guard keep == nil || options["sparsity"] == nil, keep != nil || options["group"] == nil else {
            throw DPPAError(
                .data, "\(call.name): keep and group say what goes of a group; sparsity says it of all",
                notes: ["take sparsity = 0.5, or keep = 2 and group = 4"], location: call.location)
        }
        let sparsity = try options["sparsity"].map(call.node) ?? call.session().graph.constant(0.5)
        return (sparsity, keep ?? 0, keep == nil ? 0 : options["group"]?.int ?? 4)
    }

    static let pruning: [Function] = [
        Function(
            name: "n_of_m",
            summary:
                "The mask of the `n` largest of each `m` consecutive elements of a row, among equals the first: 2 of 4 for the sparse "
                + "matrix products of graphics processors.",
            parameters: [.field("x"), Parameter("n", .integer(from: 0)), Parameter("m", .integer(from: 1))],
            returns: "a mask", errors: ["rows are no multiple of m", "n is above m"],
            example: "dppa.n_of_m(abs(delta), 2, 4)"
        ) { call in
            call.result(
                try call.session().graph.consecutive(
                    call.node(0), kept: call.argument(1).int ?? 0, group: call.argument(2).int ?? 1))
        },
        Function(
            name: "sparsegpt",
            summary:
                "Matrices pruned column by column by SparseGPT, the columns behind making up for what goes; `covariance` is that of their "
                + "inputs, as `activations` tells it, in any scale.",
            parameters: [
                .field("w"), .field("covariance"),
                .options(
                    pattern + [
                        .option(
                            "block", .integer(from: 1), "how many columns have their mask together; 128 if left out"),
                        damp,
                    ]),
            ], returns: "a value per element",
            errors: ["the shapes do not fit", "a row is no multiple of the group", "the covariance has no inverse"],
            example: "dppa.sparsegpt(delta, dppa.gram(delta), { sparsity = 0.5, damp = 0.1 })"
        ) { call in
            let (graph, options) = (try call.session().graph, call.options(2))
            let (sparsity, kept, group) = try whatGoes(call, options)
            return call.result(
                try graph.sparseGPT(
                    call.node(0), products: call.node(1), sparsity: sparsity,
                    SparseGPTOptions(
                        damp: options["damp"]?.double ?? 0.01, block: options["block"]?.int ?? 128, kept: kept,
                        group: group)))
        },
        Function(
            name: "dsnot",
            summary:
                "A mask of matrices repaired by DSnoT, row by row, as many elements staying: so that what goes, times the sums of its "
                + "inputs, adds up to little.",
            parameters: [
                .field("w"), .field("mask"),
                Parameter(
                    "options",
                    .options([
                        .option("sums", .field, isRequired: true, "sums of each input over the tokens / lines"),
                        .option("variance", .field, isRequired: true, "variances of the inputs"),
                        .option("norm", .field, isRequired: true, "norms of the inputs"),
                        .option(
                            "rounds", .integer(from: 0),
                            "how many elements of a row change places at most; 50 if left out"),
                        .option(
                            "threshold", .number(0...Double.greatestFiniteMagnitude),
                            "the error of a row that may stay; 0.1 if left out"),
                    ])),
            ], returns: "a mask", errors: ["the shapes do not fit"],
            example: "dppa.dsnot(u, u:gt(0), { sums = s, variance = s * s, norm = s })"
        ) { call in
            let (graph, options) = (try call.session().graph, call.options(2))
            func node(_ name: String) throws -> NodeID { try call.node(options[name] ?? .null) }
            return call.result(
                try graph.dsnot(
                    call.node(0), kept: call.node(1), sums: node("sums"), variances: node("variance"),
                    norms: node("norm"),
                    DSnoTOptions(
                        rounds: options["rounds"]?.int ?? 50, threshold: options["threshold"]?.double ?? 0.1)))
        },
        Function(
            name: "alps",
            summary:
                "Matrices pruned by ALPS: those with as many weights whose products with the inputs are nearest, by many rounds; `covariance` "
                + "is that of the inputs, in any scale.",
            parameters: [
                .field("w"), .field("covariance"),
                .options(
                    pattern + [
                        .option("rho", .number(1e-6...1e6), "the first penalty; 0.1 if left out"),
                        .option("rounds", .integer(from: 1), "how many rounds at most; 300 if left out"),
                        damp,
                    ]),
            ], returns: "a value per element",
            errors: ["the shapes do not fit", "a row is no multiple of the group"],
            example: "dppa.alps(delta, dppa.gram(delta), { sparsity = 0.5 })"
        ) { call in
            let (graph, options) = (try call.session().graph, call.options(2))
            let (sparsity, kept, group) = try whatGoes(call, options)
            return call.result(
                try graph.alps(
                    call.node(0), products: call.node(1), sparsity: sparsity,
                    ALPSOptions(
                        damp: options["damp"]?.double ?? 0.01, rho: options["rho"]?.double ?? 0.1,
                        rounds: options["rounds"]?.int ?? 300, kept: kept, group: group)))
        },
    ]
}
