/// The names that `prelude.lua` implements, because they call back into the recipe or are made of other names.
extension Catalog {
    static let scripted: [Function] = [
        Function(
            name: "models", summary: "Opens several models, with the options of `model`.",
            parameters: [Parameter("paths", .list(.path)), .options(modelOptions)],
            returns: "a list of models", type: "dppa.Field[]",
            example: "local experts = dppa.models { \"zoo/math\", \"zoo/law\" }"),
        Function(
            name: "group", summary: "A scope of a recipe's own: tensors with equal keys belong together.",
            parameters: [Parameter("rule", .function)], returns: "what stands where a scope is expected",
            type: "dppa.Group",
            errors: ["the rule gives no key for a tensor"],
            example: "mean(x, dppa.group(function(t) return t.role end))"),
        Function(
            name: "per_tensor",
            summary:
                "A number for each tensor: by a function of its facts (name, module, role, shape, numel, and inside a block layer "
                + "and depth, 0 first, 1 last, which are nil elsewhere: `t.depth or 0`); from a gradient, `by_name` or `by_slice`; or from a table of globs.",
            parameters: [.field("field"), Parameter("rule", .tensorNumbers)], returns: "a value per tensor",
            errors: ["the rule gives no finite number"],
            example: "dppa.per_tensor(delta, function(t) return 0.2 + 0.5 * (t.depth or 0) end)"),
        Function(
            name: "bands", summary: "Disjoint masks of successive shares of the largest values.",
            parameters: [.field("x"), Parameter("shares", .list(.number(0...1))), .scope], returns: "a list of masks",
            type: "dppa.Field[]", errors: ["the shares add up to more than 1"],
            example: "local first, second = table.unpack(dppa.bands(abs(delta), { 0.1, 0.2 }, \"tensor\"))"),
        Function(
            name: "layerwise",
            summary:
                "A model that is made block by block: the rule gets the linears of a block, a list with those of each model, and a list of what "
                + "`activations` tells of their inputs, measured behind the blocks that were made before, each model on a text of its own; it gives "
                + "what the tensors become. What the rule does not give is that of `start`.",
            parameters: [
                .model("start"), Parameter("sources", .list(.list(.any))), Parameter("rule", .function),
                .options(calibrationOptions),
            ],
            returns: "a model",
            errors: [
                "a model cannot be run", "models are not of one shape",
                "the rule gives tensors of another block, or of other shapes",
            ],
            example:
                "dppa.layerwise(base, { { base, \"zoo/search/math.jsonl\" } }, function(parts, inputs) "
                + "return dppa.as_model(dppa.where(dppa.spread_columns(inputs[1].norm, parts[1]):gt(0), parts[1], 0), parts[1]) end)"
        ),
        Function(
            name: "average",
            summary: "The weighted mean of models: Σ weight·model / Σ weight; weights are numbers or nodes.",
            parameters: [
                Parameter(
                    "options",
                    .options([
                        .option("models", .list(.model), isRequired: true, "what the mean is taken of"),
                        .option(
                            "weights", .any,
                            "a number for all, or a list with a number or a value for each; 1 if left out"),
                    ]))
            ], returns: "a model", errors: ["there are not as many weights as models"],
            example: "dppa.average { models = { a, b }, weights = { 0.7, 0.3 } }"),
    ]

    static let scriptedMethods: [Function] = [
        Function(
            name: "apply",
            summary:
                "A rule on the linears, or on another part with `on = glob`, or a rule for each of several globs; `rest`, in "
                + "the options or beside the globs, is \"keep\", \"drop\" or a rule.",
            parameters: [
                .field("field"), Parameter("rules", .oneOf([.function, .names(.oneOf([.function, rest]))])),
                .options([
                    .option("on", .globs, "the part that one rule is for; the linears if left out"),
                    .option("rest", .oneOf([.function, rest]), "what becomes of the other tensors; kept if left out"),
                ]),
            ],
            returns: "a field",
            errors: ["two globs match one tensor", "a glob matches nothing", "a rule returns nothing"],
            example: "delta:apply{ [\"*.mlp.*\"] = prune, rest = \"keep\" }")
    ]

    private static let rest = Parameter.Kind.choice(["keep", "drop"])
}
