import DPPASupport

/// A template in a small part of Jinja's language: what the chat templates of models are written in, and the mappings of tasks.
///
/// A template is a stranger's program: it sees what it is given and nothing else, and its steps, its depth and what it makes are
/// bounded. What is not read is refused by its name and line.
package struct Template: Sendable {
    /// Where templates differ by who reads them.
    package struct Style: Sendable {
        /// Whether the newline behind a statement goes with it.
        var trimsBlocks: Bool
        /// Whether white space goes that stands alone between the start of a line and a statement.
        var stripsBlocks: Bool
        /// Whether a newline at the end of the template is left out.
        var cutsLastNewline: Bool
        /// Whether a name without a value is an error where it is written.
        var isStrict: Bool

        /// Chat templates, as transformers reads them.
        package static let chat = Style(trimsBlocks: true, stripsBlocks: true, cutsLastNewline: true, isStrict: false)
        /// Texts made of the keys of a line, as lm-evaluation-harness reads them.
        package static let mapping = Style(
            trimsBlocks: false, stripsBlocks: false, cutsLastNewline: false, isStrict: true)
    }

    /// What it is called in messages.
    let label: String
    let style: Style
    let nodes: [TemplateNode]

    /// The largest template that is read, in bytes.
    package static let sizeLimit = 1 << 20

    /// Reads a template; `label` begins its messages.
    ///
    /// Throws `data` with the line of what is not read.
    package init(_ source: String, label: String, style: Style) throws {
        guard source.utf8.count <= Self.sizeLimit else {
            throw DPPAError(.limit, "\(label) has \(source.utf8.count) bytes; at most \(Self.sizeLimit) are read")
        }
        (self.label, self.style) = (label, style)
        nodes = try TemplateParser.parse(source, label: label, style: style)
    }

    /// What the template makes of some values.
    ///
    /// Throws `data` with the line where something has no value or not the right kind, and where the template itself refuses
    /// (`raise_exception`); `limit` when it takes too many steps.
    package func text(of values: [(key: String, value: TemplateValue)]) throws -> TemplateText {
        var run = TemplateRun(self, values)
        return try run.text(nodes)
    }

    /// The value of a template that is one expression and nothing else; of any other one its text.
    package func value(of values: [(key: String, value: TemplateValue)]) throws -> TemplateValue {
        guard nodes.count == 1, case .output(let expression, let line) = nodes[0] else {
            return .text(try text(of: values))
        }
        var run = TemplateRun(self, values)
        let value = try run.value(expression, line: line)
        if case .undefined(let name) = value, style.isStrict { throw run.missing(name) }
        return value
    }
}
