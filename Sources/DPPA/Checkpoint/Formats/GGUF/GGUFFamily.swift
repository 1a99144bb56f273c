import DPPASupport

/// What an architecture of GGUF files is called in transformers: the model's type, and the names of its tensors.
///
/// Source: `gguf/tensor_mapping.py` and `convert_hf_to_gguf.py` of llama.cpp.
struct GGUFFamily: Sendable {
    /// The experts of a mixture: where they are, and what their three matrices are called.
    struct Experts: Sendable {
        var site: String
        var gate = "gate_proj"
        var up = "up_proj"
        var down = "down_proj"
    }

    /// `model_type` and the class of config.json.
    var modelType: String
    var className: String
    /// The modules of a block, `attn_q` to `self_attn.q_proj`.
    var modules: [String: String]
    var experts: Experts?
    /// Whether rows of query and key heads are in another order (`HeadRowsSource`).
    var hasPairedRows = false
    /// Whether 1 is added to the weights of norms.
    var hasShiftedNorms = false

    /// The names of architectures that are read.
    static let architectures = [
        "gemma", "gemma2", "gemma3", "llama", "phi3", "qwen2", "qwen2moe", "qwen3", "qwen3moe",
    ]

    /// The family of an architecture; nil for one that is not read.
    ///
    /// What it is called may depend on the rest of the metadata.
    init?(_ architecture: String, _ metadata: GGUFMetadata) {
        var modules = Self.attention.merging(Self.feedForward) { $1 }
        switch architecture {
        case "llama":
            let isMixture = metadata.has("expert_count") && (try? metadata.integer("expert_count")) != 0
            let isMistral = !isMixture && (metadata.isCalled("mistral") || metadata.has("attention.sliding_window"))
            if isMixture { modules["ffn_gate_inp"] = "block_sparse_moe.gate" }
            self.init(
                modelType: isMixture ? "mixtral" : isMistral ? "mistral" : "llama",
                className: (isMixture ? "Mixtral" : isMistral ? "Mistral" : "Llama") + Self.suffix, modules: modules,
                experts: isMixture
                    ? Experts(site: "block_sparse_moe.experts", gate: "w1", up: "w3", down: "w2") : nil,
                hasPairedRows: true)
        case "qwen2": self.init(modelType: "qwen2", className: "Qwen2" + Self.suffix, modules: modules)
        case "qwen3":
            modules.merge(Self.headNorms) { $1 }
            self.init(modelType: "qwen3", className: "Qwen3" + Self.suffix, modules: modules)
        case "qwen2moe":
            modules.merge(Self.mixture) { $1 }
            modules.merge(Self.sharedExpert) { $1 }
            self.init(
                modelType: "qwen2_moe", className: "Qwen2Moe" + Self.suffix, modules: modules,
                experts: Experts(site: "mlp.experts"))
        case "qwen3moe":
            modules.merge(Self.mixture) { $1 }
            modules.merge(Self.headNorms) { $1 }
            self.init(
                modelType: "qwen3_moe", className: "Qwen3Moe" + Self.suffix, modules: modules,
                experts: Experts(site: "mlp.experts"))
        case "gemma":
            self.init(modelType: "gemma", className: "Gemma" + Self.suffix, modules: modules, hasShiftedNorms: true)
        case "gemma2", "gemma3":
            modules.merge(Self.outerNorms) { $1 }
            if architecture == "gemma3" { modules.merge(Self.headNorms) { $1 } }
            self.init(
                modelType: architecture == "gemma3" ? "gemma3_text" : architecture,
                className: (architecture == "gemma3" ? "Gemma3" : "Gemma2") + Self.suffix, modules: modules,
                hasShiftedNorms: true)
        case "phi3":
            self.init(
                modelType: "phi3", className: "Phi3" + Self.suffix,
                modules: [
                    "attn_norm": "input_layernorm", "attn_qkv": "self_attn.qkv_proj",
                    "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
                    "ffn_up": "mlp.gate_up_proj", "ffn_down": "mlp.down_proj",
                ])
        default: return nil
        }
    }

    private init(
        modelType: String, className: String, modules: [String: String], experts: Experts? = nil,
        hasPairedRows: Bool = false, hasShiftedNorms: Bool = false
    ) {
        (self.modelType, self.className, self.modules) = (modelType, className, modules)
        (self.experts, self.hasPairedRows, self.hasShiftedNorms) = (experts, hasPairedRows, hasShiftedNorms)
    }

    private static let suffix = "ForCausalLM"
    private static let attention = [
        "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    ]
    private static let feedForward = [
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    ]
    private static let headNorms = ["attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"]
    private static let outerNorms = [
        "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    ]
    private static let mixture = ["ffn_gate_inp": "mlp.gate"]
    private static let sharedExpert = [
        "ffn_gate_shexp": "mlp.shared_expert.gate_proj", "ffn_up_shexp": "mlp.shared_expert.up_proj",
        "ffn_down_shexp": "mlp.shared_expert.down_proj", "ffn_gate_inp_shexp": "mlp.shared_expert_gate",
    ]

    /// Tensors outside every block.
    static let outer = [
        "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    ]

    /// Tensors of rotary factors, which `GGUFRope` reads: of LLaMA 3, and of Phi 3 for long texts and for short ones.
    static let factors = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"]

    /// Whether a tensor is computed from the metadata, or from config.json: rotary frequencies and factors.
    static func isDerived(_ name: String) -> Bool {
        factors.contains(name) || name.hasSuffix(".attn_rot_embd.weight")
    }
}
