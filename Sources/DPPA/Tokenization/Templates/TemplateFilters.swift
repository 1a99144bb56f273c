import DPPASupport
import Foundation

/// The filters of templates: Jinja's under their names.
extension TemplateRun {
    /// The filters with the names of their arguments; those with another function among theirs take any.
    private static let filters: [String: [String]?] = [
        "capitalize": [], "count": [], "d": ["default_value", "boolean"], "default": ["default_value", "boolean"],
        "first": [], "float": ["default"], "int": ["default"], "items": [], "join": ["d"], "last": [], "length": [],
        "list": [], "lower": [], "map": nil, "regex_replace": ["pattern", "repl"], "reject": nil, "rejectattr": nil,
        "replace": ["old", "new"], "reverse": [], "safe": [], "select": nil, "selectattr": nil, "string": [],
        "title": [], "tojson": [], "trim": [], "upper": [],
    ]

    mutating func filter(_ name: String, _ value: TemplateValue, _ arguments: Values) throws -> TemplateValue {
        try count()
        guard let known = Self.filters[name] else { throw unknown(name) }
        if let known { try requireKnown(arguments, of: name, known) }
        switch name {
        case "default", "d":
            let other = arguments.given(0, "default_value") ?? .own("")
            if case .undefined = value { return other }
            return arguments.given(1, "boolean")?.isTrue == true && !value.isTrue ? other : value
        case "length", "count":
            switch value {
            case .list(let values): return .integer(values.count)
            case .dictionary(let members): return .integer(members.count)
            case .text(let text): return .integer(text.string.unicodeScalars.count)
            default: throw refusal("\(value.kind) has no length")
            }
        case "string", "safe": return .text(try written(value))
        case "list": return .list(try elements(value, name))
        case "first", "last":
            let all = try elements(value, name)
            return (name == "first" ? all.first : all.last) ?? .undefined("\(name) of nothing")
        case "reverse":
            let all = try elements(value, name)
            if case .text = value { return .text(try joined(all.reversed(), by: TemplateText("", isGiven: false))) }
            return .list(all.reversed())
        case "join":
            let separator = arguments.given(0, "d") ?? .own("")
            return .text(try joined(try elements(value, name), by: try written(separator)))
        case "items": return try method("items", of: value, arguments)
        case "tojson":
            guard let text = value.json else { throw refusal("'tojson' of \(value.kind)") }
            try count(text.utf8.count)
            return .given(text)
        case "int":
            if let number = value.int { return .integer(number) }
            if let number = value.double { return .integer(Int(exactly: number.rounded(.towardZero)) ?? 0) }
            let text = value.string?.trimmingCharacters(in: .whitespacesAndNewlines)
            return .integer(text.flatMap { Int($0) } ?? arguments.given(0, "default")?.int ?? 0)
        case "float":
            return .number(
                value.double ?? value.string.flatMap { Double($0) } ?? arguments.given(0, "default")?.double ?? 0)
        case "map", "select", "reject", "selectattr", "rejectattr": return .list(try chosen(name, value, arguments))
        default: break
        }
        guard case .text(let text) = value else {
            if case .undefined(let missed) = value { throw missing(missed) }
            throw refusal("'\(name)' of \(value.kind)")
        }
        try count(text.byteCount)
        switch name {
        case "trim": return .text(text.trimmed { $0.isPythonSpace })
        case "lower", "upper", "capitalize", "title": return .text(try cased(name, text))
        case "replace":
            return .text(
                try replaced(
                    text, required(arguments.given(0, "old")?.string, name),
                    required(arguments.given(1, "new")?.string, name)))
        case "regex_replace":
            let pattern = try required(arguments.given(0, "pattern")?.string, name)
            let new = try required(arguments.given(1, "repl")?.string, name)
            guard !new.contains("\\") else {
                throw refusal("'regex_replace' with a group in its replacement is not read")
            }
            return .text(try replaced(text, pattern: pattern, new))
        default: throw unknown(name)
        }
    }

    private func unknown(_ name: String) -> DPPAError {
        let known = Self.filters.keys.sorted()
        return refusal(
            "the filter '\(name.shown)' is not read\(Suggestions.hint(for: name, among: known))",
            notes: ["filters that are read: \(known.joined(separator: ", "))"])
    }

    private mutating func replaced(_ text: TemplateText, pattern: String, _ new: String) throws -> TemplateText {
        let search = TextSearch.pattern(try TextPattern(pattern, of: template.label))
        var scratch = TextPattern.Scratch()
        let bytes = Array(text.string.utf8)
        let parts = try bytes.withUnsafeBufferPointer { try search.cut($0, &scratch) }
        try count(text.byteCount + parts.count * new.utf8.count)
        return text.mapped { _ in
            parts.map { $0.isMatch ? new : String(decoding: bytes[$0.range], as: UTF8.self) }.joined()
        }
    }

    /// What `map`, `select` and their kind make of the elements of a value.
    private mutating func chosen(
        _ name: String, _ value: TemplateValue, _ arguments: Values
    ) throws -> [TemplateValue] {
        let all = try elements(value, name)
        try count(all.count)
        let word = arguments.values.first?.string
        let rest = Array(arguments.values.dropFirst())
        if name == "map" {
            if let attribute = arguments.named.first(where: { $0.name == "attribute" })?.value.string {
                return try all.map { value in
                    guard let found = value[attribute] else { throw missing(attribute) }
                    return found
                }
            }
            let filter = try required(word, name)
            return try all.map { try self.filter(filter, $0, Values(values: rest, named: arguments.named)) }
        }
        let isByMember = name.hasSuffix("attr")
        let isRejected = name.hasPrefix("reject")
        return try all.filter { element in
            let tested = isByMember ? element[try required(word, name)] ?? .undefined(word ?? "") : element
            let parts = isByMember ? rest : arguments.values
            let holds =
                try parts.first?.string.map { try test($0, tested, Array(parts.dropFirst())) } ?? tested.isTrue
            return holds != isRejected
        }
    }
}
