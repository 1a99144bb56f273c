import Foundation

/// What is done to a text before it is cut.
indirect enum TextNormalizer: Sendable {
    /// Canonical and compatible forms of Unicode.
    enum Form: String, Sendable {
        case nfc = "NFC"
        case nfd = "NFD"
        case nfkc = "NFKC"
        case nfkd = "NFKD"
    }

    case form(Form)
    /// A text in front of what is not empty.
    case prepend([UInt8])
    case replace(TextSearch, with: [UInt8])
    /// Every character as its lower case.
    case lowercase
    /// White space at the ends away.
    case strip(left: Bool, right: Bool)
    /// Runs of spaces to one, and those at the ends away.
    case collapseSpaces
    /// A sign away from the end, as often as it is there.
    case trimEnd([UInt8])
    case sequence([TextNormalizer])

    /// The text as it goes on.
    ///
    /// Throws what matching throws.
    func apply(_ text: [UInt8], _ scratch: inout TextPattern.Scratch) throws -> [UInt8] {
        guard !text.isEmpty else { return text }
        switch self {
        case .form(let form): return Self.normal(text, form)
        case .prepend(let front): return front + text
        case .replace(let search, let other):
            return try text.withUnsafeBufferPointer { bytes in
                // No pattern is needed to find a byte.
                if case .text(let wanted) = search, wanted.count == 1, !bytes.contains(wanted[0]) { return text }
                var result: [UInt8] = []
                for part in try search.cut(bytes, &scratch) { result += part.isMatch ? other[...] : text[part.range] }
                return result
            }
        case .lowercase:
            return String(decoding: text, as: UTF8.self).unicodeScalars.flatMap {
                Array($0.properties.lowercaseMapping.utf8)
            }
        case .strip(let left, let right):
            var scalars = Substring(String(decoding: text, as: UTF8.self)).unicodeScalars
            while left, let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
            while right, let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
            return Array(String(scalars).utf8)
        case .collapseSpaces:
            var result: [UInt8] = []
            for byte in text where byte != 32 || (result.last ?? 32) != 32 { result.append(byte) }
            if result.last == 32 { result.removeLast() }
            return result
        case .trimEnd(let sign):
            var end = text.count
            while end >= sign.count, text[end - sign.count..<end].elementsEqual(sign) { end -= sign.count }
            return Array(text[..<end])
        case .sequence(let all):
            var text = text
            for each in all { text = try each.apply(text, &scratch) }
            return text
        }
    }

    private static func normal(_ text: [UInt8], _ form: Form) -> [UInt8] {
        // Below U+0300 a text is its own canonical composition, and below U+0080 every form of itself.
        let limit: UInt8 = form == .nfc ? 0xCC : 0x80
        guard text.contains(where: { $0 >= limit }) else { return text }
        let string = String(decoding: text, as: UTF8.self)
        let result =
            switch form {
            case .nfc: Hangul.composed(string)
            case .nfd: string.decomposedStringWithCanonicalMapping
            case .nfkc: Hangul.composed(string.decomposedStringWithCompatibilityMapping)
            case .nfkd: string.decomposedStringWithCompatibilityMapping
            }
        return Array(result.utf8)
    }
}
