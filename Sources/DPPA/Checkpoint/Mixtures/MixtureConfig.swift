import DPPASupport

/// config.json of a mixture, made of that of the dense model whose attention it has.
///
/// What readers of the two families take for a key that is left out differs, so the keys that change numbers are written.
struct MixtureConfig {
    /// How many experts there are, how many a token goes to, and how wide their inner activations are.
    struct Sizes {
        var experts, active, inner: Int
        /// The inner width of the expert that all tokens go to.
        var shared: Int?
    }

    private let base: OpenModel
    private let family: MixtureFamily
    private let text: String
    private let config: JSONObject

    /// Throws `data` when there is no config.json, it is of none of the family's types, or says what the family cannot.
    init(_ base: OpenModel, _ family: MixtureFamily) throws {
        guard let text = base.config, let config = ConfigText.object(text) else {
            throw DPPAError(
                .data, "\(base.title) has no config.json, which a mixture's is made of",
                notes: ["open it as a folder with its config.json"])
        }
        (self.base, self.family, self.text, self.config) = (base, family, text, config)
        let type = try Self.type(of: base)
        guard family.types.contains(type) else {
            throw DPPAError(
                .data,
                "\(family.title) has the attention of \(Phrase.list(family.types)); \(base.title) is \(type.shown)",
                notes: ["without `family` it follows from the base"])
        }
        if let map = config["auto_map"], !map.isNull {
            throw refusal("auto_map", "its classes are code of its own, which makes no mixture")
        }
        if config["use_sliding_window"]?.bool == true, family != .mixtral {
            throw refusal("use_sliding_window", "which layers of \(family.title) slide differs between readers")
        }
        if type == "mistral", family == .qwen2Mixture, let window = LanguageConfig(config).text(["sliding_window"]) {
            throw refusal("sliding_window", "it is \(window), and attention does not slide in \(family.title)")
        }
    }

    /// The type of a dense model.
    static func type(of model: OpenModel) throws -> String {
        guard let type = model.config.flatMap(ConfigText.object)?["model_type"]?.string else {
            throw DPPAError(
                .data, "config.json of \(model.title) has no model_type, so nothing tells which mixture it can be")
        }
        return type
    }

    private func refusal(_ key: String, _ why: String) -> DPPAError {
        DPPAError(.data, "config.json of \(base.title) has \(key): \(why)")
    }

    /// The text for a mixture.
    func text(_ sizes: Sizes) throws -> String {
        var result = text
        for key in ["pretraining_tp", "mlp_bias"] + (family == .qwen3Mixture ? [] : ["attention_bias"]) {
            result = try ConfigText.removing(result, [key])
        }
        // Some readers take null for a width.
        if config["head_dim"]?.isNull == true { result = try ConfigText.removing(result, ["head_dim"]) }
        for (key, value) in defaults + changes(sizes) { result = try ConfigText.setting(result, [key], to: value) }
        return result
    }

    /// What the dense model's readers take for keys that are left out.
    private var defaults: [(String, String)] {
        let language = LanguageConfig(config)
        var found: [(String, String)] = []
        for key in ["num_key_value_heads", "head_dim", "rms_norm_eps", "hidden_act"] where language[key] == nil {
            guard let value = language.text([key]) else { continue }
            found.append((key, Double(value) == nil ? JSONValue.quoted(value) : value))
        }
        if language["num_key_value_heads"] == nil, !found.contains(where: { $0.0 == "num_key_value_heads" }),
            let heads = language.text(["num_attention_heads"])
        {
            found.append(("num_key_value_heads", heads))
        }
        if language["rope_theta"] == nil, config["rope_parameters"]?["rope_theta"] == nil {
            found.append(("rope_theta", "10000.0"))
        }
        return found
    }

    /// What the family says otherwise.
    private func changes(_ sizes: Sizes) -> [(String, String)] {
        let (experts, active, inner) = ("\(sizes.experts)", "\(sizes.active)", "\(sizes.inner)")
        let kind = [
            ("architectures", "[\"\(family.architecture)\"]"), ("model_type", "\"\(family.rawValue)\""),
            ("num_experts_per_tok", active),
        ]
        guard family != .mixtral else {
            // Mistral slides unless it is told not to; LLaMA never does.
            let isMistral = config["model_type"]?.string == "mistral"
            let window = isMistral ? LanguageConfig(config).text(["sliding_window"]) : nil
            return kind + [
                ("num_local_experts", experts), ("intermediate_size", inner), ("sliding_window", window ?? "null"),
            ]
        }
        let shared = sizes.shared.map { [("shared_expert_intermediate_size", "\($0)")] } ?? []
        return kind + [
            ("num_experts", experts), ("moe_intermediate_size", inner), ("norm_topk_prob", "true"),
            ("decoder_sparse_step", "1"), ("mlp_only_layers", "[]"), ("use_sliding_window", "false"),
            ("sliding_window", "null"),
        ] + shared
    }
}
