/// Writing JSON: the one spelling of everything that is written.
extension JSONValue {
    /// The value as a text on one line, with the members of objects by name.
    package var text: String {
        var text = ""
        write(to: &text, indent: nil)
        return text
    }

    /// The value on lines, for files that people open, with the members of objects by name.
    package var lines: String {
        var text = ""
        write(to: &text, indent: 0)
        return text + "\n"
    }

    /// A text with its quotes.
    package static func quoted(_ text: String) -> String {
        var result = "\"".unicodeScalars
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += ["\\", scalar]
            case "\n": result += "\\n".unicodeScalars
            case "\r": result += "\\r".unicodeScalars
            case "\t": result += "\\t".unicodeScalars
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars
            default: result.append(scalar)
            }
        }
        result.append("\"")
        return String(result)
    }

    /// A number; JSON has no infinities and no NaN, which are texts.
    private static func spelled(_ number: Double) -> String {
        guard number.isFinite else { return quoted("\(number)") }
        return number.magnitude < 0x1p53 && number == number.rounded() ? String(Int(number)) : "\(number)"
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .double(let number): text += Self.spelled(number)
        case .string(let string): text += Self.quoted(string)
        case .array(let values):
            Self.write(values, to: &text, "[", "]", indent) { value, text, inner in
                value.write(to: &text, indent: inner)
            }
        case .object(let object):
            let sorted = object.members.sorted { $0.name.precedes($1.name) }
            Self.write(sorted, to: &text, "{", "}", indent) { member, text, inner in
                text += Self.quoted(member.name) + (inner == nil ? ":" : " : ")
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], to text: inout String, _ open: String, _ close: String, _ indent: Int?,
        _ write: (Element, inout String, Int?) -> Void
    ) {
        func newLine(_ depth: Int) -> String { "\n" + String(repeating: "  ", count: depth) }
        text += open
        for (index, element) in elements.enumerated() {
            text += (index == 0 ? "" : ",") + (indent.map { newLine($0 + 1) } ?? "")
            write(element, &text, indent.map { $0 + 1 })
        }
        text += (elements.isEmpty ? "" : indent.map(newLine) ?? "") + close
    }
}

/// A value in messages: a text without quotes, numbers that JSON does not have as Python writes them.
extension JSONValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .string(let text): text
        case .double(let number) where number.isNaN: "NaN"
        case .double(let number) where number.isInfinite: number < 0 ? "-Infinity" : "Infinity"
        default: text
        }
    }
}

/// Objects and lists as they stand in the program.
extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(JSONObject(members.map { (name: $0, value: $1) }))
    }
    package init(arrayLiteral values: JSONValue...) { self = .array(values) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self.init(members.map { (name: $0, value: $1) })
    }
}

/// What may be missing is null.
extension JSONValue {
    package init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
    package init(_ number: Int?) { self = number.map(JSONValue.integer) ?? .null }
    package init(_ number: Double?) { self = number.map(JSONValue.double) ?? .null }
    package init(_ texts: [String]) { self = .array(texts.map(JSONValue.string)) }
}
