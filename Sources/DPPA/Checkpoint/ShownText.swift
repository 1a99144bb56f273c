extension String {
    /// The text as messages show it: control characters as escapes, and a long one cut.
    ///
    /// Names come out of files; they must not steer a terminal or fill it.
    var shown: String {
        let limit = 200
        guard utf8.count > limit || utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return self }
        var result = ""
        for scalar in unicodeScalars.prefix(limit) {
            result += scalar.value < 32 || scalar.value == 127 ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return unicodeScalars.dropFirst(limit).isEmpty ? result : result + "…"
    }
}

extension String {
    /// The text with what steers a terminal, or hides in it, as escapes; lines and tabs stay.
    package var printable: String {
        guard utf8.contains(where: { ($0 < 32 && $0 != 9 && $0 != 10) || $0 >= 127 }) else { return self }
        var result = ""
        for scalar in unicodeScalars { result += scalar.steers ? scalar.escaped(asASCII: true) : String(scalar) }
        return result
    }
}

extension Unicode.Scalar {
    /// Control characters of ASCII and of Latin-1, and those that turn the direction of a line around.
    fileprivate var steers: Bool {
        switch value {
        case 9, 10: false
        case ..<32, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
