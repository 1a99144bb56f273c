import DPPASupport

/// What config.json of one model says otherwise than that of another whose weights it is to be combined with.
///
/// Values are compared as readers take them: of the language model's part, under any of a key's names, with its default.
package struct ConfigComparison {
    /// A key on which two models differ.
    package struct Difference: Sendable, Equatable {
        /// The usual name of the key.
        package let key: String
        /// What the model has, and what the other has.
        package let own: String
        package let other: String
        /// What it means, after "so".
        package let meaning: String
        /// Whether weights of the one mean nothing in the other.
        package let isRefused: Bool
    }

    /// The differences that matter, those that are refused first.
    package private(set) var differences: [Difference] = []
    /// Other keys that differ, or that one has alone and says something with, in order.
    package private(set) var others: [String] = []

    /// Compares the texts of two config.json; where one is missing nothing is known.
    package init(_ own: String?, _ other: String?) {
        guard let own = own.flatMap(ConfigText.object), let other = other.flatMap(ConfigText.object) else { return }
        let (a, b) = (LanguageConfig(own), LanguageConfig(other))
        // Where neither says anything, kin have the same.
        for key in ConfigKeys.all where a.has(key.names) || b.has(key.names) {
            let (first, second) = (key.value(a), key.value(b))
            guard first != second else { continue }
            if key.names[0] == "model_type", let first, let second, ConfigKeys.areKin(first, second) { continue }
            // What nobody says is told, but is no reason to refuse.
            guard first != nil && second != nil || key.isTold else { continue }
            differences.append(
                Difference(
                    key: key.names[0], own: first ?? "missing", other: second ?? "missing", meaning: key.meaning,
                    isRefused: key.isRefused && first != nil && second != nil))
        }
        differences.sort { $0.isRefused && !$1.isRefused }
        let (first, second) = (Self.rest(a), Self.rest(b))
        others = Set(first.keys).union(second.keys).filter { first[$0] != second[$0] }.sorted()
    }

    /// The further keys, with what they say as text; null, false and what is empty say nothing.
    private static func rest(_ config: LanguageConfig) -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in config.members where !ConfigKeys.known.contains(name) {
            let text = LanguageConfig.text(value)
            if !["null", "false", "", "[]", "{}"].contains(text) { result[name] = text }
        }
        return result
    }
}
