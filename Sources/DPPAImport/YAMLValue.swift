import DPPASupport
import Yams

/// A value of a YAML file, with its place.
struct YAMLValue {
    indirect enum Content {
        case null
        /// A scalar as it is written.
        case scalar(String)
        case list([YAMLValue])
        case map([Member])
    }

    struct Member {
        var key: String
        var place: DPPAError.Location
        var value: YAMLValue
    }

    var content: Content
    var place: DPPAError.Location

    var isNull: Bool { if case .null = content { true } else { false } }
    var list: [YAMLValue]? { if case .list(let values) = content { values } else { nil } }
    var members: [Member]? { if case .map(let members) = content { members } else { nil } }
    /// A scalar's text.
    var text: String? { if case .scalar(let text) = content { text } else { nil } }

    subscript(key: String) -> YAMLValue? { members?.first { $0.key == key }?.value }

    /// The value of a key; nil where it is null.
    func given(_ key: String) -> YAMLValue? { self[key].flatMap { $0.isNull ? nil : $0 } }

    /// A finite number; texts of numbers count, as for mergekit.
    var number: Double? {
        guard let text, flag == nil || Double(text) != nil else { return nil }
        let plain = text.replacing("_", with: "")
        if let number = Double(plain), number.isFinite, plain.utf8.allSatisfy({ !"xXpP".utf8.contains($0) }) {
            return number
        }
        if plain.hasPrefix("0x"), let number = Int(plain.dropFirst(2), radix: 16) { return Double(number) }
        return nil
    }

    /// A whole number.
    var int: Int? { number.flatMap(Int.init(exactly:)) }

    /// A truth value as YAML 1.1 spells it.
    var flag: Bool? {
        switch text?.lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }

    /// Kind and value in words.
    var described: String {
        switch content {
        case .null: "nothing"
        case .scalar(let text): "'\(text.shown.prefix(60))'"
        case .list: "a list"
        case .map: "a mapping"
        }
    }

    func error(_ message: String, notes: [String] = []) -> DPPAError {
        DPPAError(.data, message, notes: notes, location: place)
    }
}

/// The documents of a YAML file.
///
/// What a stranger's file may cost is bounded: its size, how deep it is nested, how much aliases may become.
struct YAMLDocuments {
    let documents: [YAMLValue]

    /// The largest file: the largest of mergekit's are a few thousand lines.
    static let largest = 1 << 20
    private static let depth = 100, nodes = 200_000, aliases = 36

    /// Reads all documents; empty ones are left out.
    ///
    /// Throws `data` at the place where the text is no YAML, and `limit` where it is too much.
    init(_ bytes: [UInt8], file: String) throws {
        let text = try Self.text(bytes, file)
        try Self.requireBounds(text, file)
        var found: [YAMLValue] = []
        do {
            let parser = try Parser(yaml: text)
            var left = Self.nodes
            while let root = try parser.nextRoot() {
                let value = try Self.value(root, file, depth: 0, &left)
                if !value.isNull { found.append(value) }
            }
        } catch let error as YamlError { throw Self.error(error, file) }
        documents = found
    }

