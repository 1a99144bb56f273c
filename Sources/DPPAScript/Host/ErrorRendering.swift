import DPPA

extension DPPAError {
    /// The error as the person at the keyboard sees it: place, headline, the line with a caret, notes; what a stranger's file
    /// brought in cannot steer the terminal.
    package func rendered(sources: [String: String]) -> String {
        var lines: [String] = []
        if let location {
            let column = location.column > 0 ? ":\(location.column)" : ""
            lines.append("\(location.file):\(location.line)\(column): error: \(message)")
            lines += excerpt(location, sources)
        } else {
            lines.append("error: \(message)")
        }
        if let cause { lines.append("cause: \(cause)") }
        lines += notes.filter { !$0.isEmpty }.map { "note: \($0)" }
        return lines.joined(separator: "\n").printable
    }

    private func excerpt(_ location: Location, _ sources: [String: String]) -> [String] {
        let lines = sources[location.file]?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        guard location.line >= 1, location.line <= lines.count else { return [] }
        // A tab is one column in the place and one in the caret line.
        let text = String(lines[location.line - 1].map { $0 == "\t" || $0 == "\r" ? " " : $0 })
        guard let first = text.firstIndex(where: { $0 != " " }) else { return [] }
        let indent = text.distance(from: text.startIndex, to: first)
        let column = location.column > 0 ? location.column - 1 : indent
        let length = location.column > 0 ? max(1, location.length) : text.trimmedCount - indent
        let number = String(location.line)
        let margin = String(repeating: " ", count: max(0, 5 - number.count))
        let caret = "^" + String(repeating: "~", count: max(0, length - 1))
        return [
            "\(margin)\(number) | \(text)",
            String(repeating: " ", count: margin.count + number.count) + " | " + String(repeating: " ", count: column)
                + caret,
        ]
    }
}

extension String {
    /// The number of characters without white space at the end.
    fileprivate var trimmedCount: Int { count - reversed().prefix { $0.isWhitespace }.count }
}
