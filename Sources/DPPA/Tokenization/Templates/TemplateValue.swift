import DPPASupport

/// A value in a template: the values of Python that Jinja's templates work with.
package enum TemplateValue: Sendable {
    /// What has no value, with what was asked for.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(TemplateText)
    case list([TemplateValue])
    case dictionary([(key: String, value: TemplateValue)])
    /// The number of a namespace: what `namespace()` gives, whose members can be set.
    case namespace(Int)

    /// A text that stands in the template.
    package static func own(_ text: String) -> TemplateValue { .text(TemplateText(text, isGiven: false)) }

    /// A text that somebody gave.
    package static func given(_ text: String) -> TemplateValue { .text(TemplateText(text, isGiven: true)) }

    /// A value of JSON, whose texts were given.
    package init(_ value: JSONValue) {
        self =
            switch value {
            case .null: .none
            case .bool(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .double(let number): .number(number)
            case .string(let text): .given(text)
            case .array(let values): .list(values.map(TemplateValue.init))
            case .object(let object): .dictionary(object.members.map { ($0.name, TemplateValue($0.value)) })
            }
    }

    /// What it is, for messages.
    package var kind: String {
        switch self {
        case .undefined: "nothing"
        case .none: "none"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .dictionary: "a mapping"
        case .namespace: "a namespace"
        }
    }

    /// Whether a condition of it holds.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let flag): flag
        case .integer(let number): number != 0
        case .number(let number): number != 0
        case .text(let text): !text.isEmpty
        case .list(let values): !values.isEmpty
        case .dictionary(let members): !members.isEmpty
        case .namespace: true
        }
    }

    package var string: String? { if case .text(let text) = self { text.string } else { nil } }

    package var int: Int? {
        switch self {
        case .integer(let number): number
        case .bool(let flag): flag ? 1 : 0
        default: nil
        }
    }

    var double: Double? {
        if case .number(let number) = self { return number }
        return int.map(Double.init)
    }

    /// The member of a mapping.
    subscript(key: String) -> TemplateValue? {
        guard case .dictionary(let members) = self else { return nil }
        return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// Whether two values are equal; a number is never equal to a text.
    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let a), .text(let b)): return a.string.utf8.elementsEqual(b.string.utf8)
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.dictionary(let a), .dictionary(let b)):
            return a.count == b.count && a.allSatisfy { member in other[member.key]?.equals(member.value) == true }
        case (.namespace(let a), .namespace(let b)): return a == b
        default:
            guard let a = double, let b = other.double else { return false }
            return a == b
        }
    }

    /// The value as text, as Python writes it; nil for what only Python's own spelling could show.
    func written(_ isStrict: Bool) -> TemplateText? {
        switch self {
        case .undefined: isStrict ? nil : TemplateText("", isGiven: false)
        case .none: TemplateText("None", isGiven: false)
        case .bool(let flag): TemplateText(flag ? "True" : "False", isGiven: false)
        case .integer(let number): TemplateText(String(number), isGiven: false)
        case .number(let number): TemplateText("\(number)", isGiven: false)
        case .text(let text): text
        case .list, .dictionary, .namespace: nil
        }
    }

    /// The value as Python's json.dumps writes it, nothing escaped that need not be; nil where it holds nothing that JSON has.
    var json: String? {
        func joined(_ parts: [String?], _ open: String, _ close: String) -> String? {
            let known = parts.compactMap { $0 }
            return known.count == parts.count ? open + known.joined(separator: ", ") + close : nil
        }
        switch self {
        case .undefined, .namespace: return nil
        case .none: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .number(let number): return number.isFinite ? "\(number)" : nil
        case .text(let text): return JSONValue.quoted(text.string)
        case .list(let values): return joined(values.map(\.json), "[", "]")
        case .dictionary(let members):
            return joined(
                members.map { member in member.value.json.map { JSONValue.quoted(member.key) + ": " + $0 } }, "{", "}")
        }
    }
}
