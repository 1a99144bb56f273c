import DPPA

extension Call {
    /// Throws unless the arguments are what the parameters say: so the reference is the behaviour.
    func check() throws {
        let given = (arguments.lastIndex { if case .null = $0 { false } else { true } } ?? -1) + 1
        guard given <= function.parameters.count else { throw tooMany(given) }
        let graph = (context as? RecipeSession)?.graph
        for (index, parameter) in function.parameters.enumerated() {
            try ArgumentCheck(call: self, graph: graph, place: .argument(index)).require(argument(index), parameter)
        }
    }

    private func tooMany(_ given: Int) -> DPPAError {
        let hidden = function.form == .method ? 1 : 0
        let most = function.parameters.count - hidden
        return DPPAError(
            .data, "\(shownName) takes \(Phrase.counted(most, "argument")); this call has \(given - hidden)",
            notes: ["it is called as " + Reference.signature(function, isMethod: function.form == .method)],
            location: location.map {
                sources.argument(function.parameters.count - hidden, of: name, from: $0) ?? $0
            })
    }

    /// The name as messages have it.
    var shownName: String { function.form == .method ? ":" + name : name }
}

/// Checks one value of a call.
private struct ArgumentCheck {
    /// Where the value stands.
    indirect enum Place {
        case argument(Int)
        case option(String)
        case entry(Place, String)
    }

    let call: Call
    let graph: Graph?
    let place: Place

    func require(_ value: ScriptValue, _ parameter: Parameter) throws {
        if case .null = value {
            guard !parameter.isOptional else { return }
            let what = if case .option = place { "missing" } else { "missing or nil" }
            throw error("\(words) is \(what); it must be \(parameter.kind.words)", [])
        }
        try require(value, parameter.kind)
    }

    private func require(_ value: ScriptValue, _ kind: Parameter.Kind) throws {
        if fits(value, kind) { return try requireInside(value, kind) }
        throw error("\(words) must be \(kind.words); it is \(described(value))", hints(value, kind))
    }

    /// Whether a value is of a kind, as far as can be said without looking inside a table.
    private func fits(_ value: ScriptValue, _ kind: Parameter.Kind) -> Bool {
        switch (kind, value) {
        case (.any, _): true
        case (.field, .object(let object)): object is NodeObject
        case (.model, .object): node(value).map { $0.space == .model && $0.scope == .element } ?? false
        case (.writable, .object(let object)):
            fits(value, .model) || (object as? NodeObject).map { graph?.adapters[$0.id] != nil } ?? false
        case (.openedModel, .object):
            if case .source? = node(value)?.operation { true } else { false }
        case (.mask, .object): node(value)?.isMask ?? false
        case (.value, .object(let object)): object is NodeObject
        case (.value, .integer), (.value, .number): true
        case (.share, .object(let object)), (.amount, .object(let object)): object is NodeObject
        // The last bit of 1 - 0.9 - 0.1 is no mistake of the recipe.
        case (.share, .integer), (.share, .number), (.amount, .integer), (.amount, .number):
            value.double.map { (-1e-9...1 + 1e-9).contains($0) } ?? false
        case (.amount, .table): true
        case (.scope, .string(let text)): Scope.named.contains { $0.name == text }
        case (.scope, .object(let object)): object is ScopeObject || object is GroupObject
        case (.text, .string): true
        case (.name, .string(let text)), (.path, .string(let text)), (.glob, .string(let text)): !text.isEmpty
        case (.fileName, .string(let text)): Self.isFileName(text)
        case (.dtype(let types), .string(let text)): DType(userSpelling: text).map(types.contains) ?? false
        case (.choice(let words), .string(let text)): words.contains(text)
        case (.number(let range), .integer), (.number(let range), .number): value.double.map(range.contains) ?? false
        case (.integer(let from), .integer), (.integer(let from), .number): value.int.map { $0 >= from } ?? false
        case (.flag, .bool): true
        case (.function, .function): true
        case (.list, .table(let table)): table.fields.isEmpty && !table.array.isEmpty
        case (.anyList, .table(let table)): table.fields.isEmpty
        case (.names, .table(let table)): table.array.isEmpty && !table.fields.isEmpty
        case (.entries, .table(let table)): !table.array.isEmpty || !table.fields.isEmpty
        case (.tensorNumbers, .table(let table)): table.array.isEmpty && !table.fields.isEmpty
        case (.tensorNumbers, .object(let object)): object is NodeObject || object is any SpreadObject
        case (.tensorNumbers, .function): true
        case (.options, .table(let table)): table.array.isEmpty
        case (.oneOf(let kinds), _): kinds.contains { fits(value, $0) }
        default: false
        }
    }

    private func requireInside(_ value: ScriptValue, _ kind: Parameter.Kind) throws {
        switch (kind, value) {
        case (.list(let kind), .table(let table)), (.names(let kind), .table(let table)),
            (.entries(let kind), .table(let table)):
            for (index, entry) in table.array.enumerated() { try inside("entry \(index + 1)").require(entry, kind) }
            for (name, entry) in table.fields.sorted(by: { $0.key < $1.key }) {
                try inside("'\(name)'").require(entry, kind)
            }
        case (.options(let options), .table(let table)): try require(table, options)
        case (.amount, .table(let table)):
            let count = Parameter("count", .oneOf([.number(0...Double.greatestFiniteMagnitude), .field]))
            try require(table, [count])
        case (.oneOf(let kinds), _):
            guard let kind = kinds.first(where: { fits(value, $0) }) else { return }
            try requireInside(value, kind)
        default: break
        }
    }

