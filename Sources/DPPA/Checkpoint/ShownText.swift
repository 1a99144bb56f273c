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