    private static func text(_ bytes: [UInt8], _ file: String) throws -> String {
        guard bytes.count <= largest else {
            throw DPPAError(.limit, "\(file) has \(bytes.count) bytes; at most \(largest) are read")
        }
        guard
            let text = String(
                validating: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...], as: UTF8.self)
        else {
            let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            throw DPPAError(
                .data, "\(file) is not UTF-8", notes: [isWide ? "it is UTF-16: save it as UTF-8" : "save it as UTF-8"])
        }
        if let zero = text.utf8.firstIndex(of: 0) {
            let line = text[..<zero].count { $0.isNewline } + 1
            throw DPPAError(.data, "a zero byte in a text", location: .init(file: file, line: line))
        }
        return text
    }

    /// Throws before the reader looks at it when a text is nested deeply, or aliases may make much of little.
    private static func requireBounds(_ text: String, _ file: String) throws {
        var (open, aliases) = (0, 0)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = DPPAError.Location(file: file, line: number + 1)
            let bytes = Array(line.utf8)
            let indent = bytes.prefix { " -?:".utf8.contains($0) }.count
            var before = UInt8(ascii: " ")
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
                case UInt8(ascii: "*") where " \t[{,?:-".utf8.contains(before): aliases += 1
                default: break
                }
                before = byte
            }
            guard open <= depth, indent <= 4 * depth else {
                throw DPPAError(.limit, "nested more than \(depth) deep", location: place)
            }
            guard aliases <= Self.aliases else {
                throw DPPAError(
                    .limit, "more than \(Self.aliases) aliases",
                    notes: ["write the values out where *name stands for them"],
                    location: place)
            }
        }
    }

    private static func value(_ node: Node, _ file: String, depth: Int, _ left: inout Int) throws -> YAMLValue {
        let place = DPPAError.Location(
            file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 0, length: node.mark == nil ? 0 : 1)
        left -= 1
        guard left > 0, depth <= Self.depth else {
            throw DPPAError(
                .limit, left > 0 ? "nested more than \(Self.depth) deep" : "more than \(nodes) values", location: place)
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            var wide = place
            wide.length = max(1, scalar.string.prefix { !$0.isNewline }.count)
            if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
                return YAMLValue(content: .null, place: place)
            }
            return YAMLValue(
                content: .scalar(scalar.string),
                place: isPlain || scalar.style == .any ? wide : place)
        case .sequence(let sequence):
            var values: [YAMLValue] = []
            for node in sequence { values.append(try value(node, file, depth: depth + 1, &left)) }
            return YAMLValue(content: .list(values), place: place)
        case .mapping(let mapping):
            return YAMLValue(
                content: .map(try members(mapping, file, depth: depth, &left, place: place)), place: place)
        case .alias: throw DPPAError(.data, "an alias that stands for nothing", location: place)
        }
    }

    private static func members(
        _ mapping: Node.Mapping, _ file: String, depth: Int, _ left: inout Int, place: DPPAError.Location
    ) throws -> [YAMLValue.Member] {
        var (own, merged): ([YAMLValue.Member], [YAMLValue.Member]) = ([], [])
        for (key, node) in mapping {
            let value = try value(node, file, depth: depth + 1, &left)
            guard case .scalar(let scalar) = key else {
                throw DPPAError(
                    .data, "a key that is \(key.sequence == nil ? "a mapping" : "a list")", notes: ["keys are names"],
                    location: .init(file: file, line: key.mark?.line ?? place.line))
            }
            if scalar.string == "<<", scalar.style == .plain {
                for map in value.list ?? [value] {
                    guard let members = map.members else {
                        throw value.error("'<<' takes a mapping; it has \(map.described)")
                    }
                    merged += members
                }
                continue
            }
            let mark = DPPAError.Location(
                file: file, line: key.mark?.line ?? place.line, column: key.mark?.column ?? 0,
                length: max(1, scalar.string.count))
            own.append(YAMLValue.Member(key: scalar.string, place: mark, value: value))
        }
        var names = Set(own.map(\.key))
        return own + merged.filter { names.insert($0.key).inserted }
    }

    private static func error(_ error: YamlError, _ file: String) -> DPPAError {
        func at(_ mark: Mark, _ problem: String, _ context: YamlError.Context?) -> DPPAError {
            let isTab = problem.contains("cannot start any token") || problem.contains("tab character")
            return DPPAError(
                .data, "this is no YAML: \(problem)",
                notes: (context.map { ["\($0.text), from line \($0.mark.line)"] } ?? [])
                    + (isTab ? ["lines are indented by spaces, never by tabs"] : []),
                location: .init(file: file, line: mark.line, column: mark.column, length: 1))
        }
        return switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            at(mark, problem, context)
        case .duplicatedKeysInMapping(let keys, let context):
            DPPAError(
                .data, "the key '\(keys.first?.shown ?? "")' stands twice in one mapping",
                location: .init(file: file, line: context.mark.line))
        case .reader(let problem, _, _, _): DPPAError(.data, "\(file) is no YAML: \(problem)")
        default: DPPAError(.data, "\(file) is no YAML", cause: "\(error)")
        }
    }
}
