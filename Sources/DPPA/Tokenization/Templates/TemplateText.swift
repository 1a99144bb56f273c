import DPPASupport

/// A text that a template has made, which knows which parts of it somebody gave: special tokens are recognised in the template's
/// own parts alone, so that nobody's text can end a turn.
package struct TemplateText: Sendable {
    private struct Part: Sendable {
        var text: String
        var isGiven: Bool
    }

    private var parts: [Part]

    /// A text that was given, or that stands in the template.
    package init(_ text: String, isGiven: Bool) { parts = text.isEmpty ? [] : [Part(text: text, isGiven: isGiven)] }

    /// The whole text.
    package var string: String { parts.count == 1 ? parts[0].text : parts.reduce(into: "") { $0 += $1.text } }

    /// Whether any of it was given.
    var isGiven: Bool { parts.contains(where: \.isGiven) }

    package var isEmpty: Bool { parts.isEmpty }

    /// Its size in UTF-8.
    var byteCount: Int { parts.reduce(0) { $0 + $1.text.utf8.count } }

    /// The UTF-8 ranges of the template's own parts.
    package var ownRanges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        var place = 0
        for part in parts {
            let end = place + part.text.utf8.count
            defer { place = end }
            guard !part.isGiven else { continue }
            if let last = ranges.last, last.upperBound == place {
                ranges[ranges.count - 1] = last.lowerBound..<end
            } else {
                ranges.append(place..<end)
            }
        }
        return ranges
    }

    package mutating func append(_ other: TemplateText) { parts += other.parts }

    /// What a function makes of the whole text; given where any of it was.
    func mapped(_ body: (String) throws -> String) rethrows -> TemplateText {
        TemplateText(try body(string), isGiven: isGiven)
    }

    /// The text without the scalars at its ends for which a condition holds.
    package func trimmed(left: Bool = true, right: Bool = true, where isCut: (Unicode.Scalar) -> Bool) -> TemplateText {
        var result = self
        while left, let first = result.parts.first {
            let rest = first.text.unicodeScalars.drop(while: isCut)
            result.parts[0].text = String(rest)
            guard rest.isEmpty else { break }
            result.parts.removeFirst()
        }
        while right, let last = result.parts.last {
            var rest = last.text.unicodeScalars[...]
            while let scalar = rest.last, isCut(scalar) { rest.removeLast() }
            result.parts[result.parts.count - 1].text = String(rest)
            guard rest.isEmpty else { break }
            result.parts.removeLast()
        }
        return result
    }
}

extension Unicode.Scalar {
    /// White space as Python has it: that of Unicode and the four separators of ASCII.
    package var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
