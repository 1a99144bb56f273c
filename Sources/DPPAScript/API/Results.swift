import DPPA

/// What leaves the expressions: named values, numbers, saved models.
extension Catalog {
    static let results: [Function] = [
        Function(
            name: "named", summary: "Makes a coarse node part of the report and of the run's JSON.",
            parameters: [.field("node"), Parameter("name", .name)], returns: "the node",
            example: "clamp(density, 0, 1):named \"density\""
        ) { call in
            let (session, node, name) = (try call.session(), try call.node(0), call.text(1))
            guard session.graph[node].scope.isScalar else {
                throw DPPAError(
                    .data,
                    "named: '\(name)' is a \(session.graph.describe(node)); only values per tensor or coarser "
                        + "go into a report",
                    notes: ["reduce it first: mean(x, \"tensor\"):named \"\(name)\""], location: call.location)
            }
            try session.name(node, name)
            return call.result(node)
        },
        Function(
            name: "value", summary: "The numbers of a coarse node, computed now: one number, or a table by name.",
            parameters: [.field("node")], returns: "a number at model scope, else a table from names to numbers",
            type: "number|table<string, number>",
            example: "local largest = dppa.max(dppa.abs(delta), \"model\"):value()"
        ) { call in
            let (session, node) = (try call.session(), try call.node(0))
            guard session.graph[node].scope.isScalar else {
                throw DPPAError(
                    .data,
                    "value: this is a \(session.graph.describe(node)); only values per tensor or coarser can be read",
                    notes: ["reduce it first: mean(x, \"tensor\"):value()"], location: call.location)
            }
            let values = try session.values(node)
            if session.graph[node].scope == .model { return [.number(values.first?.value ?? 0)] }
            return [
                .table(
                    ScriptTable(
                        fields: Dictionary(values.map { ($0.name, .number($0.value)) }, uniquingKeysWith: { a, _ in a })
                    ))
            ]
        },
        Function(
            name: "save",
            summary: "Writes a model, or an adapter that `lora` gave, into a subdirectory of the output.",
            parameters: [Parameter("model", .writable), Parameter("name", .fileName), .options(saveOptions)],
            returns: "nothing", type: "nil",
            errors: [
                "the model lacks tensors, and `partial` does not say that it may",
                "an adapter is given an option other than `dtype`",
            ],
            example: "merged:save(\"ties-0.2\", { dtype = \"bf16\", tokenizer = base })"
        ) { call in
            try save(call, as: call.text(1), call.options(2))
            return []
        },
    ]

    /// What a recipe may return: checked as a call of this name would be.
    static let returned = Function(
        name: "return", summary: "Writes a model, or an adapter that `lora` gave, into the output.",
        parameters: [Parameter("model", .writable), .options(saveOptions)],
        returns: "nothing", type: "nil", example: "return merged, { dtype = \"bf16\" }"
    ) { call in
        try save(call, as: nil, call.options(1))
        return []
    }

    private static func save(_ call: Call, as name: String?, _ options: [String: ScriptValue]) throws {
        let session = try call.session()
        func model(_ key: String) throws -> Int? {
            try options[key].flatMap { session.modelIndex(try call.node($0)) }
        }
        var result = MergeResult(name: name, node: try call.node(0))
        result.dtype = options["dtype"]?.text.flatMap { DType(userSpelling: $0) }
        if session.graph.adapters[result.node] != nil {
            if let other = options.keys.sorted().first(where: { $0 != "dtype" }) {
                throw DPPAError(
                    .data, "\(name == nil ? "return" : ":save"): an adapter has no '\(other)'",
                    notes: ["it is written as factors and adapter_config.json; of the options it takes dtype"],
                    location: call.location)
            }
            return try session.save(result)
        }
        if case .table(let table)? = options["types"] {
            result.types = table.fields.compactMapValues { $0.text.flatMap(DType.init(userSpelling:)) }
        }
        result.pack = try model("pack")
        result.tokenizer = try model("tokenizer")
        result.config = try model("config")
        if options["chat_template"]?.text == "auto" {
            result.chatTemplate = try session.commonestTemplate(of: result.node)
        } else if let file = options["chat_template"]?.text {
            result.chatTemplateFile = try session.paths.resolve(file, for: .file).path
        } else {
            result.chatTemplate = try model("chat_template")
        }
        try session.save(result, isPartial: options["partial"]?.flag ?? false)
    }

    private static let saveOptions: [Parameter] = [
        .option(
            "dtype", .dtype([.f64, .f32, .f16, .bf16]),
            "of every weight but those that the model keeps wider on purpose; else that of the model whose config is used; of an "
                + "adapter f32"
        ),
        .option("types", .names(.dtype([.f64, .f32, .f16, .bf16])), "of single tensors, by glob"),
        .option("tokenizer", .openedModel, "where the tokenizer comes from"),
        .option(
            "chat_template", .oneOf([.openedModel, .choice(["auto"]), .path]),
            "where the chat template comes from: a model, a file, or \"auto\" for the one that most of its models have"),
        .option("config", .openedModel, "where config.json and the other small files come from; else the first model"),
        .option(
            "pack", .openedModel,
            "written as a pack onto this model, `delta.safetensors`: the words that differ; base+folder is the model again"
        ),
        .option("partial", .flag, "whether tensors may be missing that the model of the config has; false if left out"),
    ]
}
