/// Where the arguments of a call stand in a text, as far as brackets, commas and quotes tell.
struct ArgumentSpans {
    /// Lines and columns from 0; one that ends on another line is as long as its first token.
    private(set) var spans: [(line: Int, column: Int, length: Int)] = []

    /// The arguments that follow a name, which ends before `column` of the first line.
    init(_ lines: [[Character]], after column: Int) {
        let tokens = LuaToken.tokens(lines, after: column)
        guard let first = tokens.first else { return }
        let isList = first.text == "("
        var depth = 0
        // The end of the call, or of the one table or text without parentheses.
        guard
            let end = tokens.indices.first(where: { index in
                depth += tokens[index].nesting
                return depth == 0
            })
        else { return }
        for part in isList ? tokens[1..<end].split(at: [","]) : [tokens[...end]] {
            guard let start = part.first, let last = part.last else { continue }
            let isOneLine = start.line == last.line
            spans.append(
                (start.line, start.column, isOneLine ? last.column + last.length - start.column : start.length))
        }
    }
}
