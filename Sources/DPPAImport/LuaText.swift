/// Pieces of Lua as an importer writes them.
enum LuaText {
    /// A text in quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 32 || scalar.value == 127:
                result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A finite number in its shortest spelling.
    static func number(_ number: Double) -> String {
        if number == number.rounded(), number.magnitude < 1e15 { return String(Int(number)) }
        return "\(number)"
    }

    /// 1 less a number, without the rounding of the difference where decimals have none.
    static func rest(_ value: Double) -> Double {
        let rounded = ((1 - value) * 1e12).rounded() / 1e12
        return rounded
    }

    /// A table of entries, on one line where that is not long.
    static func table(_ entries: [String], indent: Int = 0, width: Int = 100) -> String {
        let line = "{ " + entries.joined(separator: ", ") + " }"
        if entries.isEmpty { return "{}" }
        if line.count + indent <= width, !line.contains("\n") { return line }
        let space = String(repeating: " ", count: indent + 2)
        return "{\n" + entries.map { space + $0 + ",\n" }.joined() + String(repeating: " ", count: indent) + "}"
    }

    private static let words: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
        "not", "or",
        "repeat", "return", "then", "true", "until", "while", "error", "dppa", "require", "slices", "at", "base",
        "expert",
        "experts", "model", "models", "ipairs", "pairs", "print", "string", "table", "math", "type", "select", "next",
    ]

    /// A name for a variable that is none of those in use.
    static func variable(_ label: String, _ used: inout Set<String>) -> String {
        var name = String(
            label.lowercased().unicodeScalars.map { scalar -> Character in
                let isPlain =
                    scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar)))
                return isPlain ? Character(scalar) : "_"
            })
        while name.contains("__") { name.replace("__", with: "_") }
        name = String(name.drop { $0 == "_" }.prefix(32))
        while name.hasSuffix("_") { name.removeLast() }
        if name.isEmpty || name.first?.isNumber == true { name = "m" + (name.isEmpty ? "" : "_" + name) }
        if words.contains(name) { name += "_model" }
        return unique(name, &used)
    }

    /// A name, with a number behind it where it is in use.
    static func unique(_ name: String, _ used: inout Set<String>) -> String {
        var (unique, number) = (name, 2)
        while !used.insert(unique).inserted {
            unique = "\(name)_\(number)"
            number += 1
        }
        return unique
    }
}
