import DPPA

/// What a method or a recipe says of one of its options, or a method of one of its arguments.
///
/// The one declaration gives the default, the check, the help page, the reference, the editor's stub and what `--set` takes.
package struct OptionDeclaration {
    /// What a value is.
    package enum Kind: String, CaseIterable {
        case number, count, boolean, text, path, list, function, field, delta, model, models, experts, any
    }

    /// What else than one number may stand for a number.
    package enum Spread: String, CaseIterable {
        /// A number for each tensor: a field, a gradient over depth, a table from globs to numbers.
        case tensor
        /// The same for each expert.
        case expert
    }

    package var name: String
    package var kind: Kind
    /// Of a list: what its elements are.
    package var element: Kind
    package var spread: Spread?
    /// The finest scope of a field that stands for the number.
    package var finest: Scope = .element
    /// What holds when nothing is given; nil when something must be, or when nothing is a value of its own.
    package var fallback: ScriptValue?
    /// What holds when nothing is given and `compat` asks for mergekit's numbers, where that is something else.
    package var mergekit: ScriptValue?
    package var isRequired = false
    package var isNonempty = false
    package var minimum: Double?
    package var maximum: Double?
    package var choices: [String] = []
    package var help = ""
    /// The line under which a recipe's help lists it; empty for what comes first.
    package var heading = ""
    /// Whether a recipe that takes a method's options gets it as an option of its own.
    package var isForRecipes = true
    /// The sum over experts is divided by: always, or when the option of this name holds.
    package var divides: Divisor?

    package enum Divisor: Equatable {
        case always
        case when(String)
    }

    /// A declaration as a recipe writes it.
    ///
    /// Throws what is wrong with it; `owner` is what messages begin with.
    init(_ fields: [String: ScriptValue], owner: String) throws {
        guard case .string(let name)? = fields["name"], !name.isEmpty else {
            throw DPPAError(.data, "\(owner): the declaration has no 'name'")
        }
        self.name = name
        let subject = "\(owner): option '\(name)'"
        if let unknown = fields.keys.sorted().first(where: { !Self.words.contains($0) }) {
            throw DPPAError(
                .data, "\(subject) has no '\(unknown)'" + Suggestions.hint(for: unknown, among: Self.words),
                notes: ["a declaration has \(Self.words.joined(separator: ", "))"])
        }
        func word<T: CaseIterable & RawRepresentable>(_ key: String, _ type: T.Type) throws -> T?
        where T.RawValue == String {
            guard let value = fields[key] else { return nil }
            let names = T.allCases.map(\.rawValue)
            guard case .string(let text) = value, let found = T(rawValue: text) else {
                throw DPPAError(
                    .data, "\(subject): '\(key)' cannot be \(value.described)",
                    notes: ["it is one of: \(names.joined(separator: ", "))"])
            }
            return found
        }
        func number(_ key: String) throws -> Double? {
            guard let value = fields[key] else { return nil }
            guard let number = value.double, !number.isNaN else {
                throw DPPAError(.data, "\(subject): '\(key)' must be a number; it is \(value.described)")
            }
            return number
        }
        func flag(_ key: String) throws -> Bool? {
            guard let value = fields[key] else { return nil }
            guard case .bool(let flag) = value else {
                throw DPPAError(.data, "\(subject): '\(key)' must be true or false; it is \(value.described)")
            }
            return flag
        }
        fallback = fields["default"]
        mergekit = fields["mergekit"]
        kind = try word("kind", Kind.self) ?? Self.kind(of: fallback)
        spread = try word("per", Spread.self)
        minimum = try number("min")
        maximum = try number("max")
        isRequired = try flag("required") ?? false
        isNonempty = try flag("nonempty") ?? false
        isForRecipes = try flag("set") ?? true
        element = try word("of", Kind.self) ?? Self.element(of: fallback)
        func text(_ key: String) throws -> String {
            guard let value = fields[key] else { return "" }
            guard case .string(let text) = value else {
                throw DPPAError(.data, "\(subject): '\(key)' must be a text; it is \(value.described)")
            }
            return text
        }
        help = try text("help")
        heading = try text("heading")
        if let given = fields["choices"] {
            guard case .table(let table) = given, !table.array.isEmpty else {
                throw DPPAError(.data, "\(subject): 'choices' must be a list of texts; it is \(given.described)")
            }
            choices = try table.array.map {
                guard case .string(let text) = $0 else {
                    throw DPPAError(.data, "\(subject): 'choices' must be texts; one is \($0.described)")
                }
                return text
            }
        }
        if let given = fields["finest"] {
            guard case .string(let text) = given, let scope = Scope.named.first(where: { $0.name == text }) else {
                throw DPPAError(.data, "\(subject): 'finest' must be a scope; it is \(given.described)")
            }
            finest = scope
        }
        switch fields["divides"] {
        case nil, .bool(false)?: break
        case .bool(true)?: divides = .always
        case .string(let option)?: divides = .when(option)
        case let other?:
            throw DPPAError(
                .data, "\(subject): 'divides' must be true or the name of an option; it is \(other.described)")
        }
    }

    private static let words = [
        "name", "default", "min", "max", "choices", "help", "heading", "kind", "of", "per", "finest", "nonempty",
        "required",
        "set", "divides", "mergekit",
    ]

    private static func kind(of fallback: ScriptValue?) -> Kind {
        switch fallback {
        case nil: .any
        case .bool?: .boolean
        case .integer?, .number?: .number
        case .string?: .text
        case .table?: .list
        case .null?, .object?, .function?: .any
        }
    }

    private static func element(of fallback: ScriptValue?) -> Kind {
        guard case .table(let table)? = fallback, let first = table.array.first else { return .any }
        return kind(of: first)
    }

    /// Whether `--set` can give it.
    var isSettable: Bool {
        let plain: Set<Kind> = [.number, .count, .boolean, .text, .path]
        return isForRecipes && !isRequired && plain.contains(kind == .list ? element : kind)
    }

    /// The range in words; empty when there is none.
    package var range: String {
        switch (minimum, maximum) {
        case (let low?, let high?): "from \(Graph.number(low)) to \(Graph.number(high))"
        case (let low?, nil): "at least \(Graph.number(low))"
        case (nil, let high?): "at most \(Graph.number(high))"
        case (nil, nil): ""
        }
    }

    /// What a value must be, in words.
    var expectation: String {
        if let spread {
            let each = spread == .expert ? "a number, or a list with one for each expert" : "a number"
            return each + (range.isEmpty ? "" : ", \(range)")
        }
        switch kind {
        case .number: return "a number" + (range.isEmpty ? "" : " \(range)")
        case .count: return "a whole number" + (range.isEmpty ? "" : " \(range)")
        case .boolean: return "true or false"
        case .text: return choices.isEmpty ? "a text" : "one of \(choices.joined(separator: ", "))"
        case .path: return "a path"
        case .list: return "a list" + (element == .any ? "" : " of \(Self.plural(element))")
        case .function: return "a function"
        case .field: return "a field"
        case .delta: return "a delta"
        case .model: return "a model"
        case .models: return "a model or a list of models"
        case .experts: return "a model, a delta, or a list of them"
        case .any: return "a value"
        }
    }

    static func plural(_ kind: Kind) -> String {
        switch kind {
        case .number: "numbers"
        case .count: "whole numbers"
        case .boolean: "booleans"
        case .text: "texts"
        case .path: "paths"
        case .list: "lists"
        case .function: "functions"
        case .field: "fields"
        case .delta: "deltas"
        case .model, .models: "models"
        case .experts: "models or deltas"
        case .any: "values"
        }
    }

    /// What may be said of the option besides its help: choices or range, default, and what else than a number it takes.
    package func facts(showing value: ScriptValue?) -> String {
        var facts: [String] = []
        if !choices.isEmpty { facts.append(choices.joined(separator: ", ")) }
        if !range.isEmpty { facts.append(range) }
        if isRequired {
            facts.append("required")
        } else if let value {
            let text = value.shown
            facts.append(text.isEmpty ? "default: nothing" : "default \(text)")
        }
        if let mergekit { facts.append("of mergekit \(mergekit.shown)") }
        switch spread {
        case .expert?: facts.append(finest.isCoarser(than: .tensor) ? "per expert" : "per expert and tensor")
        case .tensor?: facts.append("per tensor")
        case nil: break
        }
        return facts.joined(separator: "; ")
    }
}

extension ScriptValue {
    /// The value as `--set` takes it.
    package var shown: String {
        switch self {
        case .string(let text): text
        case .table(let table): table.array.map(\.shown).joined(separator: ",")
        case .integer(let number): String(number)
        case .number(let number): Graph.number(number)
        case .bool(let flag): String(flag)
        case .object(let object as any SpreadObject): object.shown
        case .null, .object, .function: "–"
        }
    }
}
