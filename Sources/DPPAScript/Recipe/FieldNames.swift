import DPPA

/// Which names of a recipe's text stand for fields, and which for functions that make them.
struct FieldNames {
    private var fields: Set<String> = []
    private var makers: Set<String> = []

    /// Forgets the names of parameters and loops, of which the text does not tell what they are.
    mutating func shadow(_ tokens: ArraySlice<LuaToken>) {
        for index in tokens.indices {
            switch tokens[index].text {
            case "function":
                guard let open = tokens[index...].firstIndex(where: { $0.text == "(" }) else { continue }
                for token in tokens[open...].prefix(Self.group(tokens[open...])) { fields.remove(token.text) }
            case "for":
                for token in tokens[index...].prefix(while: { $0.text != "in" && $0.text != "=" }) {
                    fields.remove(token.text)
                }
            default: break
            }
        }
    }

    /// Remembers what a line `local a, b = …` or `a = …` binds.
    mutating func bind(_ tokens: ArraySlice<LuaToken>) {
        let isLocal = tokens.first?.text == "local"
        let sides = tokens.dropFirst(isLocal ? 1 : 0).split(at: ["="])
        guard isLocal ? sides.count <= 2 : sides.count == 2, let left = sides.first else { return }
        let names = left.split(at: [","]).map { $0.count == 1 && $0.first?.isName == true ? $0.first?.text : nil }
        let values = sides.count == 2 ? sides[1].split(at: [","]) : []
        for (index, name) in names.enumerated() {
            guard let name else { continue }
            let value = index < values.count ? values[index] : []
            if Self.isMaker(value) { makers.insert(name) } else { makers.remove(name) }
            if isField(value) { fields.insert(name) } else if isLocal { fields.remove(name) }
        }
    }

    /// Whether an operand is a field for certain.
    func isField(_ tokens: ArraySlice<LuaToken>) -> Bool {
        guard let first = tokens.first else { return false }
        if tokens.split(at: ["==", "~=", "<", ">", "<=", ">=", "..", "and", "or", "not", "function"]).count > 1 {
            return false
        }
        if first.text == "~" || first.text == "-" { return isField(tokens.dropFirst()) }
        let parts = tokens.split(at: ["+", "-", "*", "/", "^", "&", "|"])
        if parts.count > 1 { return parts.contains(where: isField) }
        return isFieldChain(tokens)
    }

    /// A name with its calls: `x`, `dppa.abs(x)`, `x:gt(0)`.
    private func isFieldChain(_ tokens: ArraySlice<LuaToken>) -> Bool {
        guard let first = tokens.first else { return false }
        var rest = tokens.dropFirst()
        var isField = false
        if first.text == "(" {
            let inner = tokens.prefix(Self.group(tokens)).dropFirst().dropLast()
            isField = self.isField(inner)
            rest = tokens.dropFirst(inner.count + 2)
        } else if first.text == "dppa", rest.first?.text == ".", let name = rest.dropFirst().first?.text {
            rest = rest.dropFirst(2)
            guard Self.functions.contains(name), Self.group(rest) > 0 else { return false }
            rest = rest.dropFirst(Self.group(rest))
            isField = true
        } else if makers.contains(first.text), Self.group(rest) > 0 {
            rest = rest.dropFirst(Self.group(rest))
            isField = true
        } else {
            isField = fields.contains(first.text)
        }
        while isField, rest.first?.text == ":", let method = rest.dropFirst().first?.text {
            rest = rest.dropFirst(2)
            isField = Self.methods.contains(method)
            rest = rest.dropFirst(Self.group(rest))
        }
        return isField && rest.isEmpty
    }

    /// How many tokens the brackets, or the text, at the front have.
    private static func group(_ tokens: ArraySlice<LuaToken>) -> Int {
        guard let first = tokens.first, first.nesting == 1 || first.isText else { return 0 }
        var depth = 0
        for (count, token) in tokens.enumerated() {
            depth += token.nesting
            if depth == 0 { return count + 1 }
        }
        return 0
    }

    private static func isMaker(_ tokens: ArraySlice<LuaToken>) -> Bool {
        let words = tokens.map(\.text)
        return words.count == 3 && words[0] == "dppa" && words[1] == "." && functions.contains(words[2])
    }

    private static let functions = Set(Catalog.functions.filter { $0.type == "dppa.Field" }.map(\.name))
    private static let methods = Set(Catalog.methods.filter { $0.type == "dppa.Field" }.map(\.name))
}
