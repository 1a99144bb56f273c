/// What a small file beside the weights is for, by its name.
package enum SidecarFile {
    case tokenizer, chatTemplate, generation, code, licence, other

    /// The kind of a file that belongs to the model; nil for one that does not.
    ///
    /// Code belongs to a model whose configuration names it.
    package init?(_ name: String, hasCode: Bool) {
        let exact: Set<String> = [
            "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json",
        ]
        if name.hasPrefix("chat_template") || name.hasPrefix(Self.templates) {
            self = .chatTemplate
        } else if Self.isTokenizer(name) {
            self = .tokenizer
        } else if name == "generation_config.json" {
            self = .generation
        } else if name.hasSuffix(".py") {
            guard hasCode else { return nil }
            self = .code
        } else if Self.isLicence(name) {
            self = .licence
        } else if exact.contains(name) {
            self = .other
        } else {
            return nil
        }
    }

    /// The folder of further chat templates, with its slash.
    package static let templates = "additional_chat_templates/"

    /// The folder of licences that differ from the first model's, with a folder for each model.
    package static let licences = "licences"

    private static func isTokenizer(_ name: String) -> Bool {
        let exact: Set<String> = [
            "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
        ]
        if name.hasSuffix(".py") { return false }
        return exact.contains(name) || name.hasPrefix("tokenizer") || name.hasSuffix(".model")
            || name.hasSuffix(".tiktoken")
    }

    private static func isLicence(_ name: String) -> Bool {
        let word = name.lowercased()
        return ["license", "licence", "notice", "use_policy", "copying"].contains(where: word.hasPrefix)
    }
}
