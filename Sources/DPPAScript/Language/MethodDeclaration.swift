import DPPA

/// What a method says of itself: `dppa.method { name = …, arguments = …, options = …, run = … }`.
package struct MethodDeclaration {
    package let name: String
    /// What other programs call it.
    package let aliases: [String]
    package let summary: String
    /// What published comparisons say of it, with their sources; empty if none are known.
    package let comparisons: String
    /// What `compat = "mergekit"` changes; empty if the method has no such option.
    package let compat: String
    /// What stands before the options.
    package let arguments: [OptionDeclaration]
    package var options: [OptionDeclaration]
    /// What it gives, in words.
    package let returns: String
    package let example: String

    /// The declaration of a table; `others` are the methods that are declared already, for `{ of = method }`.
    init(_ table: ScriptTable, others: [MethodDeclaration]) throws {
        let words = [
            "name", "aliases", "summary", "comparisons", "compat", "arguments", "options", "returns", "example", "run",
        ]
        func text(_ key: String) throws -> String {
            switch table[key] {
            case nil: return ""
            case .string(let text)?: return text
            case let other?: throw DPPAError(.data, "method: '\(key)' must be a text; it is \(other.described)")
            }
        }
        if let unknown = table.fields.keys.sorted().first(where: { !words.contains($0) }) {
            throw DPPAError(
                .data, "method has no '\(unknown)'" + Suggestions.hint(for: unknown, among: words),
                notes: ["a method has \(words.joined(separator: ", "))"])
        }
        let name = try text("name")
        guard !name.isEmpty else { throw DPPAError(.data, "method: the declaration has no 'name'") }
        guard case .function? = table["run"] else {
            throw DPPAError(
                .data, "method '\(name)': 'run' must be a function; it is \((table["run"] ?? .null).described)")
        }
        func declarations(_ key: String) throws -> [OptionDeclaration] {
            guard let value = table[key] else { return [] }
            guard case .table(let list) = value, list.fields.isEmpty else {
                throw DPPAError(
                    .data, "method '\(name)': '\(key)' must be a list of declarations; it is \(value.described)")
            }
            return try list.array.flatMap { entry -> [OptionDeclaration] in
                guard case .table(let fields) = entry else {
                    throw DPPAError(.data, "method '\(name)': one of '\(key)' is \(entry.described), no declaration")
                }
                guard case .integer(let other)? = fields["of"], others.indices.contains(other) else {
                    return [try OptionDeclaration(fields.fields, owner: "method '\(name)'")]
                }
                return try Self.options(of: others[other], fields, for: name)
            }
        }
        self.name = name
        aliases = try Self.aliases(table["aliases"], of: name)
        summary = try text("summary")
        comparisons = try text("comparisons")
        compat = try text("compat")
        returns = try text("returns")
        example = try text("example")
        arguments = try declarations("arguments")
        options = try declarations("options") + (compat.isEmpty ? [] : [Compatibility.option])
        let all = (arguments + options).map(\.name)
        if let twice = all.first(where: { name in all.count { $0 == name } > 1 }) {
            throw DPPAError(.data, "method '\(name)' declares '\(twice)' twice")
        }
        for option in options {
            let check = OptionCheck(
                subject: "method '\(name)': the default of '\(option.name)'", declaration: option, graph: Graph())
            for value in [option.fallback, option.mergekit].compactMap(\.self) { try check.require(value) }
        }
    }

    /// What `{ of = method, except = …, per = "expert", mergekit = … }` stands for: the other's options without some, those for
    /// tensors for each expert, some with another default for `compat`.
    private static func options(
        of other: MethodDeclaration, _ table: ScriptTable, for name: String
    ) throws -> [OptionDeclaration] {
        var except: [String] = []
        if case .table(let list)? = table["except"] { except = list.array.map(\.shown) }
        var mergekit: [String: ScriptValue] = [:]
        if case .table(let defaults)? = table["mergekit"] { mergekit = defaults.fields }
        let known = other.options.map(\.name)
        if let unknown = (except + mergekit.keys.sorted()).first(where: { !known.contains($0) }) {
            throw DPPAError(
                .data,
                "method '\(name)': \(other.name) has no option '\(unknown)'"
                    + Suggestions.hint(for: unknown, among: known))
        }
        let isForExperts = table["per"]?.text == OptionDeclaration.Spread.expert.rawValue
        return other.options.filter { !except.contains($0.name) }.map { option in
            var option = option
            if isForExperts, option.spread == .tensor { option.spread = .expert }
            option.mergekit = mergekit[option.name] ?? option.mergekit
            return option
        }
    }

    private static func aliases(_ value: ScriptValue?, of name: String) throws -> [String] {
        guard let value else { return [] }
        func mistake() -> DPPAError {
            DPPAError(.data, "method '\(name)': 'aliases' must be a list of texts; it is \(value.described)")
        }
        guard case .table(let list) = value, list.fields.isEmpty else { throw mistake() }
        return try list.array.map {
            guard case .string(let alias) = $0 else { throw mistake() }
            return alias
        }
    }

    /// How it is called.
    package var signature: String {
        let list = arguments.map { $0.isRequired || $0.fallback == nil ? $0.name : "[\($0.name)]" }
        if arguments.isEmpty { return "\(name) { options }" }
        return "\(name)(\((list + (options.isEmpty ? [] : ["[options]"])).joined(separator: ", ")))"
    }

    /// All options, and where help says more of a method that ships.
    var optionsNote: String {
        let module = name.split(separator: ".").first.map(String.init) ?? name
        let help = Reference.names.contains(module) ? "        (dppa-run help dppa.\(module))" : ""
        return "options are \(options.map(\.name).joined(separator: ", "))\(help)"
    }
}
