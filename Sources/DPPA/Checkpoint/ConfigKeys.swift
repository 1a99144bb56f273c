import DPPASupport

/// The keys of config.json that matter when weights are combined, as data: names, what a missing one means, and what follows.
struct ConfigKeys: Sendable {
    /// The names that families use; the first is the usual one.
    let names: [String]
    /// What a difference means.
    let meaning: String
    let isRefused: Bool
    /// The value as readers take it, as text; nil where it cannot be told.
    let value: @Sendable (LanguageConfig) -> String?

    private init(
        _ names: [String], _ meaning: String, isRefused: Bool = false,
        _ value: (@Sendable (LanguageConfig) -> String?)? = nil
    ) {
        (self.names, self.meaning, self.isRefused) = (names, meaning, isRefused)
        self.value = value ?? { $0[names].map(Self.text) }
    }

    /// A value as text; numbers as numbers, however they are written.
    @Sendable static func text(_ value: JSONValue) -> String {
        value.int.map { "\($0)" } ?? value.double.map { "\($0)" } ?? "\(value)"
    }

    static let all: [ConfigKeys] = [
        ConfigKeys(["model_type"], "weights of one architecture mean nothing in the other", isRefused: true) {
            $0.modelType
        },
        ConfigKeys(heads, "the same rows belong to other heads", isRefused: true),
        ConfigKeys(
            ["num_key_value_heads", "num_kv_heads", "multi_query_group_num"], "the same rows belong to other heads",
            isRefused: true
        ) { config in
            (config["num_key_value_heads", "num_kv_heads", "multi_query_group_num"] ?? config[heads]).map { "\($0)" }
        },
        ConfigKeys(["head_dim"], "the same rows belong to other heads", isRefused: true) { config in
            if let size = config["head_dim"]?.int { return "\(size)" }
            guard let width = config[widths]?.int, let count = config[heads]?.int, count > 0 else { return nil }
            return "\(width / count)"
        },
        ConfigKeys(["hidden_act"], "weights were trained for another activation", isRefused: true, activation),
        ConfigKeys(["rope_theta"], positions) { config in
            (config["rope_theta", "rotary_emb_base"] ?? config["rope_parameters"]?["rope_theta"]).map(text)
        },
        ConfigKeys(["rope_scaling"], positions, scaling),
        ConfigKeys(["partial_rotary_factor", "rotary_pct", "rotary_dim"], positions),
        ConfigKeys(["sliding_window"], "weights were trained to see another distance") { config in
            config["use_sliding_window"]?.bool == false ? "none" : config["sliding_window"].map { "\($0)" } ?? "none"
        },
        ConfigKeys(["layer_types"], "layers of one kind meet layers of another"),
        ConfigKeys(["rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"], scales),
        ConfigKeys(["attn_logit_softcapping"], scales), ConfigKeys(["final_logit_softcapping"], scales),
        ConfigKeys(["query_pre_attn_scalar"], scales), ConfigKeys(["attention_multiplier"], scales),
        ConfigKeys(["embedding_multiplier", "scale_emb"], scales),
        ConfigKeys(["residual_multiplier", "scale_depth"], scales),
        ConfigKeys(["logits_scaling", "logit_scale"], scales),
        ConfigKeys(["num_experts_per_tok", "moe_topk", "num_experts_per_token"], experts),
        ConfigKeys(["norm_topk_prob"], experts), ConfigKeys(["routed_scaling_factor"], experts),
        ConfigKeys(["scoring_func"], experts),
    ]

    private static let heads = ["num_attention_heads", "n_head", "n_heads", "num_heads"]
    private static let widths = ["hidden_size", "n_embd", "d_model", "dim"]
    private static let positions = "weights were trained for other positions"
    private static let scales = "weights were trained at another scale"
    private static let experts = "weights were trained with another choice of experts"

    /// Keys that say nothing about what weights mean, or that are fitted elsewhere.
    static let known: Set<String> = Set(all.flatMap(\.names)).union([
        "_name_or_path", "name_or_path", "architectures", "auto_map", "torch_dtype", "dtype", "transformers_version",
        "use_cache", "tie_word_embeddings", "vocab_size", "bos_token_id", "eos_token_id", "pad_token_id",
        "unk_token_id",
        "initializer_range", "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop",
        "dropout",
        "activation_dropout", "classifier_dropout", "pretraining_tp", "max_position_embeddings", "n_positions", "n_ctx",
        "hidden_activation", "activation_function", "rope_parameters", "rotary_emb_base", "use_sliding_window",
        "max_window_layers", "quantization_config", "text_config", "vision_config", "language_config", "llm_config",
        "output_router_logits", "router_aux_loss_coef", "gradient_checkpointing", "task_specific_params", "id2label",
        "label2id", "problem_type", "_attn_implementation", "attn_implementation", "use_bfloat16", "torchscript",
        "return_dict", "output_attentions", "output_hidden_states", "unsloth_version", "unsloth_fixed",
    ])

    /// The activation under one name each.
    @Sendable private static func activation(_ config: LanguageConfig) -> String? {
        guard let name = config["hidden_activation", "hidden_act", "activation_function"]?.string else { return nil }
        // Readers of Gemma take the approximate one whatever is written.
        if name == "gelu", config.modelType?.hasPrefix("gemma") == true { return "gelu_tanh" }
        return switch name {
        case "swish", "silu": "silu"
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_tanh", "gelu_python_tanh": "gelu_tanh"
        default: name
        }
    }

    /// How positions are stretched; "none" where they are not.
    @Sendable private static func scaling(_ config: LanguageConfig) -> String? {
        guard let object = (config["rope_scaling"] ?? config["rope_parameters"])?.object else { return "none" }
        let type = (object["rope_type"] ?? object["type"])?.string ?? "default"
        guard type != "default", type != "mrope" else { return "none" }
        let rest = object.members.filter { !["rope_type", "type", "rope_theta"].contains($0.0) }.sorted { $0.0 < $1.0 }
        return ([type] + rest.map { "\($0.0) \($0.1)" }).joined(separator: ", ")
    }

    /// Whether a model type is that of another with a tower beside it: `qwen2_5_vl` beside `qwen2`, `gemma3_text` beside `gemma3`.
    static func areKin(_ a: String, _ b: String) -> Bool {
        func bare(_ type: String) -> [Substring] {
            var parts = type.split(separator: "_")
            while let last = parts.last, ["vl", "text", "vision", "omni", "audio", "thinker"].contains(last) {
                parts.removeLast()
            }
            return parts
        }
        let (first, second) = (bare(a), bare(b))
        // qwen2_5_vl is a qwen2 with eyes; numbers alone are versions of the same.
        return first.prefix(1) == second.prefix(1)
            && (first + second).dropFirst().allSatisfy { part in
                first.contains(part) && second.contains(part) || Int(part) != nil
            }
    }
}
