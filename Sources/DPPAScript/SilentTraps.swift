import DPPA

/// Finds comparisons and conditions on fields in a recipe's text, which Lua decides without a word.
///
/// `delta == 0` is false and `if mask then` is true whatever the weights are. A name counts as a field when it is bound on one
/// line to an arithmetic or a call of the language over fields; what cannot be told from the text alone is not reported.
struct SilentTraps {
    private var fields: Set<String> = []
    private var makers: Set<String> = []

    /// One line for each trap.
    static func warnings(_ text: String, file: String) -> [String] {
        var finder = SilentTraps()
        var warnings: [String] = []
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.components(separatedBy: "--")[0]
            let tokens = Self.tokens(line)
            for trap in finder.traps(tokens) { warnings.append("\(file):\(number + 1): warning: \(trap)") }
            finder.bind(tokens)
        }
        return warnings
    }

    private func traps(_ tokens: [String]) -> [String] {
        var found: [String] = []
        for index in tokens.indices {
            let (before, after) = (
                index > 0 ? tokens[index - 1] : "", index + 1 < tokens.count ? tokens[index + 1] : ""
            )
            switch tokens[index] {
            case "==", "~=":
                guard before != "nil", after != "nil" else { continue }
                // The name must be the whole operand: `t.layer == 0` compares a fact.
                let isLeft = fields.contains(before) && (index < 2 || !Self.joins.contains(tokens[index - 2]))
                let isRight =
                    fields.contains(after) && (index + 2 >= tokens.count || !Self.joins.contains(tokens[index + 2]))
                guard isLeft || isRight else { continue }
                let method = tokens[index] == "==" ? "eq" : "ne"
                found.append(
                    "Lua decides `\(before) \(tokens[index]) \(after)` once, for the whole field\n"
                        + "note: a mask for every element is \(isLeft ? before : after):\(method)(…)")
            case "if", "elseif", "while", "not":
                let next = index + 2 < tokens.count ? tokens[index + 2] : ""
                guard fields.contains(after), ["then", "do", "and", "or", ""].contains(next) else { continue }
                found.append(
                    "`\(tokens[index]) \(after)` sees every field as true\n"
                        + "note: choose element by element with where(mask, a, b)")
            default: break
            }
        }
        return found
    }

    /// Remembers what a line `local name = …` or `name = …` binds.
    private mutating func bind(_ tokens: [String]) {
        let start = tokens.first == "local" ? 1 : 0
        guard tokens.count > start + 2, tokens[start + 1] == "=", Self.isName(tokens[start]) else { return }
        let (name, value) = (tokens[start], Array(tokens[(start + 2)...]))
        let opaque: Set<String> = ["{", "function", "value", "score", "label", "space", "#", "numel", "==", "~="]
        fields.remove(name)
        if value.count == 3, value[0] == "dppa", value[1] == ".", Self.makes(value[2]) {
            makers.insert(name)
        } else if opaque.isDisjoint(with: value) {
            let called = zip(value, value.dropFirst()).contains { $1 == "(" && makers.contains($0) }
            let module = zip(value, value.dropFirst(2)).contains { $0 == "dppa" && Self.makes($1) }
            let isArithmetic = value.contains { fields.contains($0) } && value.contains { "+-*/^:&|".contains($0) }
            if called || module || isArithmetic { fields.insert(name) }
        }
    }

    private static let joins: Set<String> = [".", ":", "[", "("]

    private static func makes(_ name: String) -> Bool {
        Catalog.functions.contains { $0.name == name && $0.type == "dppa.Field" && $0.name != "numel" }
    }

    private static func isName(_ token: String) -> Bool {
        token.first.map { $0.isLetter || $0 == "_" } ?? false
    }

    /// Names, numbers, texts as one token each, and signs; `==` and `~=` are one sign.
    private static func tokens(_ line: String) -> [String] {
        var tokens: [String] = []
        var rest = line[...]
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "\"" || first == "'" {
                let text = rest.dropFirst().prefix { $0 != first }
                tokens.append("\"\"")
                rest = rest.dropFirst(text.count + 2)
            } else if rest.hasPrefix("==") || rest.hasPrefix("~=") || rest.hasPrefix("<=") || rest.hasPrefix(">=") {
                tokens.append(String(rest.prefix(2)))
                rest = rest.dropFirst(2)
            } else if first.isLetter || first.isNumber || first == "_" {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                tokens.append(String(word))
                rest = rest.dropFirst(word.count)
            } else {
                tokens.append(String(first))
                rest = rest.dropFirst()
            }
        }
        return tokens
    }
}
