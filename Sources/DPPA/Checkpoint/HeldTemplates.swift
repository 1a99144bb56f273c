import DPPASupport

/// The chat templates that tokenizer_config.json holds: one, which is the default, or several with their names.
package struct HeldTemplates {
    /// By name, in the order of the file; a name or a text that is none is nil.
    package let named: [(name: String?, text: String?)]

    /// The templates in a tokenizer_config.json.
    package init(_ settings: JSONObject) {
        let held = settings["chat_template"]
        named =
            held?.array?.map { ($0["name"]?.string, $0["template"]?.string) } ?? [("default", held?.string)]
    }

    /// The one that is meant where none is named.
    package var standard: String? { named.first { $0.name == "default" }?.text }
}
