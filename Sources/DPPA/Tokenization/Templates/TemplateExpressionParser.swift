import DPPASupport

/// Reads the expressions of one tag.
struct ExpressionParser {
    private let tokens: [TemplateToken]
    private let label: String
    private let line: Int
    private var next = 0
    private var depth = 0

    init(_ tokens: [TemplateToken], _ label: String, _ line: Int) {
        (self.tokens, self.label, self.line) = (tokens, label, line)
    }

    var isDone: Bool { next == tokens.count }

    private var here: TemplateToken? { isDone ? nil : tokens[next] }

    private func refusal(_ what: String) -> DPPAError { DPPAError(.data, "\(label), line \(line): \(what)") }

    private func unexpected() -> DPPAError { refusal("'\(here?.shown ?? "the end of the tag")' has no meaning here") }

    /// Passes over a sign or word, if it is next.
    mutating func take(_ text: String) -> Bool {
        guard here == .sign(text) || here == .name(text) else { return false }
        next += 1
        return true
    }

    private mutating func expect(_ text: String) throws {
        guard take(text) else { throw refusal("expected '\(text)', got '\(here?.shown ?? "the end of the tag")'") }
    }

    mutating func word(_ what: String) throws -> String {
        guard case .name(let name)? = here else {
            throw refusal("expected \(what), got '\(here?.shown ?? "the end of the tag")'")
        }
        next += 1
        return name
    }

    mutating func end() throws { if !isDone { throw unexpected() } }

    /// An expression and nothing behind it; several of them are a list.
    mutating func whole() throws -> TemplateExpression {
        let first = try expression()
        guard take(",") else {
            try end()
            return first
        }
        var all = [first]
        while !isDone {
            all.append(try expression())
            if !take(",") { break }
        }
        try end()
        return .list(all)
    }

