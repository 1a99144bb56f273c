import DPPASupport

/// Makes the tree of a template.
///
/// Read are texts, `{{ }}`, comments, `if`, `for`, `set` with and without a body, and Jinja's expressions without `**` and calls of
/// macros; every other tag is refused by its name and line.
struct TemplateParser {
    private let label: String
    private let pieces: [TemplateLexer.Piece]
    private var next = 0
    private var depth = 0

    /// Tags and expressions in each other.
    static let deepest = 100

    /// The tree of a template.
    ///
    /// Throws `data` with what is not read, and its line.
    static func parse(_ source: String, label: String, style: Template.Style) throws -> [TemplateNode] {
        let pieces = try TemplateLexer.pieces(source, label: label, style: style)
        var parser = TemplateParser(label: label, pieces: pieces)
        let (nodes, end) = try parser.nodes(until: [], of: nil)
        if let end { throw parser.refusal("'{% \(end.name) %}' closes nothing", end.line) }
        return nodes
    }

    private init(label: String, pieces: [TemplateLexer.Piece]) { (self.label, self.pieces) = (label, pieces) }

    private func refusal(_ what: String, _ line: Int) -> DPPAError {
        DPPAError(.data, "\(label), line \(line): \(what)")
    }

    /// What closes or divides a tag.
    private struct End {
        var name: String
        var expressions: ExpressionParser
        var line: Int
    }

    /// The parts up to one of the tags that are waited for, which is given as well; to the end where none is.
    private mutating func nodes(
        until ends: [String], of tag: (name: String, line: Int)?
    ) throws -> ([TemplateNode], End?) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw refusal("tags nested more than \(Self.deepest) deep", tag?.line ?? 1)
        }
        var nodes: [TemplateNode] = []
        while next < pieces.count {
            next += 1
            switch pieces[next - 1] {
            case .text(let text): nodes.append(.text(text))
            case .output(let tokens, let line):
                var parser = ExpressionParser(tokens, label, line)
                nodes.append(.output(try parser.whole(), line: line))
            case .statement(let tokens, let line):
                var parser = ExpressionParser(tokens, label, line)
                let name = try parser.word("a tag")
                if ends.contains(name) { return (nodes, End(name: name, expressions: parser, line: line)) }
                switch name {
                case "if": nodes.append(try branches(parser, line))
                case "for": nodes.append(try loop(&parser, line))
                case "set": nodes.append(try set(&parser, line))
                case "else", "elif", "endif", "endfor", "endset":
                    return (nodes, End(name: name, expressions: parser, line: line))
                default:
                    throw DPPAError(
                        .data, "\(label), line \(line): '{% \(name.shown) %}' is not read",
                        notes: ["tags that are read: if, elif, else, for, set"])
                }
            }
        }
        if let tag { throw refusal("'{% \(tag.name) %}' without '{% end\(tag.name) %}'", tag.line) }
        return (nodes, nil)
    }

    private mutating func body(_ name: String, _ line: Int, until ends: [String]) throws -> ([TemplateNode], End) {
        guard case (let nodes, let end?) = try nodes(until: ends, of: (name, line)), ends.contains(end.name) else {
            throw refusal("'{% \(name) %}' is closed by another tag", line)
        }
        return (nodes, end)
    }

    private mutating func branches(_ first: ExpressionParser, _ line: Int) throws -> TemplateNode {
        var branches: [TemplateNode.Branch] = []
        var (parser, start) = (first, line)
        var hasCondition = true
        while true {
            let condition = hasCondition ? try parser.whole() : nil
            let (body, end) = try body("if", line, until: hasCondition ? ["elif", "else", "endif"] : ["endif"])
            branches.append(.init(condition: condition, line: start, body: body))
            if end.name == "endif" { return .branches(branches) }
            (parser, start, hasCondition) = (end.expressions, end.line, end.name == "elif")
        }
    }

    private mutating func loop(_ parser: inout ExpressionParser, _ line: Int) throws -> TemplateNode {
        var names = [try parser.word("a name")]
        while parser.take(",") { names.append(try parser.word("a name")) }
        guard parser.take("in") else { throw refusal("'for' without 'in'", line) }
        let values = try parser.withoutChoice()
        let condition = parser.take("if") ? try parser.expression() : nil
        if parser.take("recursive") { throw refusal("a recursive 'for' is not read", line) }
        try parser.end()
        let (body, end) = try body("for", line, until: ["else", "endfor"])
        let otherwise = end.name == "else" ? try self.body("for", line, until: ["endfor"]).0 : []
        return .loop(
            .init(names: names, values: values, condition: condition, body: body, otherwise: otherwise), line: line)
    }

    private mutating func set(_ parser: inout ExpressionParser, _ line: Int) throws -> TemplateNode {
        let name = try parser.word("a name")
        let member = parser.take(".") ? try parser.word("a name") : nil
        if parser.take("=") { return .set(name, member: member, try parser.whole(), line: line) }
        guard member == nil, parser.isDone else { throw refusal("'set' of this kind is not read", line) }
        return .capture(name, try body("set", line, until: ["endset"]).0, line: line)
    }
}
