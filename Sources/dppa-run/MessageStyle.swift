import Foundation

/// How messages look on a terminal: errors red, warnings yellow, notes blue, headings bold.
enum MessageStyle {
    private enum Code: String {
        case bold = "1"
        case red = "1;31"
        case yellow = "1;33"
        case blue = "1;34"
        case green = "32"
    }

    /// Whether a descriptor shows colours: a terminal that can, of a person who wants them (no-color.org).
    static func isUsed(_ descriptor: Int32) -> Bool {
        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        return isatty(descriptor) == 1 && variable("NO_COLOR").isEmpty && !["", "dumb"].contains(variable("TERM"))
    }

    static func heading(_ text: String) -> String { text.isEmpty ? text : coloured(text, .bold) }

    /// A message of one or several lines, with the words that tell its kind in colour.
    static func message(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line($0) }.joined(separator: "\n")
    }

    private static func line(_ line: Substring) -> String {
        for (word, colour) in [("error", Code.red), ("warning", .yellow), ("note", .blue), ("cause", .blue)] {
            // At the beginning, or behind the place in a recipe that an error or a warning names.
            if line.hasPrefix(word + ":") { return coloured(word, colour) + line.dropFirst(word.count) }
            guard colour != .blue, let range = line.range(of: ": \(word): "), endsInNumber(line[..<range.lowerBound])
            else { continue }
            return coloured(line[...range.lowerBound], .bold) + " " + coloured(word, colour) + ": "
                + line[range.upperBound...]
        }
        if let bar = line.range(of: " | "), line[..<bar.lowerBound].allSatisfy({ $0 == " " }) {
            let caret = line[bar.upperBound...]
            if caret.contains("^"), caret.allSatisfy({ "^~ ".contains($0) }) {
                return line[..<bar.upperBound] + coloured(caret, .green)
            }
        }
        return String(line)
    }

    private static func endsInNumber(_ place: Substring) -> Bool {
        let digits = place.reversed().prefix { $0.isNumber }
        return !digits.isEmpty && place.dropLast(digits.count).last == ":"
    }

    private static func coloured(_ text: some StringProtocol, _ code: Code) -> String {
        "\u{1B}[\(code.rawValue)m\(text)\u{1B}[0m"
    }
}
