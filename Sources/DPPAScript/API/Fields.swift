import DPPA

/// Models, selections, doors between spaces, randomness.
extension Catalog {
    static let fields: [Function] = [
        Function(
            name: "model",
            summary:
                "Opens a model: a Hugging Face directory or a safetensors file; `label=path` gives it a label. Options: "
                + "label; rows_like = a model to whose rows a grown vocabulary is cut.",
            parameters: [.text("path"), Parameter("options", .table, isOptional: true)],
            returns: "a field of the space model",
            errors: ["there is no such model", "the path leads out of the recipe's folder"],
            example: "local base = dppa.model \"zoo/base\""
        ) { call in
            guard case .string(let path) = call.argument(0) else { throw call.mismatch(0, "a path") }
            let session = try call.session()
            let options = try call.options(1, allowed: ["label", "rows_like"])
            let label: String? = if case .string(let text)? = options["label"] { text } else { nil }
            var other: Int?
            if let wanted = options["rows_like"] {
                guard case .object(let object as NodeObject) = wanted, let index = session.modelIndex(object.id) else {
                    throw DPPAError(
                        .data, "model: 'rows_like' must be a model that was opened with dppa.model",
                        location: call.location)
                }
                other = index
            }
            return call.result(try session.model(path, label: label, rowsLike: other))
        },
        Function(
            name: "tensors",
            summary: "Opens a safetensors file of side tensors, such as Fisher weights, as plain values.",
            parameters: [.text("path")], returns: "a value per element",
            example: "local fisher = dppa.tensors \"fisher.safetensors\""
        ) { call in
            guard case .string(let path) = call.argument(0) else { throw call.mismatch(0, "a path") }
            return call.result(try call.session().tensors(path))
        },
        Function(
            name: "label", summary: "The label of the model that a field comes from; nil if it comes from several.",
            parameters: [.field("field")], returns: "a text, or nil", type: "string?",
            example: "dppa.label(expert - base)"
        ) { call in
            [try call.session().graph[call.field(0)].label.map { .string($0) } ?? .null]
        },
        Function(
            name: "space", summary: "What a field is: \"model\", \"delta\" or \"value\".",
            parameters: [.field("field")], returns: "a text", type: "string", example: "dppa.space(expert - base)"
        ) { call in
            [.string(try call.session().graph[call.field(0)].space.rawValue)]
        },
        Function(
            name: "weights", summary: "A model's numbers as plain values.", parameters: [.field("model")],
            returns: "a value per element", example: "dppa.norm(dppa.weights(base), \"tensor\")"
        ) { call in
            call.result(try call.session().graph.reinterpret(call.field(0), as: .value))
        },
        Function(
            name: "as_model", summary: "Declares that a value is a model with the tensors of `like`.",
            parameters: [.field("value"), .field("like")], returns: "a model",
            example: "dppa.as_model(0.5 * dppa.weights(a) + 0.5 * dppa.weights(b), a)"
        ) { call in
            call.result(try call.session().graph.reinterpret(call.field(0), as: .model, like: call.field(1)))
        },
        Function(
            name: "as_delta", summary: "Declares that a value is a delta.", parameters: [.field("value")],
            returns: "a delta", example: "dppa.as_delta(dppa.maximum(a, b))"
        ) { call in
            call.result(try call.session().graph.reinterpret(call.field(0), as: .delta))
        },
    ]

    static let fieldMethods: [Function] = [
        Function(
            name: "linears", summary: "The field on the weight matrices of the linear modules inside blocks.",
            parameters: [.field("field")], returns: "the same kind of field", example: "delta:linears()"
        ) { call in
            call.result(try call.session().graph.linears(call.field(0)))
        },
        Function(
            name: "select", summary: "The field on the tensors whose names match a glob, or one of a list of globs.",
            parameters: [.field("field"), .text("glob")], returns: "the same kind of field",
            errors: ["a glob matches nothing"], example: "delta:select \"model.layers.*.mlp.*\""
        ) { call in
            let globs: [String]
            switch call.argument(1) {
            case .string(let glob): globs = [glob]
            case .table(let table):
                globs = try table.array.map {
                    guard case .string(let glob) = $0 else { throw call.mismatch(1, "a glob or a list of globs") }
                    return glob
                }
            default: throw call.mismatch(1, "a glob or a list of globs")
            }
            return call.result(try call.session().graph.select(call.field(0), globs: globs))
        },
        Function(
            name: "uniform",
            summary:
                "Random numbers of [0, 1) for every element: Philox 4×32-10 by seed, stream, tensor name and index.",
            parameters: [.field("field"), Parameter("options", .table, isOptional: true)],
            returns: "a value per element",
            example: "delta:uniform{ seed = 1 }"
        ) { call in
            call.result(try random(call, 1))
        },
        Function(
            name: "bernoulli", summary: "A random mask that holds with probability `p`: where uniform < p.",
            parameters: [.field("field"), .value("p"), Parameter("options", .table, isOptional: true)],
            returns: "a mask per element", example: "delta:bernoulli(0.2, { seed = 1, stream = \"math\" })"
        ) { call in
            let uniform = try random(call, 2)
            return call.result(try call.session().graph.binary(.less, uniform, call.node(1)))
        },
    ]

    private static func random(_ call: Call, _ index: Int) throws -> NodeID {
        let options = try call.options(index, allowed: ["seed", "stream"])
        var seed: UInt64 = 0
        switch options["seed"] {
        case nil, .null?: break
        case .integer(let number)? where number >= 0: seed = UInt64(number)
        case let other?:
            throw DPPAError(
                .data, "\(call.name): 'seed' must be an integer from 0; it is \(other.described)",
                location: call.location)
        }
        let stream: String? = if case .string(let text)? = options["stream"] { text } else { nil }
        return try call.session().graph.uniform(like: call.field(0), seed: seed, stream: stream)
    }
}
