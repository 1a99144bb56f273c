import DPPA

/// What goes into linears on a calibration text, and models that are made of it block by block.
extension Catalog {
    /// What is taken of a text, and what is told of it.
    static let calibrationOptions: [Parameter] = [
        .option("samples", .integer(from: 1), "how many lines, the first ones; 128 if left out"),
        .option(
            "length", .integer(from: 1),
            "how many tokens of a line at most, the first ones; 2048 if left out, or as many as the model takes"),
        .option(
            "covariance", .flag,
            "whether products of inputs with each other are told, inputs × inputs numbers for each linear; false if left out"
        ),
    ]

    static let activations: [Function] = [
        Function(
            name: "activations",
            summary:
                "What goes into each linear of a model's blocks when it reads a text, as fields under the names of the weights: `norm`, "
                + "sqrt(sum of x^2 over the tokens / lines), `mean` and `variance` over the tokens, vectors with a number for each input, and "
                + "with `covariance` the matrix of x x^T summed over the tokens / tokens; also `tokens` and `samples`, how many tokens and lines "
                + "there were, and `transposed`, the names of weights that are stored as inputs × outputs. The text is a task file; of a question it is the prompt with the answer. An expert "
                + "of a mixture is told of by the tokens that go to it.",
            parameters: [.model("model"), Parameter("data", .path), .options(calibrationOptions)],
            returns: "a table", type: "table",
            errors: [
                "the model is of an architecture that the evaluator does not know",
                "a line has no tokens, or one that the model does not know", "the memory is too small",
            ],
            example: "local inputs = dppa.activations(base, \"zoo/search/math.jsonl\", { samples = 4 })"
        ) { call in
            let session = try call.session()
            let found = try session.activations(
                call.node(0), on: call.text(1), CalibrationOptions(call.options(2)))
            return [.table(ScriptTable(fields: call.fields(found)))]
        }
    ]

    /// What only the prelude calls for `layerwise`.
    static let layerwiseInner: [Function] = [
        inner("layerwise") { call in
            let session = try call.session()
            guard case .table(let list) = call.argument(1) else { return [] }
            let sources = try list.array.enumerated().map { number, value -> (model: NodeID, path: String) in
                guard case .table(let pair) = value, pair.array.count == 2, pair.fields.isEmpty,
                    case .object(let object as NodeObject) = pair.array[0], let path = pair.array[1].text,
                    session.graph[object.id].space == .model
                else {
                    throw DPPAError(
                        .data, "layerwise: source \(number + 1) must be { model, path }; it is \(value.described)",
                        notes: ["one model: { { model, \"text.jsonl\" } }"], location: call.location)
                }
                return (model: object.id, path: path)
            }
            let (number, layers) = try session.beginLayerwise(
                call.node(0), sources, CalibrationOptions(call.options(2)))
            return [.integer(number), .integer(layers)]
        },
        inner("layer_inputs") { call in
            let (session, result) = try layerwise(call)
            let found = try session.inputs(of: (call.argument(1).int ?? 1) - 1, result)
            return [
                .table(ScriptTable(array: found.flatMap { call.result($0.part) })),
                .table(ScriptTable(array: found.map { .table(ScriptTable(fields: call.fields($0.inputs))) })),
            ]
        },
        inner("layer_outputs") { call in
            let (session, result) = try layerwise(call)
            try session.replace((call.argument(1).int ?? 1) - 1, with: call.node(2), result)
            return []
        },
        inner("layered") { call in
            let (session, result) = try layerwise(call)
            return call.result(try session.finish(result))
        },
    ]

    private static func layerwise(_ call: Call) throws -> (RecipeSession, LayerwiseResult) {
        let session = try call.session()
        guard let number = call.argument(0).int, session.layerwise.indices.contains(number) else {
            throw DPPAError(.internalFault, "\(call.name): there is no such result", location: call.location)
        }
        return (session, session.layerwise[number])
    }

    private static func inner(_ name: String, _ body: @escaping @Sendable (Call) throws -> [ScriptValue]) -> Function {
        let values = (0..<3).map { Parameter("value \($0)", .any, isOptional: true) }
        return Function(name: name, summary: "", parameters: values, returns: "", example: "", body: body)
    }
}

extension Call {
    /// What is told of inputs as a recipe gets it.
    fileprivate func fields(_ told: ToldInputs) -> [String: ScriptValue] {
        var fields: [String: ScriptValue] = [
            "tokens": .integer(told.tokens), "samples": .integer(told.samples),
            "transposed": .table(ScriptTable(array: told.transposed.map { .string($0) })),
        ]
        for (statistic, node) in told.nodes { fields[statistic.rawValue] = result(node).first }
        return fields
    }
}

extension CalibrationOptions {
    /// Those of a call, which have been checked.
    fileprivate init(_ options: [String: ScriptValue]) {
        self.init(hasCovariance: options["covariance"]?.flag ?? false)
        if let samples = options["samples"]?.int { text.samples = samples }
        if let length = options["length"]?.int { text.length = length }
    }
}
