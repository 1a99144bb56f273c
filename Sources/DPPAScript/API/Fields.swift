import DPPA

/// Models, selections, doors between spaces, randomness.
extension Catalog {
    static let fields: [Function] = [
        Function(
            name: "model",
            summary:
                "Opens a model: a Hugging Face directory, a safetensors, PyTorch or GGUF file, or a LoRA adapter, which is a delta of its base; "
                + "`label=path` gives it a label, `base+adapter` is a model with an adapter on it, `base+pack` the one that was packed.",
            parameters: [Parameter("path", .path), .options(modelOptions)],
            returns: "a field of the space model, or delta for an adapter",
            errors: ["there is no such model", "the path leads out of the recipe's folder"],
            example: "local base = dppa.model \"zoo/base\""
        ) { call in
            let (session, options) = (try call.session(), call.options(1))
            let like = try options["like"].flatMap { session.modelIndex(try call.node($0)) }
            return call.result(
                try session.model(
                    call.text(0), label: options["label"]?.text, like: like, AlignmentOptions(options),
                    isLoose: options["configs"]?.text == "warn"))
        },
        Function(
            name: "family",
            summary:
                "Opens a base and the models that were made from it, fitted to each other: names, heads, vocabularies, parts that "
                + "one of them lacks. Each thing that is done is a line of `check`, plan, card and report.",
            parameters: [
                Parameter(
                    "models",
                    .options(
                        [
                            .option("base", .path, "the base; the first expert if left out"),
                            .option("experts", .list(.path), isRequired: true, "the models that were made from it"),
                            .option(
                                "rows", .choice(AlignmentOptions.Rows.allCases.map(\.rawValue)),
                                "how many rows the vocabulary gets where sizes differ: the base's, the experts', or the fewest; "
                                    + "base if left out"),
                            .option(
                                "vocabulary", .name,
                                "whose tokens embedding and head have a row for, told apart by their texts: \"base\", \"union\", or the label "
                                    + "or path of one model; where it is left out, rows of one number are one, whatever tokens they "
                                    + "stand for"),
                            .option(
                                "tokens", .names(tokenRow),
                                "with `vocabulary`, the rows of single tokens for models that lack them: \"zero\", \"mean\" of those "
                                    + "that have it, a model's, or `{ from = model, token = text, force = true }`, where `token` is "
                                    + "another token of that model (or `id` the number of a row), and with `force` all models get "
                                    + "the row; a token that the vocabulary lacks is added"),
                            .option(
                                "pad_to_multiple", .integer(from: 1),
                                "with `vocabulary`, of what the number of rows is a multiple, as few as hold all tokens; if left out, as "
                                    + "many as the model has whose ids they are, or more where there are more tokens"),
                        ] + fittingOptions))
            ], returns: "the base, if there is one, and the list of experts", type: "dppa.Field, dppa.Field[]",
            errors: ["a model has tensors inside the others' parts that these lack, or the other way round"],
            example:
                "local base, experts = dppa.family { base = \"zoo/base\", experts = { \"zoo/math\", \"zoo/law\" } }"
        ) { call in
            let options = call.options(0)
            try VocabularyOptions.check(options, at: call.location)
            let (base, experts) = try call.session().family(
                base: options["base"]?.text, experts: options["experts"]?.texts ?? [], AlignmentOptions(options),
                isLoose: options["configs"]?.text == "warn")
            let list = ScriptValue.table(ScriptTable(array: experts.map { .object(NodeObject($0)) }))
            return base.map { [.object(NodeObject($0)), list] } ?? [list]
        },
        Function(
            name: "tensors",
            summary: "Opens a safetensors or PyTorch file of side tensors, such as Fisher weights, as plain values.",
            parameters: [Parameter("path", .path)], returns: "a value per element",
            example: "local fisher = dppa.tensors \"fisher.safetensors\""
        ) { call in
            call.result(try call.session().tensors(call.text(0)))
        },
        Function(
            name: "label", summary: "The label of the model that a field comes from; nil if it comes from several.",
            parameters: [.field("field")], returns: "a text, or nil", type: "string?",
            example: "dppa.label(expert - base)"
        ) { call in
            [try call.session().graph[call.node(0)].label.map { .string($0) } ?? .null]
        },
        Function(
            name: "space", summary: "What a field is: \"model\", \"delta\" or \"value\".",
            parameters: [.field("field")], returns: "a text", type: "string", example: "dppa.space(expert - base)"
        ) { call in
            [.string(try call.session().graph[call.node(0)].space.rawValue)]
        },
        Function(
            name: "weights", summary: "A model's numbers as plain values.", parameters: [.field("model")],
            returns: "a value per element", example: "dppa.norm(dppa.weights(base), \"tensor\")"
        ) { call in
            call.result(try call.session().graph.reinterpret(call.node(0), as: .value))
        },
        Function(
            name: "as_model", summary: "Declares that a value is a model with the tensors of `like`.",
            parameters: [.field("value"), .field("like")], returns: "a model",
            example: "dppa.as_model(0.5 * dppa.weights(a) + 0.5 * dppa.weights(b), a)"
        ) { call in
            call.result(try call.session().graph.reinterpret(call.node(0), as: .model, like: call.node(1)))
        },
        Function(
            name: "as_delta", summary: "Declares that a value is a delta.", parameters: [.field("value")],
            returns: "a delta", example: "dppa.as_delta(dppa.maximum(a, b))"
        ) { call in
            call.result(try call.session().graph.reinterpret(call.node(0), as: .delta))
        },
    ]

