import DPPA

/// What leaves the expressions: named values, numbers, saved models.
extension Catalog {
    static let results: [Function] = [
        Function(
            name: "named", summary: "Makes a coarse node part of the report and of the run's JSON.",
            parameters: [.field("node"), .text("name")], returns: "the node",
            example: "clamp(density, 0, 1):named \"density\""
        ) { call in
            guard case .string(let name) = call.argument(1), !name.isEmpty else { throw call.mismatch(1, "a name") }
            let (session, node) = (try call.session(), try call.field(0))
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
            let (session, node) = (try call.session(), try call.field(0))
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
            summary:
                "Writes a model into a subdirectory of the output; options: dtype, tokenizer, chat_template, config.",
            parameters: [.field("model"), .text("name"), Parameter("options", .table, isOptional: true)],
            returns: "nothing", type: "nil", errors: ["the node is not a model"],
            example: "merged:save(\"ties-0.2\", { dtype = \"bf16\", tokenizer = base })"
        ) { call in
            guard case .string(let name) = call.argument(1), isPlainName(name) else {
                throw call.mismatch(1, "a plain name, without '/'")
            }
            let session = try call.session()
            let options = try call.options(2, allowed: ["dtype", "tokenizer", "chat_template", "config"])
            var result = MergeResult(name: name, node: try call.field(0))
            if let wanted = options["dtype"] {
                let dtype = try call.dtype(wanted, "'dtype'")
                guard dtype.byteSize > 1 else {
                    throw DPPAError(
                        .data, "save: a model can be written as f64, f32, f16 or bf16; not as \(wanted.described)",
                        location: call.location)
                }
                result.dtype = dtype
            }
            func model(_ key: String) throws -> Int? {
                guard let value = options[key] else { return nil }
                if case .object(let object as NodeObject) = value, let index = session.modelIndex(object.id) {
                    return index
                }
                throw DPPAError(
                    .data, "save: '\(key)' must be a model that was opened with dppa.model; it is \(value.described)",
                    location: call.location)
            }
            result.tokenizer = try model("tokenizer")
            result.config = try model("config")
            if case .string(let file)? = options["chat_template"] {
                result.chatTemplateFile = try session.paths.resolve(file, for: .file).path
            } else {
                result.chatTemplate = try model("chat_template")
            }
            try session.add(result)
            return []
        },
    ]

    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && !name.hasPrefix(".")
            && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.+ ".contains($0) }
    }
}
