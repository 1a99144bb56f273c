import DPPASupport
import DPPATokenization

/// A model's own words around the turns of a chat.
struct ChatTemplate: Sendable {
    /// What somebody says.
    struct Turn: Sendable {
        /// `system`, `user` or `assistant`.
        var role: String
        var content: String
    }

    private let template: Template
    private let names: [(key: String, value: TemplateValue)]

    /// A template with the texts of the model's special tokens, such as `bos_token`.
    init(_ source: String, label: String, tokens: [(name: String, text: String)]) throws {
        template = try Template(source, label: label, style: .chat)
        names = tokens.map { ($0.name, TemplateValue.own($0.text)) }
    }

    /// A chat up to where the model's next turn begins.
    ///
    /// What the turns say is marked as given. Throws what the template throws.
    func text(_ turns: [Turn]) throws -> TemplateText {
        let messages = turns.map { turn -> TemplateValue in
            .dictionary([("role", .own(turn.role)), ("content", .given(turn.content))])
        }
        return try template.text(
            of: names + [
                ("messages", .list(messages)), ("add_generation_prompt", .bool(true)), ("tools", .none),
                ("documents", .none),
            ])
    }
}