    /// What the row of a token is.
    private static let tokenRow = Parameter.Kind.oneOf([
        .name,
        .options([
            .option("from", .name, isRequired: true, "\"zero\", \"mean\", or a model"),
            .option("token", .name, "another token of that model"),
            .option("id", .integer(from: 0), "instead of a token: a row of that model by its number, from 0"),
            .option("force", .flag, "whether models that have the token get the row too"),
        ]),
    ])

    /// Of `model` and `models`.
    static let modelOptions: [Parameter] =
        [
            .option("label", .name, "the name in messages, reports and random streams; else the last part of the path"),
            .option(
                "like", .openedModel,
                "a model that this one is fitted to: its names, its rows, and what is missing here; `dppa.family` fits both sides"
            ),
        ] + fittingOptions

    /// How a model may be fitted to another.
    static let fittingOptions: [Parameter] = [
        .option(
            "names", .names(.text),
            "other names by glob, `[\"model.*\"] = \"language_model.model.*\"`, for what is not found by itself"),
        .option(
            "missing", .choice(AlignmentOptions.Missing.allCases.map(\.rawValue)),
            "what may be missing, and is then the other model's: whole parts, or anything; parts if left out"),
        .option(
            "extra", .choice(AlignmentOptions.Extra.allCases.map(\.rawValue)),
            "what only this model has: whole parts are left out, anything is, or a family keeps it; parts if left out"),
        .option(
            "stacks", .choice(AlignmentOptions.Stacks.allCases.map(\.rawValue)),
            "what the experts of a mixture are that lie in one tensor: a linear each, as in models that keep them so, or the whole one; "
                + "they are written as they lay; apart if left out"),
        .option(
            "configs", .choice(["refuse", "warn"]),
            "what happens where config.json says that weights mean something else than in the first model; refuse if left out"
        ),
        .option(
            "refuse", .list(.choice(AlignmentOptions.Step.allCases.map(\.rawValue))),
            "steps of the fitting that are to be errors"),
    ]

    static let fieldMethods: [Function] = [
        Function(
            name: "mt19937",
            summary:
                "Random numbers of [0, 1) for every element, a value for each share: one serial stream of the Mersenne Twister "
                + "MT19937 with 24 bits a number, as PyTorch draws on a processor. It goes through the tensors in bytewise order "
                + "of names, in each through the shares, in these through the elements; where a share is 1 it draws nothing.",
            parameters: [
                .field("field"), Parameter("shares", .list(.share)),
                .options([
                    .option("seed", .integer(from: 0), "its low 32 bits seed the generator; 0 if left out"),
                    .option("zero", .flag, "whether a share of 0 draws numbers; true if left out"),
                ]),
            ], returns: "a list of values per element", type: "dppa.Field[]",
            errors: ["a share is not known without reading weights"],
            example: "local u = base:mt19937({ 0.2, 0.5 }, { seed = 42 })"
        ) { call in
            guard case .table(let table) = call.argument(1) else { return [] }
            let options = call.options(2)
            let isZeroDrawn = if case .bool(false)? = options["zero"] { false } else { true }
            let nodes = try call.session().graph.mt19937(
                like: call.node(0), shares: table.array.map(call.node), seed: UInt64(options["seed"]?.int ?? 0),
                drawsAtZero: isZeroDrawn)
            return [.table(ScriptTable(array: nodes.map { .object(NodeObject($0)) }))]
        },
        Function(
            name: "linears", summary: "The field on the weight matrices of the linear modules inside blocks.",
            parameters: [.field("field")], returns: "the same kind of field", example: "delta:linears()"
        ) { call in
            call.result(try call.session().graph.linears(call.node(0)))
        },
        Function(
            name: "select", summary: "The field on the tensors whose names match a glob, or one of a list of globs.",
            parameters: [.field("field"), Parameter("glob", .globs)], returns: "the same kind of field",
            errors: ["a glob matches nothing"], example: "delta:select \"model.layers.*.mlp.*\""
        ) { call in
            let globs = call.argument(1).text.map { [$0] } ?? call.argument(1).texts
            return call.result(try call.session().graph.select(call.node(0), globs: globs))
        },
        Function(
            name: "uniform",
            summary:
                "Random numbers of [0, 1) for every element: Philox 4×32-10 by seed, stream, tensor name and index.",
            parameters: [.field("field"), .options(randomOptions)], returns: "a value per element",
            example: "delta:uniform{ seed = 1 }"
        ) { call in
            call.result(try random(call, 1))
        },
        Function(
            name: "bernoulli", summary: "A random mask that holds with probability `p`: where uniform < p.",
            parameters: [.field("field"), Parameter("p", .share), .options(randomOptions)],
            returns: "a mask per element", example: "delta:bernoulli(0.2, { seed = 1, stream = \"math\" })"
        ) { call in
            let uniform = try random(call, 2)
            return call.result(try call.session().graph.binary(.less, uniform, call.share(1)))
        },
    ]

    private static let randomOptions: [Parameter] = [
        .option("seed", .integer(from: 0), "another seed, other numbers; 0 if left out"),
        .option(
            "stream", .name, "another stream, other numbers for the same seed; else the label of the field's model"),
    ]

    private static func random(_ call: Call, _ index: Int) throws -> NodeID {
        let options = call.options(index)
        return try call.session().graph.uniform(
            like: call.node(0), seed: UInt64(options["seed"]?.int ?? 0), stream: options["stream"]?.text)
    }
}
