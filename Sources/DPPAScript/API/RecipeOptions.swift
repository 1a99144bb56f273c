import DPPA

/// The options of a recipe: what it declares, and what `--set` gives.
package final class RecipeOptions {
    /// A value that an option has taken, for reports.
    package struct Taken {
        package var name: String
        package var value: ScriptValue
        /// What `--set` gave, as it was written; nil for the default.
        package var given: String?
        /// What the declaration says besides.
        package var help: String
        package var choices: [String]
        package var minimum: Double?
        package var maximum: Double?
    }

    private let given: [String: String]
    package private(set) var taken: [Taken] = []

    package init(_ given: [String: String]) { self.given = given }

    /// Every path-like word that the person at the keyboard has written: these may be anywhere.
    package var grantedPaths: Set<String> {
        Set(given.values.flatMap { [$0] + RecipeOptions.parts($0) })
    }

    /// The names that were given but that the recipe never declared.
    package var unknown: [String] { given.keys.filter { name in !taken.contains { $0.name == name } }.sorted() }

    /// What a declaration says.
    struct Declaration {
        var name: String
        var fallback: ScriptValue
        var minimum: Double?
        var maximum: Double?
        var choices: [String]
        var help: String
    }

    /// The value of a declared option.
    ///
    /// Throws when what was given does not fit the declaration, or when there are too many options.
    func value(_ declaration: Declaration) throws -> ScriptValue {
        if let known = taken.first(where: { $0.name == declaration.name }) { return known.value }
        guard taken.count < 1000 else { throw DPPAError(.limit, "the recipe has more than 1000 options") }
        let text = given[declaration.name]
        let value = try text.map { try parse($0, declaration) } ?? declaration.fallback
        try check(value, declaration, isGiven: text != nil)
        taken.append(
            Taken(
                name: declaration.name, value: value, given: text, help: declaration.help,
                choices: declaration.choices, minimum: declaration.minimum, maximum: declaration.maximum))
        return value
    }

    private func parse(_ text: String, _ declaration: Declaration) throws -> ScriptValue {
        let name = declaration.name
        switch declaration.fallback {
        case .bool:
            if ["true", "yes", "on", "1"].contains(text) { return .bool(true) }
            if ["false", "no", "off", "0"].contains(text) { return .bool(false) }
            throw DPPAError(.usage, "--set \(name)=\(text): expected true or false")
        case .integer, .number: return try number(text, name)
        case .table(let table):
            let words = RecipeOptions.parts(text).filter { !$0.isEmpty }
            var isNumeric = words.allSatisfy { Double($0) != nil }
            if case .string = table.array.first { isNumeric = false }
            if let first = table.array.first, !isNumeric {
                if case .string = first {
                } else {
                    return try .table(ScriptTable(array: words.map { try number($0, name) }))
                }
            }
            return .table(ScriptTable(array: try words.map { isNumeric ? try number($0, name) : .string($0) }))
        default: return .string(text)
        }
    }

    private func number(_ text: String, _ name: String) throws -> ScriptValue {
        guard let value = Double(text), value.isFinite else {
            throw DPPAError(.usage, "--set \(name)=\(text): '\(text)' is not a number")
        }
        if let integer = Int(text) { return .integer(integer) }
        return .number(value)
    }

    private func check(_ value: ScriptValue, _ declaration: Declaration, isGiven: Bool) throws {
        let numbers: [Double]
        switch value {
        case .integer(let number): numbers = [Double(number)]
        case .number(let number): numbers = [number]
        case .table(let table): numbers = table.array.compactMap(\.double)
        default: numbers = []
        }
        let code: DPPAError.Code = isGiven ? .usage : .data
        for number in numbers {
            if let minimum = declaration.minimum, number < minimum {
                throw DPPAError(
                    code,
                    "option '\(declaration.name)' must be at least \(Graph.number(minimum)); it is \(Graph.number(number))"
                )
            }
            if let maximum = declaration.maximum, number > maximum {
                throw DPPAError(
                    code,
                    "option '\(declaration.name)' must be at most \(Graph.number(maximum)); it is \(Graph.number(number))"
                )
            }
        }
        if case .string(let word) = value, !declaration.choices.isEmpty, !declaration.choices.contains(word) {
            throw DPPAError(
                code, "option '\(declaration.name)' cannot be '\(word)'",
                notes: ["it is one of: " + declaration.choices.joined(separator: ", ")])
        }
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
