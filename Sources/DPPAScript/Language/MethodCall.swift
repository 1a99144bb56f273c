import DPPA

/// One call of a declared method: its arguments and options checked, defaults filled in, options for tensors made fields.
struct MethodCall {
    let method: MethodDeclaration
    /// The call of the host; its first argument is the method's number.
    let call: Call
    let session: RecipeSession

    private var given: ArraySlice<ScriptValue> { call.arguments.dropFirst() }
    private func argument(_ index: Int) -> ScriptValue { call.argument(index + 1) }
    private var optionsIndex: Int { method.arguments.count }

    /// The arguments and the options as the method's body takes them.
    ///
    /// Functions are left out: they stay on Lua's side. Throws at the recipe's own line, with a caret where the text is found.
    func accepted() throws -> (arguments: [ScriptValue], options: [String: ScriptValue]) {
        let options = try options()
        for (index, declaration) in method.arguments.enumerated() {
            let value = argument(index)
            if case .null = value, declaration.fallback != nil { continue }
            try at({ $0.argument(index, $1) }) {
                try OptionCheck(subject: subject(declaration), declaration: declaration, graph: session.graph)
                    .requireEntries(value)
            }
        }
        let arguments = try arguments()
        let experts = experts(arguments, options)
        var result: [String: ScriptValue] = [:]
        for declaration in method.options {
            let value = options[declaration.name]
            guard value != nil || !declaration.isRequired else {
                throw DPPAError(
                    .data, "\(subject(declaration)) is missing; it must be \(declaration.expectation)",
                    notes: [note], location: call.location)
            }
            guard let value = value ?? declaration.fallback else { continue }
            try at({ $0.value(declaration.name, in: optionsIndex, $1) }, otherwise: declaration.name) {
                var check = OptionCheck(subject: subject(declaration), declaration: declaration, graph: session.graph)
                check.experts = experts.map { ($0.values.count, $0.word) }
                try check.requireEntries(value)
                result[declaration.name] = try settled(value, declaration, arguments, experts?.values ?? [])
            }
        }
        try requireSums(result)
        return (arguments, result)
    }

    private func subject(_ declaration: OptionDeclaration) -> String {
        guard let index = method.arguments.firstIndex(where: { $0.name == declaration.name }) else {
            return "\(method.name): option '\(declaration.name)'"
        }
        return "\(method.name): argument \(index + 1) (\(declaration.name))"
    }

    private var note: String {
        method.options.isEmpty
            ? "it is called as \(method.signature)"
            : method.optionsNote
    }

    /// The table of options, every name of it known.
    private func options() throws -> [String: ScriptValue] {
        guard given.count <= method.arguments.count + (method.options.isEmpty ? 0 : 1) else {
            throw DPPAError(
                .data, "\(method.name) got \(given.count) arguments", notes: ["it is called as \(method.signature)"],
                location: call.location)
        }
        switch argument(optionsIndex) {
        case .null: return [:]
        case .table(let table) where table.array.isEmpty:
            let known = method.options.map(\.name)
            guard let unknown = table.fields.keys.sorted().first(where: { !known.contains($0) }) else {
                return table.fields
            }
            return try at({ text, _ in text.key(unknown, in: optionsIndex) }, otherwise: unknown) {
                throw DPPAError(
                    .data, "\(method.name) has no option '\(unknown)'" + Suggestions.hint(for: unknown, among: known),
                    notes: [note])
            }
        case let other:
            return try at({ $0.argument(optionsIndex, $1) }) {
                let got = if case .table = other { "a list" } else { other.described }
                throw DPPAError(
                    .data, "\(method.name): the options must be a table with names; they are \(got)",
                    notes: ["it is called as \(method.signature)"])
            }
        }
    }

