import DPPASupport

/// The number of rows of a vocabulary that config.json says.
package struct VocabularySize {
    /// The path of the number in config.json.
    package let key: [String]
    package let count: Int

    private static let keys = [["vocab_size"], ["text_config", "vocab_size"], ["language_config", "vocab_size"]]

    /// What a config.json says; nil where it says nothing.
    package init?(_ config: String?) {
        guard let object = config.flatMap(ConfigText.object) else { return nil }
        for key in Self.keys {
            let value = key.dropFirst().reduce(object[key[0]]) { $0?[$1] }
            guard let count = value?.int else { continue }
            (self.key, self.count) = (key, count)
            return
        }
        return nil
    }

    /// The text with another number, where there is one.
    static func setting(_ config: String, _ count: Int) throws -> String {
        guard let size = VocabularySize(config) else { return config }
        return try ConfigText.setting(config, size.key, to: String(count))
    }
}
