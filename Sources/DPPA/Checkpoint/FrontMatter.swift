/// The head of a model's README.md: names with a text or a list of texts, as model hubs read them.
///
/// What is nested deeper, folded or tagged is passed over: this is a look at what strangers write, not a reader of YAML.
package struct FrontMatter {
    private var entries: [String: [String]] = [:]

    /// The head of a file; nothing where there is none.
    package init(path: String) {
        let bytes = (try? FileDescriptor.contents(path, limit: 8 << 20)) ?? []
        self.init(String(decoding: bytes.prefix(1 << 16), as: UTF8.self))
    }

    /// The head of a text.
    package init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first?.trimmed == "---" else { return }
        var key: String?
        for line in lines.dropFirst() {
            let content = line.trimmed
            if content == "---" { break }
            if content.hasPrefix("- ") || content == "-" {
                // A list may be indented or not.
                if let key, let value = Self.scalar(content.dropFirst().trimmed) {
                    entries[key, default: []].append(value)
                }
            } else if let first = line.first, first.isWhitespace || first == "#" {
                continue
            } else if let colon = content.firstIndex(of: ":") {
                let name = Self.scalar(content[..<colon].trimmed)
                key = name
                let value = content[content.index(after: colon)...].trimmed
                if let name { entries[name] = Self.values(value) }
            }
        }
    }

    /// The values of a name; none where it is absent.
    package subscript(name: String) -> [String] { entries[name] ?? [] }

    private static func values(_ text: Substring) -> [String] {
        guard text.hasPrefix("["), let end = text.lastIndex(of: "]") else { return [scalar(text)].compactMap { $0 } }
        return text[text.index(after: text.startIndex)..<end].split(separator: ",").compactMap { scalar($0.trimmed) }
    }

    /// What stands before a double quote, in which a backslash takes the sign behind it as it is; nil for nothing, and for other
    /// escapes.
    private static func unquoted(_ text: Substring) -> String? {
        var (value, isEscaped) = ("", false)
        for sign in text {
            if isEscaped {
                guard sign == "\"" || sign == "\\" else { return nil }
                value.append(sign)
                isEscaped = false
            } else if sign == "\\" {
                isEscaped = true
            } else if sign == "\"" {
                return value.isEmpty ? nil : value
            } else {
                value.append(sign)
            }
        }
        return nil
    }

    /// A plain or quoted text; nil for nothing and for what is no text of one line.
    private static func scalar(_ text: Substring) -> String? {
        var text = text
        // No name has one; they would steer a terminal.
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) { return nil }
        if text.first == "\"" { return unquoted(text.dropFirst()) }
        if text.first == "'" {
            guard let end = text.dropFirst().firstIndex(of: "'") else { return nil }
            text = text[text.index(after: text.startIndex)..<end]
            return text.isEmpty ? nil : String(text)
        }
        if let comment = text.firstRange(of: " #") { text = text[..<comment.lowerBound].trimmed }
        guard let first = text.first, !"{}[]|>&*!%@`#".contains(first), !["null", "~"].contains(text) else {
            return nil
        }
        // A map inside a list: `- name: x`.
        return text.contains(": ") || text.hasSuffix(":") ? nil : String(text)
    }
}

extension Substring {
    /// The text without white space at its ends.
    fileprivate var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
