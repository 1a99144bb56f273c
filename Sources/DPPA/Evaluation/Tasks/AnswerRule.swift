import DPPASupport
import DPPATokenization
import Foundation

/// Where the answer of a generated text is.
package struct AnswerRule: Sendable {
    /// What an answer is.
    package enum Shape: Sendable {
        /// The last number.
        case number
        /// The first line that is not empty.
        case line
        /// All of it, without white space around it.
        case text
        /// What matches a pattern: behind a delimiter the first one, else the last one.
        case pattern(TextPattern)
    }

    /// The answer is behind the last of these; nil for anywhere.
    var delimiter: String?
    var shape: Shape

    /// A rule; without a shape the last number, or the line behind the delimiter.
    package init(delimiter: String? = nil, shape: Shape? = nil) {
        self.delimiter = delimiter
        self.shape = shape ?? (delimiter == nil ? .number : .line)
    }

    /// The names of shapes in a task.
    static let shapes: [String: Shape] = ["number": .number, "line": .line, "text": .text]

    /// The answer in a text, if there is one.
    ///
    /// Throws `limit` when the pattern tries too many ways.
    package func answer(in text: String) throws -> String? {
        var rest = text[...]
        if let delimiter {
            guard let found = text.range(of: delimiter, options: .backwards) else { return nil }
            rest = text[found.upperBound...]
        }
        switch shape {
        case .number: return Self.lastNumber(String(rest))
        case .line:
            let line = rest.drop { $0.isWhitespace }.prefix { !$0.isNewline }
            return line.isEmpty && delimiter == nil ? nil : line.trimmingCharacters(in: .whitespaces)
        case .text: return rest.trimmingCharacters(in: .whitespacesAndNewlines)
        case .pattern(let pattern):
            var scratch = TextPattern.Scratch()
            let bytes = Array(rest.utf8)
            let found = try bytes.withUnsafeBufferPointer { try TextSearch.pattern(pattern).cut($0, &scratch) }
            let range = delimiter == nil ? found.last(where: \.isMatch) : found.first(where: \.isMatch)
            return range.map { String(decoding: bytes[$0.range], as: UTF8.self) }
        }
    }

    /// Whether two answers are one: equal numbers, whatever their spelling, or equal texts.
    package static func equal(_ answer: String, _ right: String) -> Bool {
        if let a = number(answer), let b = number(right) { return a == b }
        return answer == right.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func number(_ text: String) -> Double? {
        let plain = text.filter { $0 != "," && $0 != "$" && $0 != " " }
        return Double(plain.hasSuffix(".") ? String(plain.dropLast()) : plain)
    }

    private static func lastNumber(_ text: String) -> String? {
        let characters = Array(text)
        func isDigit(_ index: Int) -> Bool {
            characters.indices.contains(index) && characters[index].isASCII && characters[index].isNumber
        }
        guard let end = characters.lastIndex(where: { $0.isASCII && $0.isNumber }) else { return nil }
        var start = end
        while start > 0 {
            let isInside = (characters[start - 1] == "," || characters[start - 1] == ".") && isDigit(start - 2)
            guard isDigit(start - 1) || isInside else { break }
            start -= 1
        }
        // A minus between two numbers is an operator, not a sign.
        if start > 0, characters[start - 1] == "-", !isDigit(start - 2) { start -= 1 }
        return String(characters[start...end])
    }
}
