import DPPASupport

/// The tokenizer files of views whose rows are a shared vocabulary: those of the model whose ids it has, with what others have
/// besides.
package struct VocabularyFiles: Sendable {
    /// What views of one vocabulary have in common, and no others.
    let key: String
    /// The label of the model whose files they are.
    package let owner: String
    /// The texts of files that are written with changes, by name.
    package private(set) var texts: [String: String] = [:]
    /// The names of files that would contradict these, and are not written.
    package private(set) var left: [String] = []
    /// What should be known of it.
    package private(set) var notices: [String] = []

    /// Whether two views have rows for the same tokens of the same models.
    package func isSame(as other: VocabularyFiles) -> Bool { key == other.key }

    private static let config = "tokenizer_config.json"
    private static let map = "special_tokens_map.json"

    /// The files of a vocabulary; with changes where it has tokens that its owner lacks.
    ///
    /// Throws `data` when they cannot hold them.
    init(_ vocabulary: SharedVocabulary, key: String) throws {
        let member = vocabulary.members[vocabulary.owner]
        (self.key, owner) = (key, member.model.label)
        guard !vocabulary.new.isEmpty else { return }
        let ordinary = vocabulary.new.filter { $0.flags == nil }
        var merges: [(String, String)] = []
        for (index, other) in vocabulary.members.enumerated() {
            let own = Set(ordinary.filter { $0.member == index }.map(\.hash))
            if !own.isEmpty { merges += try other.text.merges(making: own) }
        }
        let json = try member.text.adding(vocabulary.new, merges)
        texts["tokenizer.json"] = String(decoding: json, as: UTF8.self)
        try addEntries(vocabulary, member.model)
        try addSpecials(vocabulary, member.model)
        guard !ordinary.isEmpty else { return }
        // They hold pieces, and none of the new ones.
        left = member.model.sidecarFiles.filter { name in
            ["vocab.json", "merges.txt", "vocab.txt"].contains(name) || name.hasSuffix(".model")
                || name.hasSuffix(".tiktoken")
        }
        if !left.isEmpty {
            notices.append(
                "warning: \(Phrase.list(left)) of \(owner) left out: tokenizer.json has "
                    + "\(Phrase.counted(ordinary.count, "further piece")), which "
                    + (left.count == 1 ? "it lacks" : "they lack"))
        }
    }

    /// The text of a file that is written, if there is one.
    private func text(_ name: String, _ model: OpenModel) throws -> String? {
        if let text = texts[name] { return text }
        guard let path = model.tokenizer.path(name) else { return nil }
        let bytes = try FileDescriptor.contents(path, limit: 64 << 20)
        // What is no JSON cannot be added to; a reader says so.
        let text = String(decoding: bytes, as: UTF8.self)
        return ConfigText.object(text) == nil ? nil : text
    }

    /// The new added tokens in the lists by id of tokenizer_config.json and by text of added_tokens.json.
    private mutating func addEntries(_ vocabulary: SharedVocabulary, _ model: OpenModel) throws {
        let added = vocabulary.new.filter { $0.flags != nil }
        guard !added.isEmpty else { return }
        if let text = try text(Self.config, model) {
            let entries = added.compactMap { token in
                token.flagsText.map { "\"\(token.id)\": {\"content\": \(token.spelling), \($0)}" }
            }
            texts[Self.config] = try ConfigText.adding(text, ["added_tokens_decoder"], entries)
        }
        if let text = try text("added_tokens.json", model) {
            texts["added_tokens.json"] = try ConfigText.adding(text, [], added.map { "\($0.spelling): \($0.id)" })
        }
    }

    /// What the model of a new token counts among its further special tokens is one here too.
    private mutating func addSpecials(_ vocabulary: SharedVocabulary, _ model: OpenModel) throws {
        for name in [Self.config, Self.map] {
            guard var text = try text(name, model) else { continue }
            for key in ["additional_special_tokens", "extra_special_tokens"] {
                var words: [String] = []
                for (index, member) in vocabulary.members.enumerated() where index != vocabulary.owner {
                    let listed = try self.listed(key, name, member.model)
                    words += vocabulary.new.filter { $0.member == index && listed.contains($0.hash) }.map(\.spelling)
                }
                guard !words.isEmpty else { continue }
                text =
                    try ConfigText.adding(text, [key], words)
                    ?? ConfigText.setting(text, [key], to: "[\(words.joined(separator: ", "))]")
                texts[name] = text
            }
        }
    }

    /// The tokens that a file of a model lists under a key, by hash.
    private func listed(_ key: String, _ name: String, _ model: OpenModel) throws -> Set<Int> {
        guard let path = model.tokenizer.path(name) else { return [] }
        let text = String(decoding: try FileDescriptor.contents(path, limit: 64 << 20), as: UTF8.self)
        let list = ConfigText.object(text)?[key]?.array ?? []
        return Set(list.compactMap { ($0.string ?? $0["content"]?.string).map { TokenTable.hash(of: $0) } })
    }
}
