/// Where the arguments of a call stand in a text, as far as brackets, commas and quotes tell.
struct ArgumentSpans {
    /// A text in quotes, or one character that is no white space.
    private struct Token {
        var line: Int
        var column: Int
        var length: Int
        var first: Character
    }

    /// Lines and columns from 0; one that ends on another line is as long as its first character.
    private(set) var spans: [(line: Int, column: Int, length: Int)] = []

    /// The arguments that follow a name, which ends before `column` of the first line.
    init(_ lines: [[Character]], after column: Int) {
        let tokens = Self.tokens(lines, after: column)
        guard let first = tokens.first else { return }
        guard first.first == "(" else {
            // One table or text without parentheses.
            var depth = 0
            for token in tokens {
                depth += Self.change(token)
                guard depth > 0 else {
                    add(first, token)
                    return
                }
            }
            return
        }
        var (depth, start, last) = (0, Token?.none, first)
        for token in tokens.dropFirst() {
            if depth == 0, token.first == "," || token.first == ")" {
                if let start { add(start, last) }
                if token.first == ")" { return }
                start = nil
                continue
            }
            depth += Self.change(token)
            start = start ?? token
            last = token
        }
    }

    private mutating func add(_ start: Token, _ last: Token) {
        let isOneLine = start.line == last.line
        spans.append((start.line, start.column, isOneLine ? last.column + last.length - start.column : start.length))
    }

    private static func change(_ token: Token) -> Int {
        "([{".contains(token.first) ? 1 : ")]}".contains(token.first) ? -1 : 0
    }

    private static func tokens(_ lines: [[Character]], after column: Int) -> [Token] {
        var tokens: [Token] = []
        for (number, line) in lines.enumerated() {
            var position = number == 0 ? column : 0
            while position < line.count {
                let character = line[position]
                if character == "-", position + 1 < line.count, line[position + 1] == "-" { break }
                var end = position + 1
                if character == "\"" || character == "'" {
                    while end < line.count, line[end] != character { end += line[end] == "\\" ? 2 : 1 }
                    end = min(end + 1, line.count)
                }
                if !character.isWhitespace {
                    tokens.append(Token(line: number, column: position, length: end - position, first: character))
                }
                position = end
            }
        }
        return tokens
    }
}
