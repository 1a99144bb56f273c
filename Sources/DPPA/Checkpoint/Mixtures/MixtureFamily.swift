/// A family of mixtures that dense models can be made into: of which types they are, and what its tensors are called.
///
/// Names are those on the disk, which transformers 4 and 5 read, also where the latter stack experts in memory.
package enum MixtureFamily: String, CaseIterable, Sendable {
    case mixtral
    case qwen2Mixture = "qwen2_moe"
    case qwen3Mixture = "qwen3_moe"

    /// What people call it.
    package var title: String {
        switch self {
        case .mixtral: "Mixtral"
        case .qwen2Mixture: "Qwen2-MoE"
        case .qwen3Mixture: "Qwen3-MoE"
        }
    }

    /// The class of transformers.
    var architecture: String {
        switch self {
        case .mixtral: "MixtralForCausalLM"
        case .qwen2Mixture: "Qwen2MoeForCausalLM"
        case .qwen3Mixture: "Qwen3MoeForCausalLM"
        }
    }

    /// The types of the dense models whose attention it has.
    package var types: [String] {
        switch self {
        case .mixtral: ["llama", "mistral"]
        case .qwen2Mixture: ["qwen2", "llama", "mistral"]
        case .qwen3Mixture: ["qwen3"]
        }
    }

    /// Whether one more expert gets every token.
    package var hasSharedExpert: Bool { self == .qwen2Mixture }

    /// The family that a dense model of a type is made into; nil where there is none.
    package static func of(_ type: String, hasShared: Bool) -> MixtureFamily? {
        allCases.first { $0.types.contains(type) && $0.hasSharedExpert == hasShared }
    }

    /// What a router and its experts are called in a layer: `model.layers.0.mlp`.
    func module(_ layer: Int) -> String {
        "model.layers.\(layer)." + (self == .mixtral ? "block_sparse_moe" : "mlp")
    }

    /// The matrices of a dense MLP, and what they are called in an expert.
    var matrices: [(dense: String, own: String)] {
        let dense = ["gate_proj", "up_proj", "down_proj"]
        return Array(zip(dense, self == .mixtral ? ["w1", "w3", "w2"] : dense))
    }

    /// The endings of what a layer has besides its MLP; a bias that a model lacks is 0.
    var layerEndings: Set<String> {
        let weights = ["q_proj", "k_proj", "v_proj", "o_proj"].map { "self_attn.\($0).weight" }
        let norms = ["input_layernorm.weight", "post_attention_layernorm.weight"]
        return Set(weights + norms + biases + optional)
    }

    /// The biases that every layer has.
    var biases: [String] {
        self == .qwen2Mixture ? ["q_proj", "k_proj", "v_proj"].map { "self_attn.\($0).bias" } : []
    }

    private var optional: [String] {
        guard self == .qwen3Mixture else { return [] }
        return ["q_norm", "k_norm"].map { "self_attn.\($0).weight" }
            + ["q_proj", "k_proj", "v_proj", "o_proj"].map { "self_attn.\($0).bias" }
    }
}
