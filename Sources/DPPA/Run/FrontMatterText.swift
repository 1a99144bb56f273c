import Foundation

/// Writes a front matter for model hubs: names with a text or a list of texts, in YAML that every reader takes as texts.
struct FrontMatterText {
    private(set) var lines: [String] = []

    /// A name with one text; nothing for nil.
    mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append("\(name): \(Self.scalar(value))") }
    }

    /// A name with a list; nothing for an empty one.
    mutating func add(_ name: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        lines.append("\(name):")
        lines += values.map { "- \(Self.scalar($0))" }
    }

    /// A text as YAML: plain where nothing else can be meant, else quoted with escapes.
    static func scalar(_ text: String) -> String {
        // Norwegian is `no`, which is a truth value in YAML 1.1, as are y and on.
        let reserved: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]
        let isPlain =
            text.first.map { $0.isASCII && $0.isLetter } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
        if isPlain, !reserved.contains(text.lowercased()) { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            // Line ends of YAML beyond ASCII, and what it takes for no text.
            case _
            where scalar.value < 32 || (0x7F...0xA0).contains(scalar.value)
                || [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(scalar.value):
                quoted += String(format: "\\u%04X", scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
