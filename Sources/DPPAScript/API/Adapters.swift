import DPPA

/// Deltas of low rank, which are written as adapters.
extension Catalog {
    package static let adapters: [Function] = [
        Function(
            name: "lora",
            summary:
                "The best approximation of a delta's matrices by low rank, U S V^T of the leading triplets: a delta again. Returned or "
                + "saved, it is written as a LoRA adapter that PEFT reads; on a base it is the model with that adapter.",
            parameters: [.field("delta"), .options(options)], returns: "a delta",
            errors: [
                "it is not said how large the factors are: rank or energy",
                "a tensor is no matrix of a linear module, and `rest` does not say what becomes of it",
                "a matrix is not finite", "the delta is zero",
            ],
            example: "(expert - base):linears():lora { rank = 16 }"
        ) { call in
            let (session, options) = (try call.session(), call.options(1))
            func mistake(_ message: String, _ notes: String...) -> DPPAError {
                DPPAError(.data, ":lora: " + message, notes: notes, location: call.location)
            }
            let (rank, energy) = (options["rank"], options["energy"]?.double)
            let isExact = rank?.text == "exact"
            guard (rank == nil) != (energy == nil) else {
                throw mistake(
                    rank == nil
                        ? "say how large the factors are" : "rank and energy both say how large the factors are",
                    "rank = 16 for equal ranks, rank = \"exact\" for a sum of adapters as it is",
                    "energy = 0.95, with max_rank if you like, for as many directions as have that share of ‖delta‖²")
            }
            guard energy != 0 else { throw mistake("energy = 0 keeps nothing; give a share above 0") }
            if energy == nil, options["max_rank"] != nil {
                throw mistake("max_rank is for energy; rank is a rank already")
            }
            if options["seed"] != nil, energy != nil || isExact {
                throw mistake("`seed` is for the leading triplets alone; say how many: rank = 16")
            }
            var request = AdapterRequest(
                LowRankOptions(
                    rank: rank?.int ?? options["max_rank"]?.int, energy: energy, isExact: isExact,
                    isSingle: options["precision"]?.text == "f32", seed: options["seed"]?.int.map { UInt64($0) }))
            request.targets = options["targets"]?.text.map { [$0] } ?? options["targets"]?.texts ?? []
            request.rest = options["rest"]?.text.flatMap(AdapterRequest.Rest.init) ?? .error
            request.base = try options["base"].map(call.node)
            return call.result(try session.graph.adapter(call.node(0), request))
        }
    ]

    private static let options: [Parameter] = [
        .option(
            "rank", .oneOf([.integer(from: 1), .choice(["exact"])]),
            "the rank of all factors, or that of their smaller side; \"exact\" for a sum of adapters by their own factors"
        ),
        .option(
            "energy", .number(0...1),
            "instead of rank: as many triplets as have this share of the sum of squares, in each matrix"),
        .option("max_rank", .integer(from: 1), "with energy: at most so many; the smaller side if left out"),
        .option("targets", .globs, "the matrices that get factors; the linears of blocks if left out"),
        .option(
            "rest", .choice(AdapterRequest.Rest.allCases.map(\.rawValue)),
            "what becomes of all else that the delta has: an error, dropped with a warning that tells its share, or saved whole "
                + "as modules_to_save; error if left out"),
        .option(
            "base", .openedModel, "the model that it goes onto; the one that the delta was taken from if left out"),
        .option(
            "precision", .choice(["f64", "f32"]),
            "what matrices are decomposed in; f32 takes half the memory and time; f64 if left out"),
        .option(
            "seed", .integer(from: 0),
            "look for the leading `rank` triplets alone, with random numbers: faster where few are wanted"),
    ]
}