    private func require(_ table: ScriptTable, _ options: [Parameter]) throws {
        let names = options.map(\.name)
        if let unknown = table.fields.keys.sorted().first(where: { !names.contains($0) }) {
            let near = Suggestions.nearest(to: unknown, among: names)
            throw DPPAError(
                .data,
                "\(call.shownName) has no option '\(unknown)'"
                    + (near.isEmpty ? "" : "; did you mean \(Suggestions.list(near))?"),
                notes: ["options are \(names.joined(separator: ", "))"], location: caret(ofKey: unknown))
        }
        for option in options {
            try ArgumentCheck(call: call, graph: graph, place: .option(option.name))
                .require(table.fields[option.name] ?? .null, option)
        }
    }

    private func inside(_ what: String) -> ArgumentCheck {
        ArgumentCheck(call: call, graph: graph, place: .entry(place, what))
    }

    private func node(_ value: ScriptValue) -> Node? {
        guard case .object(let object as NodeObject) = value else { return nil }
        return graph?[object.id]
    }

    private static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && !name.hasPrefix(".")
            && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.+ ".contains($0) }
    }
}

/// The words of its errors.
extension ArgumentCheck {
    private var words: String { "\(call.shownName): \(Self.words(place, call))" }

    private static func words(_ place: Place, _ call: Call) -> String {
        switch place {
        case .argument(let index):
            let name = call.function.parameters[index].name
            switch call.function.form {
            case .function: return "argument \(index + 1) (\(name))"
            case .method: return index == 0 ? "what stands before it" : "argument \(index) (\(name))"
            case .sign:
                return call.function.parameters.count == 1
                    ? "the operand" : index == 0 ? "the left side" : "the right side"
            }
        case .option(let name): return "option '\(name)'"
        case .entry(let outer, let what): return words(outer, call) + ", \(what)"
        }
    }

    private func described(_ value: ScriptValue) -> String {
        guard case .object(let object as NodeObject) = value, let graph else { return value.described }
        return "a " + graph.describe(object.id)
    }

    private func error(_ message: String, _ notes: [String]) -> DPPAError {
        DPPAError(.data, message, notes: notes, location: caret(of: place))
    }

    private func caret(of place: Place) -> DPPAError.Location? {
        switch place {
        case .option(let name): return caret(ofKey: name)
        case .entry(let outer, _): return caret(of: outer)
        case .argument(let index):
            guard call.function.form != .sign else { return call.location }
            let shown = call.function.form == .method ? index - 1 : index
            return call.location.map { call.sources.argument(shown, of: call.name, from: $0) ?? $0 }
        }
    }

    private func caret(ofKey key: String) -> DPPAError.Location? {
        call.location.map { call.sources.find(key, from: $0, isKey: true) ?? $0 }
    }

    /// How to write what was probably meant.
    private func hints(_ value: ScriptValue, _ kind: Parameter.Kind) -> [String] {
        switch (kind, value) {
        case (.field, .bool), (.value, .bool), (.mask, .bool):
            return ["Lua's `not` and `==` see a field as one thing: for each element write ~mask, a:eq(b), a:ne(b)"]
        case (.mask, .object):
            return ["a mask comes from a comparison such as x:gt(0), from top, or from masks joined by & | ~"]
        case (.field, .integer), (.field, .number): return ["a plain number has no tensors"]
        case (.model, .object(let object)), (.writable, .object(let object)):
            guard object is NodeObject else { return [] }
            let isDelta = node(value)?.space == .delta
            var notes = [
                isDelta ? "add it to a model: base + delta" : "a value becomes a model with dppa.as_model(value, like)"
            ]
            if case .writable = kind, isDelta {
                notes.append("or write it as an adapter: delta:lora { rank = 16 }, scaled before and not after")
            }
            return notes
        case (.amount, .integer), (.amount, .number), (.share, .integer), (.share, .number):
            return shareHints(value.double ?? 0, kind)
        case (.scope, .string(let text)):
            return [Suggestions.sentence(for: text, among: Scope.named.map(\.name))]
        case (.scope, .function): return ["make a group of it: dppa.group(function(t) return key end)"]
        case (.choice(let words), .string(let text)): return [Suggestions.sentence(for: text, among: words)]
        case (.list, .string(let text)):
            let parts = text.split(separator: ",").map { "\"\($0.drop { $0 == " " })\"" }
            return ["a list is written { \(parts.joined(separator: ", ")) }"]
        case (.list, .table(let table)) where table.array.isEmpty && table.fields.isEmpty: return ["it has no entries"]
        case (.list, .object): return ["a list of one is written { x }"]
        case (.options(let options), .table), (.options(let options), .string):
            return ["options have names: { \(options.first?.name ?? "name") = … }"]
        case (.number, .string(let text)) where Double(text) != nil: return ["write it without quotes"]
        case (.oneOf(let kinds), _): return kinds.flatMap { hints(value, $0) }
        default: return []
        }
    }

    private func shareHints(_ number: Double, _ kind: Parameter.Kind) -> [String] {
        guard number > 1 else { return [] }
        var notes: [String] = []
        if number <= 100 { notes.append("\(Graph.number(number)) % is written \(Graph.number(number / 100))") }
        if case .amount = kind, number == number.rounded() {
            notes.append("for a whole number of elements write { count = \(Graph.number(number)) }")
        }
        return notes
    }
}
