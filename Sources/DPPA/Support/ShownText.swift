extension String {
    /// The text as messages show a name: control characters as escapes, and a long one cut.
    ///
    /// Names come out of files; they must not steer a terminal, break a line or fill it.
    package var shown: String {
        let limit = 200
        let scalars = unicodeScalars
        let cut = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let text = escaped(String(scalars[..<cut])) { $0.steersTerminal || $0 == "\n" || $0 == "\t" }
        return cut == scalars.endIndex ? text : text + "…"
    }

    /// The text as a terminal may be given it: what would steer the terminal or reorder its text as escapes.
    ///
    /// Lines and tabs stay.
    package var printable: String { escaped(self) { $0.steersTerminal } }

    /// The same of a text of JSON, which stays JSON of the same meaning: outside its strings nothing is escaped.
    package var printableJSON: String {
        escaped(self, as: { "\\u" + String($0.value + 0x10000, radix: 16).dropFirst() }, where: { $0.steersTerminal })
    }
}

private func escaped(
    _ text: String, as spelling: (Unicode.Scalar) -> String = { $0.escaped(asASCII: true) },
    where isEscaped: (Unicode.Scalar) -> Bool
) -> String {
    guard text.unicodeScalars.contains(where: isEscaped) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if isEscaped(scalar) {
            result.append(contentsOf: spelling(scalar).unicodeScalars)
        } else {
            result.append(scalar)
        }
    }
    return String(result)
}

extension Unicode.Scalar {
    /// Whether a terminal does something for it besides showing it: controls, and what changes the direction of text.
    fileprivate var steersTerminal: Bool {
        switch value {
        case 0x09, 0x0A: false
        case 0..<0x20, 0x7F..<0xA0: true
        // Marks, embeddings, overrides and isolates of direction, and separators of lines and paragraphs.
        case 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