    /// Arguments as the body takes them: one model is a list of one, experts are deltas of the base.
    private func arguments() throws -> [ScriptValue] {
        var base: NodeID?
        return try method.arguments.enumerated().map { index, declaration in
            var value = argument(index)
            if case .null = value, let fallback = declaration.fallback { value = fallback }
            if base == nil, case .object(let object as NodeObject) = value { base = object.id }
            if declaration.spread == .tensor, let base {
                return try at({ $0.argument(index, $1) }) { try session.numbers(value, on: base, subject(declaration)) }
            }
            guard declaration.kind == .models || declaration.kind == .experts else { return value }
            return .table(
                ScriptTable(array: try list(value).map { try declaration.kind == .experts ? delta($0, base) : $0 }))
        }
    }

    private func list(_ value: ScriptValue) -> [ScriptValue] {
        if case .table(let table) = value { table.array } else { [value] }
    }

    private func delta(_ value: ScriptValue, _ base: NodeID?) throws -> ScriptValue {
        guard case .object(let object as NodeObject) = value, let base, session.graph[object.id].space == .model else {
            return value
        }
        return .object(NodeObject(try session.graph.binary(.subtract, object.id, base)))
    }

    /// What options with one value for each expert go by.
    private func experts(
        _ arguments: [ScriptValue], _ options: [String: ScriptValue]
    ) -> (values: [ScriptValue], word: String)? {
        let all =
            zip(method.arguments, arguments)
            + method.options.compactMap { option in
                options[option.name].map { (option, $0) }
            }
        guard let (declaration, value) = all.first(where: { [.models, .experts].contains($0.0.kind) }) else {
            return nil
        }
        return (list(value), declaration.kind == .models ? "model" : "expert")
    }

    private func settled(
        _ value: ScriptValue, _ declaration: OptionDeclaration, _ arguments: [ScriptValue], _ experts: [ScriptValue]
    ) throws -> ScriptValue {
        if [.models, .experts].contains(declaration.kind) { return .table(ScriptTable(array: list(value))) }
        guard let spread = declaration.spread else { return value }
        func on(_ field: ScriptValue?, _ value: ScriptValue) throws -> ScriptValue {
            guard case .object(let object as NodeObject)? = field else { return value }
            return try session.numbers(value, on: object.id, subject(declaration))
        }
        guard spread == .expert else {
            let field = arguments.first { if case .object(is NodeObject) = $0 { true } else { false } }
            return try on(field, value)
        }
        var each = Array(repeating: value, count: experts.count)
        if case .table(let table) = value, table.fields.isEmpty {
            // An empty list is as good as nothing.
            each = table.array.isEmpty ? each.map { _ in declaration.fallback ?? .null } : table.array
        }
        return .table(ScriptTable(array: try zip(experts, each).map { try on($0, $1) }))
    }

    /// Weights whose sum is divided by must not cancel.
    private func requireSums(_ options: [String: ScriptValue]) throws {
        for declaration in method.options {
            switch declaration.divides {
            case nil: continue
            case .always?: break
            case .when(let option)?: guard case .bool(true)? = options[option] else { continue }
            }
            guard case .table(let table)? = options[declaration.name] else { continue }
            try at({ $0.value(declaration.name, in: optionsIndex, $1) }, otherwise: declaration.name) {
                try session.requireSum(table.array, subject(declaration))
            }
        }
    }

    /// Runs a check; its error gets the place in the text of the call, or else the only place where the name is a key.
    private func at<T>(
        _ place: (CallText, [OptionCheck.Step]) -> DPPAError.Location?, otherwise key: String? = nil,
        _ check: () throws -> T
    ) throws -> T {
        func located(_ error: DPPAError, _ way: [OptionCheck.Step]) -> DPPAError {
            guard let line = call.location else { return error }
            var error = error
            let text = CallText(call.sources, at: line, callee: method.name)
            error.location =
                text.flatMap { place($0, way) } ?? key.flatMap { call.sources.only($0, in: line.file) } ?? line
            return error
        }
        do { return try check() } catch let misfit as OptionCheck.Misfit {
            throw located(misfit.error, misfit.way)
        } catch let error as DPPAError {
            throw located(error, [])
        }
    }
}
