import DPPA

/// The options of a recipe: what it declares, and what `--set` gives.
package final class RecipeOptions {
    /// A value that an option has taken, for reports.
    package struct Taken {
        package var value: ScriptValue
        /// What `--set` gave, as it was written; nil for the default.
        package var given: String?
        package var declaration: OptionDeclaration

        package var name: String { declaration.name }
    }

    /// What `--set` gives, by name.
    let given: [String: String]
    package private(set) var taken: [Taken] = []

    package init(_ given: [String: String]) { self.given = given }

    /// Every path-like word that the person at the keyboard has written: these may be anywhere.
    package var grantedPaths: Set<String> {
        let words = given.values.flatMap { [$0] + RecipeOptions.parts($0) }
        // Of base+adapter, each.
        return Set(words + words.flatMap(AdaptedPath.parts))
    }

    /// The names that were given but that the recipe never declared.
    package var unknown: [String] { given.keys.filter { name in !taken.contains { $0.name == name } }.sorted() }

    /// The value of a declared option.
    ///
    /// Throws when what was given does not fit the declaration, when the option is declared already with another default, or
    /// when there are too many options.
    func value(_ declaration: OptionDeclaration) throws -> ScriptValue {
        let name = declaration.name
        if let known = taken.first(where: { $0.name == name }) {
            guard known.declaration.facts == declaration.facts else {
                throw DPPAError(
                    .data, "option '\(name)' is declared twice: \(known.declaration.facts), and \(declaration.facts)",
                    notes: ["one --set \(name)=… would set both; declare one of them under another name"])
            }
            return known.value
        }
        guard taken.count < 1000 else { throw DPPAError(.limit, "the recipe has more than 1000 options") }
        let text = given[name]
        let value = try text.map { try parse($0, declaration) } ?? declaration.fallback ?? .null
        do {
            if text != nil || declaration.fallback != nil {
                try OptionCheck(subject: "option '\(name)'", declaration: declaration, graph: Graph()).require(value)
            }
        } catch var error as DPPAError {
            if let text { (error.code, error.message) = (.usage, "--set \(name)=\(text): \(error.message)") }
            throw error
        }
        taken.append(Taken(value: value, given: text, declaration: declaration))
        return value
    }

    private func parse(_ text: String, _ declaration: OptionDeclaration) throws -> ScriptValue {
        let name = declaration.name
        func words() -> [String] { RecipeOptions.parts(text).filter { !$0.isEmpty } }
        if declaration.spread != nil {
            let numbers = try words().map { try number($0, name, text) }
            return numbers.count == 1 ? numbers[0] : .table(ScriptTable(array: numbers))
        }
        switch declaration.kind {
        case .boolean: return .bool(try flag(text, name))
        case .number, .count: return try number(text, name, text)
        case .list:
            switch declaration.element {
            case .number, .count: return .table(ScriptTable(array: try words().map { try number($0, name, text) }))
            case .boolean: return .table(ScriptTable(array: try words().map { .bool(try flag($0, name)) }))
            case .any:
                let isNumeric = words().allSatisfy { Double($0) != nil }
                return .table(
                    ScriptTable(array: try words().map { isNumeric ? try number($0, name, text) : .string($0) }))
            default: return .table(ScriptTable(array: words().map { .string($0) }))
            }
        default: return .string(text)
        }
    }

    private func flag(_ text: String, _ name: String) throws -> Bool {
        if ["true", "yes", "on", "1"].contains(text) { return true }
        if ["false", "no", "off", "0"].contains(text) { return false }
        throw DPPAError(.usage, "--set \(name)=\(text): expected true or false")
    }

    private func number(_ word: String, _ name: String, _ text: String) throws -> ScriptValue {
        guard let value = Double(word), value.isFinite else {
            throw DPPAError(.usage, "--set \(name)=\(text): '\(word)' is not a number")
        }
        if let integer = Int(word) { return .integer(integer) }
        return .number(value)
    }

    /// The parts of a list between its commas; a comma within a part is written `\,`.
    static func parts(_ text: String) -> [String] {
        var parts = [""]
        for character in text {
            let last = parts.count - 1
            if character != "," {
                parts[last].append(character)
            } else if parts[last].last == "\\" {
                parts[last].removeLast()
                parts[last].append(",")
            } else {
                parts.append("")
            }
        }
        return parts.map(trimmed)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension OptionDeclaration {
    /// All that is said of the option besides its name and help, with its default.
    package var facts: String { facts(showing: fallback) }
}
