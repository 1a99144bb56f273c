import DPPASupport
import Foundation

/// The methods, filters and tests of templates: Python's and Jinja's under their names.
extension TemplateRun {
    // MARK: Methods

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

    private func required(_ text: String?, _ name: String) throws -> String {
        guard let text else { throw refusal("'\(name)' takes a text") }
        return text
    }

    private func cased(_ name: String, _ text: TemplateText) throws -> TemplateText {
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

    private mutating func replaced(_ text: TemplateText, _ old: String, _ new: String) throws -> TemplateText {
        guard let parts = Self.parts(text.string, by: old, .max) else { throw refusal("'replace' of nothing") }
        try count(text.byteCount + parts.count * new.utf8.count)
        return text.mapped { _ in parts.joined(separator: new) }
    }

    private mutating func joined(_ values: [TemplateValue], by separator: TemplateText) throws -> TemplateText {
        var result = TemplateText("", isGiven: false)
        for (index, value) in values.enumerated() {
            if index > 0 { result.append(separator) }
            let part = try written(value)
            try count(part.byteCount + separator.byteCount)
            result.append(part)
        }
        return result
    }

    // MARK: Filters

    /// The filters with the names of their arguments; those with another function among theirs take any.
    private static let filters: [String: [String]?] = [
        "capitalize": [], "count": [], "d": ["default_value", "boolean"], "default": ["default_value", "boolean"],
        "first": [], "float": ["default"], "int": ["default"], "items": [], "join": ["d"], "last": [], "length": [],
        "list": [], "lower": [], "map": nil, "regex_replace": ["pattern", "repl"], "reject": nil, "rejectattr": nil,
        "replace": ["old", "new"], "reverse": [], "safe": [], "select": nil, "selectattr": nil, "string": [],
        "title": [], "tojson": [], "trim": [], "upper": [],
    ]

    /// Throws when a function is given what it does not take.
    private func requireKnown(_ arguments: Values, of name: String, _ known: [String]) throws {
        let unknown = arguments.named.first { !known.contains($0.name) }?.name
        guard arguments.values.count <= known.count, unknown == nil else {
            throw refusal(
                "'\(name)' with "
                    + (unknown.map { "'\($0.shown)'" } ?? Phrase.counted(arguments.values.count, "argument"))
                    + " is not read")
        }
    }

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

    // MARK: Tests

    mutating func test(_ name: String, _ value: TemplateValue, _ arguments: [TemplateValue]) throws -> Bool {
        switch (name, value) {
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", .undefined): return true
        case ("undefined", _): return false
        case ("none", .none): return true
        case ("string", .text): return true
        case ("mapping", .dictionary): return true
        case ("boolean", .bool): return true
        case ("integer", .integer): return true
        case ("float", .number): return true
        case ("number", .integer), ("number", .number), ("number", .bool): return true
        case ("sequence", .list), ("sequence", .text), ("sequence", .dictionary): return true
        case ("iterable", .list), ("iterable", .text), ("iterable", .dictionary): return true
        case ("true", .bool(let flag)): return flag
        case ("false", .bool(let flag)): return !flag
        case ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("integer", _), ("float", _), ("number", _),
            ("sequence", _), ("iterable", _), ("true", _), ("false", _):
            return false
        case ("equalto", _), ("eq", _), ("sameas", _): return arguments.first.map { value.equals($0) } ?? false
        case ("ne", _): return arguments.first.map { !value.equals($0) } ?? true
        case ("in", _): return try holds(arguments.first ?? .undefined("in"), value)
        case ("odd", _), ("even", _):
            guard let number = value.int else { throw refusal("'\(name)' of \(value.kind)") }
            return number % 2 == 0 ? name == "even" : name == "odd"
        default: throw refusal("the test '\(name.shown)' is not read")
        }
    }
}
