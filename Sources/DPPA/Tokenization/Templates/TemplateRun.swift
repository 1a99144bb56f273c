import DPPASupport

/// One run of a template: its names, and how much it has done.
struct TemplateRun {
    let template: Template
    /// The line that is worked on.
    var line = 1
    private var scopes: [[String: TemplateValue]]
    private var namespaces: [[String: TemplateValue]] = []
    private var names: [String]
    private var steps = 0
    private var depth = 0

    /// A chat of a hundred turns takes some ten thousand.
    private static let mostSteps = 5_000_000
    private static let deepest = 400

    init(_ template: Template, _ values: [(key: String, value: TemplateValue)]) {
        self.template = template
        names = values.map(\.key)
        scopes = [Dictionary(values.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })]
    }

    func refusal(_ what: String, notes: [String] = []) -> DPPAError {
        DPPAError(.data, "\(template.label), line \(line): \(what)", notes: notes)
    }

    /// Counts what is done; a text or a list that is made counts by its size.
    mutating func count(_ size: Int = 0) throws {
        steps += 1 + size / 16
        guard steps <= Self.mostSteps else {
            throw DPPAError(
                .limit, "\(template.label), line \(line): the template takes more than \(Self.mostSteps) steps")
        }
    }

    // MARK: Parts

    mutating func text(_ nodes: [TemplateNode]) throws -> TemplateText {
        var text = TemplateText("", isGiven: false)
        for node in nodes { try add(node, to: &text) }
        return text
    }

    private mutating func add(_ node: TemplateNode, to text: inout TemplateText) throws {
        try count()
        switch node {
        case .text(let own):
            try count(own.utf8.count)
            text.append(TemplateText(own, isGiven: false))
        case .output(let expression, let line):
            let part = try written(try value(expression, line: line))
            try count(part.byteCount)
            text.append(part)
        case .branches(let branches):
            for branch in branches {
                if let condition = branch.condition, try !value(condition, line: branch.line).isTrue { continue }
                for node in branch.body { try add(node, to: &text) }
                break
            }
        case .loop(let loop, let line): try run(loop, line, &text)
        case .set(let name, let member, let expression, let line):
            let new = try value(expression, line: line)
            guard let member else {
                scopes[scopes.count - 1][name] = new
                return
            }
            guard case .namespace(let number)? = found(name) else {
                throw refusal("'\(name)' is no namespace, so '\(name).\(member)' cannot be set")
            }
            namespaces[number][member] = new
        case .capture(let name, let body, let line):
            self.line = line
            scopes[scopes.count - 1][name] = .text(try self.text(body))
        }
    }

    private mutating func run(_ loop: TemplateNode.Loop, _ line: Int, _ text: inout TemplateText) throws {
        var values = try elements(try value(loop.values, line: line), "for")
        scopes.append([:])
        defer { scopes.removeLast() }
        if let condition = loop.condition {
            values = try values.filter { value in
                try assign(value, to: loop.names, line)
                return try self.value(condition, line: line).isTrue
            }
        }
        guard !values.isEmpty else {
            for node in loop.otherwise { try add(node, to: &text) }
            return
        }
        for (index, value) in values.enumerated() {
            scopes[scopes.count - 1] = [:]
            try assign(value, to: loop.names, line)
            scopes[scopes.count - 1]["loop"] = .dictionary([
                ("index", .integer(index + 1)), ("index0", .integer(index)), ("first", .bool(index == 0)),
                ("last", .bool(index == values.count - 1)), ("length", .integer(values.count)),
                ("revindex", .integer(values.count - index)), ("revindex0", .integer(values.count - index - 1)),
                ("previtem", index > 0 ? values[index - 1] : .undefined("loop.previtem")),
                ("nextitem", index + 1 < values.count ? values[index + 1] : .undefined("loop.nextitem")),
            ])
            for node in loop.body { try add(node, to: &text) }
        }
    }

    private mutating func assign(_ value: TemplateValue, to names: [String], _ line: Int) throws {
        guard names.count > 1 else {
            scopes[scopes.count - 1][names[0]] = value
            return
        }
        let parts = try elements(value, "for")
        guard parts.count == names.count else {
            self.line = line
            throw refusal("'for' has \(names.count) names for \(parts.count) values")
        }
        for (name, part) in zip(names, parts) { scopes[scopes.count - 1][name] = part }
    }

    mutating func addNamespace(_ members: [(name: String, value: TemplateValue)]) -> TemplateValue {
        namespaces.append(Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }))
        return .namespace(namespaces.count - 1)
    }

    private func found(_ name: String) -> TemplateValue? {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return nil
    }

    // MARK: Expressions

    mutating func value(_ expression: TemplateExpression, line: Int) throws -> TemplateValue {
        self.line = line
        return try value(expression)
    }

    mutating func value(_ expression: TemplateExpression) throws -> TemplateValue {
        try count()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw refusal("an expression nested more than \(Self.deepest) deep") }
        switch expression {
        case .literal(let value): return value
        case .name(let name): return found(name) ?? .undefined(name)
        case .member(let part, let name): return try member(try value(part), name)
        case .element(let part, let index): return try element(try value(part), try value(index))
        case .slice(let part, let from, let to, let step):
            return try slice(
                try value(part), try from.map { try value($0) }, try to.map { try value($0) },
                try step.map { try value($0) })
        case .call(let name, let arguments): return try call(name, try values(arguments))
        case .method(let part, let name, let arguments):
            return try method(name, of: try value(part), try values(arguments))
        case .filter(let part, let name, let arguments):
            return try filter(name, try value(part), try values(arguments))
        case .test(let part, let name, let arguments, let isNegated):
            return .bool(try test(name, try value(part), arguments.map { try value($0) }) != isNegated)
        case .not(let part): return .bool(try !value(part).isTrue)
        case .negative(let part):
            let number = try value(part)
            if let whole = number.int, whole != .min { return .integer(-whole) }
            guard let real = number.double else { throw refusal("'-' before \(number.kind)") }
            return .number(-real)
        case .both(let a, let b):
            let first = try value(a)
            return first.isTrue ? try value(b) : first
        case .either(let a, let b):
            let first = try value(a)
            return first.isTrue ? first : try value(b)
        case .operation(let a, let operation, let b):
            return try apply(operation, try value(a), try value(b))
        case .comparison(let a, let comparison, let b):
            return .bool(try compare(try value(a), comparison, try value(b)))
        case .choice(let condition, let then, let otherwise):
            if try value(condition).isTrue { return try value(then) }
            return try otherwise.map { try value($0) } ?? .undefined("a choice without 'else'")
        case .list(let parts): return .list(try parts.map { try value($0) })
        case .dictionary(let members):
            return .dictionary(
                try members.map { member in
                    guard let key = try value(member.key).string else {
                        throw refusal("a key of a mapping that is no text")
                    }
                    return (key, try value(member.value))
                })
        }
    }

    /// The arguments of a call with their values.
    struct Values {
        var values: [TemplateValue]
        var named: [(name: String, value: TemplateValue)]

        func given(_ place: Int, _ name: String) -> TemplateValue? {
            place < values.count ? values[place] : named.first { $0.name == name }?.value
        }
    }

    private mutating func values(_ arguments: TemplateExpression.Arguments) throws -> Values {
        Values(
            values: try arguments.values.map { try value($0) },
            named: try arguments.named.map { ($0.name, try value($0.value)) })
    }

    /// A value as text, where it is written.
    func written(_ value: TemplateValue) throws -> TemplateText {
        if let text = value.written(template.style.isStrict) { return text }
        if case .undefined(let name) = value { throw missing(name) }
        throw refusal("\(value.kind) is written as text", notes: ["say how: | join(', ') or | tojson"])
    }

    func missing(_ name: String) -> DPPAError {
        refusal(
            "there is no '\(name.shown)'\(Suggestions.hint(for: name, among: names))",
            notes: names.isEmpty ? [] : ["there are \(Phrase.list(names.map(\.shown), limit: 12))"])
    }

    /// The elements of what can be gone through.
    func elements(_ value: TemplateValue, _ place: String) throws -> [TemplateValue] {
        switch value {
        case .list(let values): return values
        case .dictionary(let members): return members.map { .own($0.key) }
        case .text(let text):
            return text.string.unicodeScalars.map { .text(TemplateText(String($0), isGiven: text.isGiven)) }
        case .undefined(let name):
            if template.style.isStrict { throw missing(name) }
            return []
        default: throw refusal("'\(place)' goes through \(value.kind)")
        }
    }

    func member(_ value: TemplateValue, _ name: String) throws -> TemplateValue {
        if case .namespace(let number) = value { return namespaces[number][name] ?? .undefined(name) }
        if case .undefined(let owner) = value { throw missing(owner) }
        return value[name] ?? .undefined(name)
    }
}
