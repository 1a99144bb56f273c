/// A word, a number, a text in quotes or a sign of a Lua text.
struct LuaToken {
    var text: String
    /// From 0, within the lines that were read.
    var line: Int
    /// From 0, in characters.
    var column: Int

    var length: Int { text.count }
    var isName: Bool { text.first.map { $0.isLetter || $0 == "_" } ?? false }
    var isText: Bool { text.hasPrefix("\"") || text.hasPrefix("'") }

    /// How the depth of brackets changes behind it.
    var nesting: Int {
        switch text {
        case "(", "[", "{": 1
        case ")", "]", "}": -1
        default: 0
        }
    }

    /// The tokens of some lines, without comments; texts in long brackets are not known.
    static func tokens(_ lines: [[Character]], after column: Int = 0) -> [LuaToken] {
        var tokens: [LuaToken] = []
        for (number, line) in lines.enumerated() {
            var position = number == 0 ? column : 0
            while position < line.count {
                let character = line[position]
                let pair = position + 1 < line.count ? String([character, line[position + 1]]) : ""
                if pair == "--" { break }
                var end = position + 1
                if character == "\"" || character == "'" {
                    while end < line.count, line[end] != character { end += line[end] == "\\" ? 2 : 1 }
                    end = min(end + 1, line.count)
                } else if isWord(character) {
                    while end < line.count, isWord(line[end]) { end += 1 }
                } else if ["==", "~=", "<=", ">=", "..", "//", "<<", ">>"].contains(pair) {
                    end = position + 2
                }
                if !character.isWhitespace {
                    tokens.append(LuaToken(text: String(line[position..<end]), line: number, column: position))
                }
                position = end
            }
        }
        return tokens
    }

    static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}

extension ArraySlice<LuaToken> {
    /// The parts between separators that stand outside all brackets.
    func split(at separators: Set<String>) -> [ArraySlice<LuaToken>] {
        var (parts, start, depth): ([ArraySlice<LuaToken>], Int, Int) = ([], startIndex, 0)
        for index in indices {
            if depth == 0, separators.contains(self[index].text) {
                parts.append(self[start..<index])
                start = index + 1
            }
            depth += self[index].nesting
        }
        return parts + [self[start...]]
    }
}
