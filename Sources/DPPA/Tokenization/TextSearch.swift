/// What is looked for in a text: another one, or a pattern.
package enum TextSearch: Sendable {
    case text([UInt8])
    case pattern(TextPattern)

    /// The parts of a text that match, without overlap from the left, and those between them; none is empty.
    ///
    /// Throws what matching throws.
    package func cut(
        _ text: UTF8Text.Bytes, _ scratch: inout TextPattern.Scratch
    ) throws -> [(range: Range<Int>, isMatch: Bool)] {
        var parts: [(range: Range<Int>, isMatch: Bool)] = []
        var (place, done) = (0, 0)
        while place < text.count {
            let end: Int? =
                switch self {
                case .text(let wanted): text[place...].starts(with: wanted) ? place + wanted.count : nil
                case .pattern(let pattern): try pattern.end(in: text, at: place, &scratch)
                }
            guard let end, end > place else {
                place = UTF8Text.scalar(text, at: place).next
                continue
            }
            if done < place { parts.append((done..<place, false)) }
            parts.append((place..<end, true))
            (place, done) = (end, end)
        }
        if done < text.count { parts.append((done..<text.count, false)) }
        return parts
    }
}
