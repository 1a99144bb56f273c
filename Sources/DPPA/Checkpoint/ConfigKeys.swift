import DPPASupport

/// The keys of config.json that matter when weights are combined, as data: names, what a missing one means, and what follows.
struct ConfigKeys: Sendable {
    /// The names that families use, the usual one first, and those of keys that the value is taken from as well.
    let names: [String]
    /// What a difference means.
    let meaning: String
    let isRefused: Bool
    /// Whether it is told when one of two models alone has a value.
    let isTold: Bool
    /// The value as readers take it, as text; nil where it cannot be told.
    let value: @Sendable (LanguageConfig) -> String?

    private init(
        _ names: [String], _ meaning: String, isRefused: Bool = false, isTold: Bool = true,
        _ value: (@Sendable (LanguageConfig) -> String?)? = nil
    ) {
        (self.names, self.meaning, self.isRefused, self.isTold) = (names, meaning, isRefused, isTold)
        self.value = value ?? { $0.text(names) }
    }

    static let all: [ConfigKeys] = [
        ConfigKeys(
            ["model_type"], "weights of one architecture mean nothing in the other", isRefused: true, isTold: false
        ) { $0.modelType },
        ConfigKeys(heads, rows, isRefused: true),
        ConfigKeys(keyValueHeads, rows, isRefused: true) { $0.text(keyValueHeads) ?? $0.text(heads) },
        ConfigKeys(["head_dim"], rows, isRefused: true, isTold: false, headSize),
        ConfigKeys(["qk_nope_head_dim"], rows, isRefused: true),
        ConfigKeys(["qk_rope_head_dim"], rows, isRefused: true), ConfigKeys(["v_head_dim"], rows, isRefused: true),
        ConfigKeys(activations, "weights were trained for another activation", isRefused: true, activation),
        ConfigKeys(RopeConfig.bases, positions) { RopeConfig($0).theta },
        ConfigKeys(["rope_scaling", "rope_parameters"], positions) { RopeConfig($0).scaling },
        ConfigKeys(RopeConfig.shares + ["rope_parameters"], positions) { RopeConfig($0).share },
        ConfigKeys(["rotary_dim"], positions),
        ConfigKeys(["sliding_window", "use_sliding_window"], "weights were trained to see another distance") { config in
            config["use_sliding_window"]?.bool == false ? "none" : config.text(["sliding_window"]) ?? "none"
        },
        ConfigKeys(["layer_types"], "layers of one kind meet layers of another", isTold: false),
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
    private static let keyValueHeads = ["num_key_value_heads", "num_kv_heads", "multi_query_group_num"]
    private static let activations = ["hidden_act", "hidden_activation", "activation_function"]
    private static let rows = "the same rows belong to other heads"
    private static let positions = "weights were trained for other positions"
    private static let scales = "weights were trained at another scale"
    private static let experts = "weights were trained with another choice of experts"

    /// Keys that say nothing about what weights mean, or that are fitted elsewhere; those of sizes show in the shapes.
    static let known: Set<String> = Set(all.flatMap(\.names) + widths).union([
        "_name_or_path", "name_or_path", "architectures", "auto_map", "torch_dtype", "dtype", "transformers_version",
        "use_cache", "tie_word_embeddings", "vocab_size", "bos_token_id", "eos_token_id", "pad_token_id",
        "unk_token_id",
        "initializer_range", "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop",
        "dropout",
        "activation_dropout", "classifier_dropout", "pretraining_tp", "max_position_embeddings", "n_positions", "n_ctx",
        "intermediate_size", "num_hidden_layers", "n_layer", "n_layers", "num_layers", "n_inner", "ffn_dim",
        "kv_lora_rank",
        "q_lora_rank", "qk_head_dim", "moe_intermediate_size",
        "max_window_layers", "quantization_config", "text_config", "vision_config", "language_config", "llm_config",
        "output_router_logits", "router_aux_loss_coef", "gradient_checkpointing", "task_specific_params", "id2label",
        "label2id", "problem_type", "_attn_implementation", "attn_implementation", "use_bfloat16", "torchscript",
        "return_dict", "output_attentions", "output_hidden_states", "unsloth_version", "unsloth_fixed",
    ])

    /// The activation under one name each.
    @Sendable private static func activation(_ config: LanguageConfig) -> String? {
        guard let name = config["hidden_activation"]?.string ?? config.text(activations) else { return nil }
        // Readers of Gemma take the approximate one whatever is written.
        if name == "gelu", config.modelType?.hasPrefix("gemma") == true { return "gelu_tanh" }
        return switch name {
        case "swish", "silu": "silu"
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_tanh", "gelu_python_tanh": "gelu_tanh"
        default: name
        }
    }

    /// The width of a head; nil where keys and values go through a latent space, because other keys have it there.
    @Sendable private static func headSize(_ config: LanguageConfig) -> String? {
        guard config.text(["kv_lora_rank"]) == nil else { return nil }
        if let size = config.text(["head_dim"]) { return size }
        guard let width = config.text(widths).flatMap(Int.init), let count = config.text(heads).flatMap(Int.init),
            count > 0
        else { return nil }
        return "\(width / count)"
    }

    /// Whether a model type is that of another with a tower beside it: `qwen2_5_vl` beside `qwen2`, `gemma3_text` beside `gemma3`,
    /// `mllama_text_model` beside `llama`.
    static func areKin(_ a: String, _ b: String) -> Bool {
        let towers: Set<Substring> = ["vl", "v", "text", "vision", "omni", "audio", "thinker", "model"]
        func bare(_ type: String) -> [Substring] {
            var parts = type.split(separator: "_")
            while let last = parts.last, towers.contains(last) { parts.removeLast() }
            if parts.first == "mllama" { parts[0] = "llama" }
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
