import DPPASupport

/// How a config.json places positions: rotary bases, stretching and rotated share, by kind of layer where they differ.
///
/// Read in every form that has been in use: `rope_theta` and `rope_scaling` beside the rest, `rope_parameters` for all layers or
/// by kind of layer, and a base of its own for layers with a window (`rope_local_base_freq`).
struct RopeConfig {
    /// The keys that a base comes from, and those of the rotated share, the usual one first.
    static let bases = [
        "rope_theta", "rotary_emb_base", "global_rope_theta", "rope_local_base_freq", "local_rope_theta",
        "rope_parameters",
    ]
    static let shares = ["partial_rotary_factor", "rotary_pct"]

    /// The parameters of each kind of layer; one kind, without a name, where all are alike.
    private var kinds: [(name: String, theta: String, scaling: String, share: String)] = []

    init(_ config: LanguageConfig) {
        let parameters = config["rope_parameters"]?.object
        let share = config.text(Self.shares)
        let nested = parameters?.members.filter { $0.1.object != nil } ?? []
        if !nested.isEmpty {
            for (name, value) in nested {
                kinds.append(
                    (
                        name, (value["rope_theta"]).map(LanguageConfig.text) ?? "10000", Self.scaling(value.object),
                        value["partial_rotary_factor"].map(LanguageConfig.text) ?? share ?? "1"
                    ))
            }
        } else {
            let written =
                config["rope_theta", "rotary_emb_base", "global_rope_theta"] ?? parameters?["rope_theta"]
            let scaling = Self.scaling((config["rope_scaling"] ?? config["rope_parameters"])?.object)
            let share = parameters?["partial_rotary_factor"].map(LanguageConfig.text) ?? share ?? "1"
            let defaults = (ConfigDefaults.value("rope_theta", of: config.modelType) ?? "10000").split(separator: ",")
                .map { $0.split(separator: ":").map(String.init) }
            let local = config["rope_local_base_freq", "local_rope_theta"].map(LanguageConfig.text)
            if defaults.count > 1 || local != nil {
                let own = { (kind: String) in defaults.first { $0[0] == kind }?.last ?? "10000" }
                kinds = [
                    ("full_attention", written.map(LanguageConfig.text) ?? own("full_attention"), scaling, share),
                    ("sliding_attention", local ?? own("sliding_attention"), "none", share),
                ]
            } else {
                kinds = [("", written.map(LanguageConfig.text) ?? defaults[0][0], scaling, share)]
            }
        }
    }

    /// The rotary base.
    var theta: String { text(\.theta) }
    /// How positions are stretched; "none" where they are not.
    var scaling: String { text(\.scaling) }
    /// The share of each head that is rotated.
    var share: String { text(\.share) }

    /// One value where all kinds have it, else each with its kind.
    private func text(_ value: ((name: String, theta: String, scaling: String, share: String)) -> String) -> String {
        let values = kinds.map(value)
        if values.allSatisfy({ $0 == values.first }) { return values.first ?? "none" }
        return zip(kinds, values).map { "\($0.name) \($1)" }.sorted().joined(separator: ", ")
    }

    private static func scaling(_ object: JSONObject?) -> String {
        guard let object, let type = (object["rope_type"] ?? object["type"])?.string else { return "none" }
        guard type != "default", type != "mrope", type != "linear" || object["factor"]?.double != 1 else {
            return "none"
        }
        let rest = object.members.filter {
            !["rope_type", "type", "rope_theta", "partial_rotary_factor", "mrope_section"].contains($0.0)
        }
        return ([type] + rest.map { "\($0.0) \(LanguageConfig.text($0.1))" }.sorted()).joined(separator: ", ")
    }
}
