import DPPASupport

/// The part of a config.json that describes a language model: all of it, or what lies in `text_config` with the rest around it.
struct LanguageConfig {
    private let inner: JSONObject?
    private let outer: JSONObject

    init(_ config: JSONObject) {
        outer = config
        inner = ["text_config", "language_config", "llm_config"].lazy.compactMap { config[$0]?.object }.first
    }

    /// The keys of that part, and what they have.
    var members: [(String, JSONValue)] { (inner ?? outer).members }

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

    /// Whether one of some names is there, be it with null.
    func has(_ names: [String]) -> Bool {
        names.contains { name in [inner, outer].contains { $0?[name] != nil } }
    }

    /// The type of the language model: of the part where there is one, never that of what is around it.
    var modelType: String? { (inner ?? outer)["model_type"]?.string }

    /// The value of a key that goes by several names, the usual one first, as text: what is written, or what readers take for it.
    func text(_ names: [String]) -> String? {
        if let value = self[names] { return Self.text(value) }
        return has(names) ? nil : ConfigDefaults.value(names[0], of: modelType)
    }

    /// A value as text; numbers as numbers, however they are written.
    static func text(_ value: JSONValue) -> String {
        value.int.map { "\($0)" } ?? value.double.map { "\($0)" } ?? value.string ?? "\(value)"
    }
}