    mutating func expression() throws -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateParser.deepest else {
            throw refusal("expressions nested more than \(TemplateParser.deepest) deep")
        }
        var result = try withoutChoice()
        while take("if") {
            let condition = try withoutChoice()
            let otherwise = take("else") ? try expression() : nil
            result = .choice(condition, then: result, otherwise: otherwise)
        }
        return result
    }

    /// An expression without `… if … else …`, which behind `for` means something else.
    mutating func withoutChoice() throws -> TemplateExpression {
        var result = try conjunction()
        while take("or") { result = .either(result, try conjunction()) }
        return result
    }

    private mutating func conjunction() throws -> TemplateExpression {
        var result = try negation()
        while take("and") { result = .both(result, try negation()) }
        return result
    }

    private mutating func negation() throws -> TemplateExpression {
        var count = 0
        while take("not") { count += 1 }
        let result = try comparison()
        guard count > 0 else { return result }
        return count % 2 == 1 ? .not(result) : .not(.not(result))
    }

    private mutating func comparison() throws -> TemplateExpression {
        let first = try sum()
        var (left, result) = (first, TemplateExpression?.none)
        while true {
            let kind: TemplateExpression.Comparison
            if case .sign(let sign)? = here, let found = TemplateExpression.Comparison(rawValue: sign) {
                next += 1
                kind = found
            } else if take("in") {
                kind = .isIn
            } else if here == .name("not"), next + 1 < tokens.count, tokens[next + 1] == .name("in") {
                next += 2
                kind = .isNotIn
            } else {
                return result ?? first
            }
            let right = try sum()
            let pair = TemplateExpression.comparison(left, kind, right)
            result = result.map { .both($0, pair) } ?? pair
            left = right
        }
    }

    private mutating func sum() throws -> TemplateExpression {
        try operations(["+", "-"]) {
            try $0.operations(["~"]) { try $0.operations(["*", "/", "//", "%"]) { try $0.unary() } }
        }
    }

    private mutating func operations(
        _ signs: [String], _ part: (inout ExpressionParser) throws -> TemplateExpression
    ) throws -> TemplateExpression {
        var result = try part(&self)
        while case .sign(let sign)? = here, signs.contains(sign),
            let kind = TemplateExpression.Operation(rawValue: sign)
        {
            next += 1
            result = .operation(result, kind, try part(&self))
        }
        if here == .sign("**") { throw refusal("'**' is not read") }
        return result
    }

    private mutating func unary() throws -> TemplateExpression {
        var count = 0
        while here == .sign("-") || here == .sign("+") {
            count += here == .sign("-") ? 1 : 0
            next += 1
        }
        var result = try postfix(try atom())
        if count > 0 { result = count % 2 == 1 ? .negative(result) : .negative(.negative(result)) }
        return try filters(result)
    }

    private mutating func atom() throws -> TemplateExpression {
        guard let token = here else { throw unexpected() }
        next += 1
        switch token {
        case .integer(let number): return .literal(.integer(number))
        case .number(let number): return .literal(.number(number))
        case .text(var text):
            while case .text(let more)? = here {
                text += more
                next += 1
            }
            return .literal(.own(text))
        case .name("true"), .name("True"): return .literal(.bool(true))
        case .name("false"), .name("False"): return .literal(.bool(false))
        case .name("none"), .name("None"): return .literal(.none)
        case .name(let name) where !["and", "or", "not", "in", "is", "if", "else"].contains(name):
            return take("(") ? .call(name, try arguments()) : .name(name)
        case .sign("("):
            let first = try expression()
            guard take(",") else {
                try expect(")")
                return first
            }
            return .list([first] + (try expressions(until: ")")))
        case .sign("["): return .list(try expressions(until: "]"))
        case .sign("{"):
            var members: [(key: TemplateExpression, value: TemplateExpression)] = []
            while !take("}") {
                let key = try expression()
                try expect(":")
                members.append((key, try expression()))
                if !take(",") {
                    try expect("}")
                    break
                }
            }
            return .dictionary(members)
        default:
            next -= 1
            throw unexpected()
        }
    }

    private mutating func expressions(until end: String) throws -> [TemplateExpression] {
        var all: [TemplateExpression] = []
        while !take(end) {
            all.append(try expression())
            if !take(",") {
                try expect(end)
                break
            }
        }
        return all
    }

    /// Arguments behind their '('.
    private mutating func arguments() throws -> TemplateExpression.Arguments {
        var arguments = TemplateExpression.Arguments()
        while !take(")") {
            if here == .sign("*") || here == .sign("**") { throw refusal("'*' before an argument is not read") }
            if case .name(let name)? = here, next + 1 < tokens.count, tokens[next + 1] == .sign("=") {
                next += 2
                arguments.named.append((name, try expression()))
            } else {
                arguments.values.append(try expression())
            }
            if !take(",") {
                try expect(")")
                break
            }
        }
        return arguments
    }

    private mutating func postfix(_ first: TemplateExpression) throws -> TemplateExpression {
        var result = first
        while true {
            if take(".") {
                if case .integer(let number)? = here {
                    next += 1
                    result = .element(result, .literal(.integer(number)))
                    continue
                }
                let name = try word("a name")
                result = take("(") ? .method(result, name, try arguments()) : .member(result, name)
            } else if take("[") {
                result = try subscripted(result)
            } else if here == .sign("(") {
                throw refusal("a call of what is no name is not read")
            } else {
                return result
            }
        }
    }

    private mutating func subscripted(_ value: TemplateExpression) throws -> TemplateExpression {
        var parts: [TemplateExpression?] = [nil]
        while !take("]") {
            if take(":") {
                parts.append(nil)
            } else if parts[parts.count - 1] == nil {
                parts[parts.count - 1] = try expression()
            } else {
                throw unexpected()
            }
        }
        guard parts.count <= 3 else { throw refusal("a slice has at most three parts") }
        if parts.count > 1 { return .slice(value, parts[0], parts[1], step: parts.count > 2 ? parts[2] : nil) }
        guard let index = parts[0] else { throw refusal("'[]' without an index") }
        return .element(value, index)
    }

    private mutating func filters(_ first: TemplateExpression) throws -> TemplateExpression {
        var result = first
        while true {
            if take("|") {
                let name = try word("a filter")
                result = .filter(result, name, take("(") ? try arguments() : .init())
            } else if take("is") {
                let isNegated = take("not")
                let name = try word("a test")
                var values: [TemplateExpression] = []
                if take("(") {
                    values = try arguments().values
                } else if startsValue {
                    values = [try postfix(try atom())]
                }
                result = .test(result, name, values, isNegated: isNegated)
            } else {
                return result
            }
        }
    }

    /// Whether what is next can be the argument of a test without parentheses.
    private var startsValue: Bool {
        switch here {
        case .integer?, .number?, .text?, .sign("[")?, .sign("{")?: true
        case .name(let name)?: !["and", "or", "not", "in", "is", "if", "else"].contains(name)
        default: false
        }
    }
}
