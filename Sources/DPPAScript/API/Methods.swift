import DPPA

/// Methods with declared options, and numbers for tensors.
extension Catalog {
    static let methodNames: [Function] = [
        Function(
            name: "method",
            summary:
                "A method that declares its arguments and options: calls are checked, defaults filled in, experts become deltas of "
                + "the base, and what is per expert or tensor becomes a list or a field.",
            parameters: [Parameter("declaration", .any)], returns: "the method", type: "function",
            errors: ["the declaration is wrong, or a default does not fit it"],
            example: "dppa.method { name = \"keep\", arguments = { { name = \"delta\", kind = \"delta\" } }, "
                + "options = { { name = \"share\", default = 0.2, min = 0, max = 1 } }, "
                + "run = function(delta, o) return o.share * delta end }"),
        Function(
            name: "options",
            summary:
                "Declares the options of a method as options of the recipe, and gives their values, none for one that has no default "
                + "and is not set; `changed` names other defaults, and in its list part the only options to declare.",
            parameters: [Parameter("method", .function), Parameter("changed", .any, isOptional: true)],
            returns: "a table of options for the method", type: "table",
            errors: ["the method has no such option"],
            example: "dppa.options(require \"dppa.ties\", { density = 0.3 })"),
        Function(
            name: "inputs",
            summary:
                "Declares and opens the models of a recipe, fitted to each other as `family` does: the options `base`, `experts` (or "
                + "`expert`), `rows`, `vocabulary`, `tokens`, `pad_to_multiple`, `missing`, `extra`, `stacks`, `configs` and `refuse`; the table gives defaults of paths, and `help` other texts.",
            parameters: [
                Parameter(
                    "defaults",
                    .options([
                        .option("base", .path, "the default of `base`"),
                        .option("experts", .list(.path), "that of `experts`"),
                        .option("expert", .path, "that of `expert`"),
                        .option("help", .names(.text), "other texts for `dppa-run help`, by option"),
                    ]))
            ], returns: "the base, if there is one, and the list of experts, or the expert",
            type: "dppa.Field, dppa.Field[]",
            example:
                "local base, experts = dppa.inputs { base = \"zoo/base\", experts = { \"zoo/math\", \"zoo/law\" } }"),
        Function(
            name: "facts",
            summary:
                "What is known of each tensor of a field: name, layer, depth, module, role, shape, numel, and of an adapter's delta the rank of its "
                + "factors.",
            parameters: [.field("field")], returns: "a list of tables", type: "table[]",
            example: "local count = #dppa.facts(delta)"),
    ]

    /// What only the prelude calls for them.
    static let methodInner: [Function] = [
        inner("declare") { call in
            let session = try call.session()
            guard case .table(let table) = call.argument(0) else {
                throw DPPAError(
                    .data, "method: the argument must be a declaration; it is \(call.argument(0).described)",
                    location: call.location)
            }
            return try located(call) { [.integer(try session.add(MethodDeclaration(table, others: session.methods)))] }
        },
        inner("accept") { call in
            let session = try call.session()
            guard case .integer(let number) = call.argument(0) else { return [] }
            let declared = session.methods[number]
            let method = declared.taking(call.argument(declared.arguments.count + 1))
            let call = MethodCall(method: method, call: call, session: session)
            let (arguments, options) = try call.accepted()
            return [.table(ScriptTable(array: arguments)), .table(ScriptTable(fields: options))]
        },
        inner("options") { call in
            let session = try call.session()
            guard case .integer(let number) = call.argument(0) else { return [] }
            return try located(call) {
                [.table(ScriptTable(fields: try session.recipeOptions(session.methods[number], call.argument(1))))]
            }
        },
        inner("numbers") { call in
            guard case .object(let object as NodeObject) = call.argument(0) else {
                throw DPPAError(
                    .data, "per_tensor: argument 1 must be a field; it is \(call.argument(0).described)",
                    location: call.location)
            }
            return [try call.session().numbers(call.argument(1), on: object.id, "per_tensor")]
        },
    ]

    private static func inner(_ name: String, _ body: @escaping @Sendable (Call) throws -> [ScriptValue]) -> Function {
        // The bodies say what is wrong in words of their own; no method has as many arguments.
        let values = (0..<24).map { Parameter("value \($0)", .any, isOptional: true) }
        return Function(name: name, summary: "", parameters: values, returns: "", example: "", body: body)
    }

    /// An error without a place is at the call.
    private static func located<T>(_ call: Call, _ body: () throws -> T) throws -> T {
        do { return try body() } catch var error as DPPAError {
            error.location = error.location ?? call.location
            throw error
        }
    }
}

extension RecipeSession {
    /// A method's options as options of the recipe, with their values.
    func recipeOptions(_ method: MethodDeclaration, _ changed: ScriptValue) throws -> [String: ScriptValue] {
        var (wanted, defaults): ([String], [String: ScriptValue]) = ([], [:])
        switch changed {
        case .null: break
        case .table(let table): (wanted, defaults) = (table.array.map(\.shown), table.fields)
        default:
            throw DPPAError(.data, "options: argument 2 must be a table of other defaults; it is \(changed.described)")
        }
        let known = method.options.map(\.name)
        if let unknown = (wanted + defaults.keys.sorted()).first(where: { !known.contains($0) }) {
            throw DPPAError(
                .data, "\(method.name) has no option '\(unknown)'" + Suggestions.hint(for: unknown, among: known),
                notes: [method.optionsNote])
        }
        var values: [String: ScriptValue] = [:]
        let compat = options.given[Compatibility.name].map { ScriptValue.string($0) } ?? defaults[Compatibility.name]
        let isMergekit = !method.compat.isEmpty && Compatibility.isMergekit(compat)
        for var option in method.options where option.isForRecipes && (wanted.isEmpty || wanted.contains(option.name)) {
            option.fallback = defaults[option.name] ?? (isMergekit ? option.mergekit : nil) ?? option.fallback
            guard option.fallback != nil || option.isSettable else { continue }
            let value = try options.value(option)
            if case .null = value { continue }
            values[option.name] = value
        }
        return values
    }
}
