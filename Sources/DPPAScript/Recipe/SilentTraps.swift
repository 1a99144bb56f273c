import DPPA

/// Finds comparisons, conditions and `and`, `or`, `not` on fields in a recipe's text, which Lua decides without a word.
///
/// `delta == 0` is false, `if mask then` is true and `m1 and m2` is m2, whatever the weights are. What counts as a field is
/// told by `FieldNames`, line by line; what cannot be told from the text alone is not reported.
package struct SilentTraps {
    private var names = FieldNames()

    /// One text for each trap.
    package static func warnings(_ text: String, file: String) -> [String] {
        var finder = SilentTraps()
        var warnings: [String] = []
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = Array(raw)
            let tokens = LuaToken.tokens([line])[...]
            finder.names.shadow(tokens)
            for trap in finder.traps(tokens, line) { warnings.append("\(file):\(number + 1): warning: \(trap)") }
            finder.names.bind(tokens)
        }
        return warnings
    }

    private func traps(_ tokens: ArraySlice<LuaToken>, _ line: [Character]) -> [String] {
        var found: [String] = []
        for condition in conditions(tokens) {
            for operand in condition.tokens.split(at: ["and", "or"]) where !operand.isEmpty && names.isField(operand) {
                found.append(
                    "`\(condition.word) \(shown(operand, line))` sees every field as true\n"
                        + "note: choose element by element with where(mask, a, b); a number to decide by is "
                        + "mean(x, \"model\"):value()")
            }
        }
        for index in tokens.indices {
            switch tokens[index].text {
            case "==", "~=": found += comparison(tokens, index, line)
            case "not":
                let operand = right(of: index, tokens)
                guard names.isField(operand) else { continue }
                let text = shown(operand, line)
                found.append("`not \(text)` is false for every field\nnote: a mask is turned around by ~\(text)")
            case "and", "or": found += join(tokens, index, line)
            default: break
            }
        }
        return found
    }

    private func comparison(_ tokens: ArraySlice<LuaToken>, _ index: Int, _ line: [Character]) -> [String] {
        let (a, b) = (left(of: index, tokens), right(of: index, tokens))
        guard !a.isEmpty, !b.isEmpty, a.last?.text != "nil", b.first?.text != "nil" else { return [] }
        guard let field = [a, b].first(where: names.isField) else { return [] }
        let sign = tokens[index].text
        return [
            "Lua decides `\(shown(a, line)) \(sign) \(shown(b, line))` once, for the whole field\n"
                + "note: a mask for every element is \(shown(field, line)):\(sign == "==" ? "eq" : "ne")(…)"
        ]
    }

    private func join(_ tokens: ArraySlice<LuaToken>, _ index: Int, _ line: [Character]) -> [String] {
        let (a, b) = (left(of: index, tokens), right(of: index, tokens))
        // `sum and sum + part or part` asks whether there is a sum yet; what stands before an `or` is told at its `and`.
        if tokens[index].text == "or", a.startIndex > tokens.startIndex, tokens[a.startIndex - 1].text == "and" {
            return []
        }
        guard names.isField(a), !b.isEmpty, a.count > 1 || a.first?.text != b.first?.text else { return [] }
        let (isAnd, x, y) = (tokens[index].text == "and", shown(a, line), shown(b, line))
        guard isAnd || names.isField(b), !conditions(tokens).contains(where: { $0.tokens.indices.contains(index) })
        else { return [] }
        return [
            "`\(x) \(isAnd ? "and" : "or") \(y)` is \(isAnd ? y : x), because Lua sees every field as true\n"
                + "note: masks are joined by \(x) \(isAnd ? "&" : "|") \(y); between values where(mask, a, b) chooses"
        ]
    }

    /// What stands between `if` and `then`.
    private func conditions(_ tokens: ArraySlice<LuaToken>) -> [(word: String, tokens: ArraySlice<LuaToken>)] {
        tokens.indices.filter { ["if", "elseif", "while"].contains(tokens[$0].text) }.map { start in
            let end = tokens[start...].firstIndex { ["then", "do"].contains($0.text) } ?? tokens.endIndex
            return (tokens[start].text, tokens[(start + 1)..<end])
        }
    }

    /// The operand that ends before a sign or word, and the one that begins behind it.
    private func left(of index: Int, _ tokens: ArraySlice<LuaToken>) -> ArraySlice<LuaToken> {
        var (start, depth) = (index, 0)
        while start > tokens.startIndex {
            let token = tokens[start - 1]
            if depth == 0, token.nesting == 1 || Self.ends.contains(token.text) { break }
            depth -= token.nesting
            start -= 1
        }
        return tokens[start..<index]
    }

    private func right(of index: Int, _ tokens: ArraySlice<LuaToken>) -> ArraySlice<LuaToken> {
        var (end, depth) = (index + 1, 0)
        while end < tokens.endIndex {
            let token = tokens[end]
            if depth == 0, token.nesting == -1 || Self.ends.contains(token.text) { break }
            depth += token.nesting
            end += 1
        }
        return tokens[(index + 1)..<end]
    }

    private static let ends: Set<String> = [
        "and", "or", "not", "if", "elseif", "while", "then", "do", "return", "local", "=", ",", ";", "==", "~=", "<",
        ">", "<=",
        ">=", "end", "else", "until", "function",
    ]

    private func shown(_ tokens: ArraySlice<LuaToken>, _ line: [Character]) -> String {
        guard let first = tokens.first, let last = tokens.last else { return "" }
        return String(line[first.column..<(last.column + last.length)])
    }
}
