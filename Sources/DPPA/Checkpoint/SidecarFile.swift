/// What a small file beside the weights is for, by its name.
package enum SidecarFile {
    case tokenizer, chatTemplate, generation, code, licence, other

    /// The kind of a file that goes along with a model, by its path from the folder; nil for one that does not.
    ///
    /// Code belongs to a model whose configuration names it.
    package init?(_ path: String, hasCode: Bool) {
        let isInFolder = path.contains("/")
        if path.hasPrefix(Self.templates) || !isInFolder && path.hasPrefix("chat_template") {
            self = .chatTemplate
        } else if !isInFolder && Self.isTokenizer(path) {
            self = .tokenizer
        } else if path == "generation_config.json" {
            self = .generation
        } else if path.hasPrefix(Self.licences + "/") || !isInFolder && Self.isLicence(path) {
            self = .licence
        } else if StayingFile(path) != nil {
            return nil
        } else if path.hasSuffix(".py") {
            guard hasCode else { return nil }
            self = .code
        } else {
            self = .other
        }
    }

    /// The folder of further chat templates, with its slash.
    package static let templates = "additional_chat_templates/"

    /// The folder of licences that differ from the first model's, with a folder for each model.
    package static let licences = "licences"

    /// Files of no kind of their own that belong to a model wherever they stand.
    static let known: Set<String> = [
        "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json", "tekken.json",
        "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json",
    ]

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
