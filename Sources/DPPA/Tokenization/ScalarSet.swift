/// A set of Unicode scalars, as a class of a regular expression states it.
///
/// Categories are those of the Unicode tables of the Swift runtime.
struct ScalarSet: Sendable {
    /// What a set is made of; it holds what any of them holds.
    enum Item: Sendable {
        case range(ClosedRange<UInt32>)
        /// General categories as bits of `Category`.
        case categories(UInt32, isNegated: Bool)
        /// The property White_Space.
        case space(isNegated: Bool)
    }

    private let items: [Item]
    private let isNegated: Bool
    /// The members below 128.
    private var low: (UInt64, UInt64) = (0, 0)

    init(_ items: [Item], isNegated: Bool = false) {
        (self.items, self.isNegated) = (items, isNegated)
        for value in UInt32(0)..<128 where decides(value) {
            if value < 64 { low.0 |= 1 << UInt64(value) } else { low.1 |= 1 << UInt64(value - 64) }
        }
    }

    /// Whether it holds a scalar.
    @inline(__always) func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return low.0 >> UInt64(scalar) & 1 == 1 }
        if scalar < 128 { return low.1 >> UInt64(scalar - 64) & 1 == 1 }
        return decides(scalar)
    }

    private func decides(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        for item in items {
            let holds =
                switch item {
                case .range(let range): range.contains(value)
                case .categories(let bits, let isNegated): (Category.bit(scalar) & bits != 0) != isNegated
                case .space(let isNegated): scalar.properties.isWhitespace != isNegated
                }
            if holds { return !isNegated }
        }
        return isNegated
    }
}

/// General categories of Unicode as bits.
enum Category {
    /// Each with the short name that regular expressions have for it.
    private static let names: [String: Unicode.GeneralCategory] = [
        "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
        "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber,
        "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation,
        "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
        "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol,
        "Zs": .spaceSeparator, "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format,
        "Cs": .surrogate, "Co": .privateUse, "Cn": .unassigned,
    ]

    /// The bits of a category, or of all whose names begin with a letter; nil where there is none.
    static func bits(_ name: String) -> UInt32? {
        let found = name.count == 1 ? all(name) : names[name].map(bit) ?? 0
        return found == 0 ? nil : found
    }

    /// The bits of all categories whose names begin with a letter.
    private static func all(_ letter: String) -> UInt32 {
        names.reduce(0) { $1.key.hasPrefix(letter) ? $0 | bit($1.value) : $0 }
    }

    static let numbers = all("N")
    static let digits = bit(Unicode.GeneralCategory.decimalNumber)
    /// What `\w` holds: letters, marks, decimal numbers and connectors.
    static let words = all("L") | all("M") | digits | bit(Unicode.GeneralCategory.connectorPunctuation)

    static func bit(_ scalar: Unicode.Scalar) -> UInt32 { bit(scalar.properties.generalCategory) }

    private static func bit(_ category: Unicode.GeneralCategory) -> UInt32 {
        let place: UInt32 =
            switch category {
            case .uppercaseLetter: 0
            case .lowercaseLetter: 1
            case .titlecaseLetter: 2
            case .modifierLetter: 3
            case .otherLetter: 4
            case .nonspacingMark: 5
            case .spacingMark: 6
            case .enclosingMark: 7
            case .decimalNumber: 8
            case .letterNumber: 9
            case .otherNumber: 10
            case .connectorPunctuation: 11
            case .dashPunctuation: 12
            case .openPunctuation: 13
            case .closePunctuation: 14
            case .initialPunctuation: 15
            case .finalPunctuation: 16
            case .otherPunctuation: 17
            case .mathSymbol: 18
            case .currencySymbol: 19
            case .modifierSymbol: 20
            case .otherSymbol: 21
            case .spaceSeparator: 22
            case .lineSeparator: 23
            case .paragraphSeparator: 24
            case .control: 25
            case .format: 26
            case .surrogate: 27
            case .privateUse: 28
            case .unassigned: 29
            @unknown default: 29
            }
        return 1 << place
    }
}

/// Scalars of a text in UTF-8, which is known to be well-formed.
package enum UTF8Text {
    package typealias Bytes = UnsafeBufferPointer<UInt8>

    /// The scalar at a place, and where the next one begins.
    @inline(__always) static func scalar(_ text: Bytes, at place: Int) -> (value: UInt32, next: Int) {
        let first = UInt32(text[place])
        if first < 0x80 { return (first, place + 1) }
        func rest(_ offset: Int) -> UInt32 { UInt32(text[place + offset]) & 0x3F }
        if first < 0xE0 { return ((first & 0x1F) << 6 | rest(1), place + 2) }
        if first < 0xF0 { return ((first & 0x0F) << 12 | rest(1) << 6 | rest(2), place + 3) }
        return ((first & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3), place + 4)
    }

    /// Where the scalar before a place begins.
    @inline(__always) static func before(_ text: Bytes, _ place: Int) -> Int {
        var start = place - 1
        while text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }
}
