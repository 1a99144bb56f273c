import DPPASupport
import Foundation

/// The methods of values in templates: Python's under their names.
extension TemplateRun {
    mutating func method(_ name: String, of value: TemplateValue, _ arguments: Values) throws -> TemplateValue {
        switch value {
        case .text(let text):
            try count(text.byteCount)
            if let found = try textMethod(name, text, arguments) { return found }
        case .dictionary(let members):
            try count(members.count)
            switch name {
            case "items": return .list(members.map { .list([.own($0.key), $0.value]) })
            case "keys": return .list(members.map { .own($0.key) })
            case "values": return .list(members.map(\.value))
            case "get":
                guard let key = arguments.values.first?.string else { throw refusal("'get' takes a key") }
                return value[key] ?? arguments.given(1, "default") ?? .none
            default: break
            }
        case .list(let values):
            try count(values.count)
            if name == "index", let wanted = arguments.values.first {
                guard let place = values.firstIndex(where: { $0.equals(wanted) }) else {
                    throw refusal("'\((wanted.string ?? wanted.kind).shown)' is not in the list")
                }
                return .integer(place)
            }
            if name == "count", let wanted = arguments.values.first {
                return .integer(values.count { $0.equals(wanted) })
            }
        case .undefined(let owner): throw missing(owner)
        default: break
        }
        throw refusal("the method '\(name.shown)' of \(value.kind) is not read")
    }

    /// The methods of texts with the names of their arguments.
    private static let textMethods = [
        "strip": ["chars"], "lstrip": ["chars"], "rstrip": ["chars"], "startswith": ["prefix"], "endswith": ["suffix"],
        "split": ["sep", "maxsplit"], "splitlines": [], "replace": ["old", "new"], "join": ["parts"], "isdigit": [],
        "lower": [], "upper": [], "capitalize": [], "title": [],
    ]

    private mutating func textMethod(
        _ name: String, _ text: TemplateText, _ arguments: Values
    ) throws -> TemplateValue? {
        let first = arguments.values.first?.string
        if let known = Self.textMethods[name] { try requireKnown(arguments, of: name, known) }
        switch name {
        case "strip", "lstrip", "rstrip":
            let cut = try arguments.values.isEmpty ? nil : Set(required(first, name).unicodeScalars)
            return .text(
                text.trimmed(left: name != "rstrip", right: name != "lstrip") { cut?.contains($0) ?? $0.isPythonSpace })
        case "startswith", "endswith":
            let (all, wanted) = (text.string.unicodeScalars, try required(first, name).unicodeScalars)
            return .bool(
                name == "startswith" ? all.starts(with: wanted) : all.reversed().starts(with: wanted.reversed()))
        case "split":
            let most = arguments.given(1, "maxsplit")?.int ?? -1
            let parts =
                try arguments.values.isEmpty
                ? Self.words(text.string) : Self.parts(text.string, by: required(first, name), most < 0 ? .max : most)
            if let parts {
                try count(parts.count)
                return .list(parts.map { .text(TemplateText($0, isGiven: text.isGiven)) })
            }
            throw refusal("'split' by nothing")
        case "splitlines":
            let lines = Self.parts(text.string, by: "\n", .max) ?? []
            return .list(
                (lines.last == "" ? lines.dropLast() : lines[...]).map {
                    .text(TemplateText($0, isGiven: text.isGiven))
                })
        case "replace":
            return .text(try replaced(text, required(first, name), required(arguments.given(1, "new")?.string, name)))
        case "join":
            return .text(try joined(try elements(arguments.values.first ?? .undefined("join"), name), by: text))
        case "isdigit":
            let all = text.string.unicodeScalars
            return .bool(!all.isEmpty && all.allSatisfy { $0.properties.numericType == .decimal })
        case "lower", "upper", "capitalize", "title": return .text(try cased(name, text))
        default: return nil
        }
    }

    func required(_ text: String?, _ name: String) throws -> String {
        guard let text else { throw refusal("'\(name)' takes a text") }
        return text
    }

    func cased(_ name: String, _ text: TemplateText) throws -> TemplateText {
        text.mapped { text in
            switch name {
            case "lower": return text.lowercased()
            case "upper": return text.uppercased()
            case "capitalize":
                guard let first = text.unicodeScalars.first else { return "" }
                return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
            default:
                var (result, isInside) = ("", false)
                for scalar in text.unicodeScalars {
                    result += isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
                    isInside = scalar.properties.isCased
                }
                return result
            }
        }
    }

    /// The parts between white space.
    private static func words(_ text: String) -> [String]? {
        text.unicodeScalars.split { $0.isPythonSpace }.map { String($0) }
    }

    /// The parts between a text, at most so many cuts; nil for cuts at nothing.
    private static func parts(_ text: String, by separator: String, _ most: Int) -> [String]? {
        guard !separator.isEmpty else { return nil }
        var (parts, start) = ([String](), text.startIndex)
        for range in text.scalarRanges(of: separator, limit: most) {
            parts.append(String(text.unicodeScalars[start..<range.lowerBound]))
            start = range.upperBound
        }
        return parts + [String(text.unicodeScalars[start...])]
    }

    mutating func replaced(_ text: TemplateText, _ old: String, _ new: String) throws -> TemplateText {
        guard let parts = Self.parts(text.string, by: old, .max) else { throw refusal("'replace' of nothing") }
        try count(text.byteCount + parts.count * new.utf8.count)
        return text.mapped { _ in parts.joined(separator: new) }
    }

    mutating func joined(_ values: [TemplateValue], by separator: TemplateText) throws -> TemplateText {
        var result = TemplateText("", isGiven: false)
        for (index, value) in values.enumerated() {
            if index > 0 { result.append(separator) }
            let part = try written(value)
            try count(part.byteCount + separator.byteCount)
            result.append(part)
        }
        return result
    }

    /// Throws when a function is given what it does not take.
    func requireKnown(_ arguments: Values, of name: String, _ known: [String]) throws {
        let unknown = arguments.named.first { !known.contains($0.name) }?.name
        guard arguments.values.count <= known.count, unknown == nil else {
            throw refusal(
                "'\(name)' with "
                    + (unknown.map { "'\($0.shown)'" } ?? Phrase.counted(arguments.values.count, "argument"))
                    + " is not read")
        }
    }
}
