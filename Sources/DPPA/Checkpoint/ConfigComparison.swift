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
    /// Other keys that both have and that differ, in order.
    package private(set) var others: [String] = []

    /// Compares the texts of two config.json; where one is missing nothing is known.
    package init(_ own: String?, _ other: String?) {
        guard let own = own.flatMap(ConfigText.object), let other = other.flatMap(ConfigText.object) else { return }
        let (a, b) = (LanguageConfig(own), LanguageConfig(other))
        for key in ConfigKeys.all {
            guard let first = key.value(a), let second = key.value(b), first != second else { continue }
            if key.names[0] == "model_type", ConfigKeys.areKin(first, second) { continue }
            differences.append(
                Difference(
                    key: key.names[0], own: first, other: second, meaning: key.meaning, isRefused: key.isRefused))
        }
        differences.sort { $0.isRefused && !$1.isRefused }
        others = a.keys.intersection(b.keys).subtracting(ConfigKeys.known).filter { name in
            [a, b].compactMap { $0[name].map(ConfigKeys.text) }.reduce(into: Set()) { $0.insert($1) }.count == 2
        }.sorted()
    }
}

/// The part of a config.json that describes a language model: all of it, or what lies in `text_config` with the rest around it.
struct LanguageConfig {
    private let inner: JSONObject?
    private let outer: JSONObject

    init(_ config: JSONObject) {
        outer = config
        inner = ["text_config", "language_config", "llm_config"].lazy.compactMap { config[$0]?.object }.first
    }

    /// The keys that say something.
    var keys: Set<String> { Set((inner ?? outer).members.map(\.0)) }

    /// The first value of some names that is there and not null.
    subscript(names: String...) -> JSONValue? { self[names] }

    subscript(names: [String]) -> JSONValue? {
        for object in [inner, outer].compactMap(\.self) {
            for name in names {
                if let value = object[name] { if case .null = value { continue } else { return value } }
            }
        }
        return nil
    }

    /// The type of the language model: of the part where there is one, never that of what is around it.
    var modelType: String? { (inner ?? outer)["model_type"]?.string }
}
