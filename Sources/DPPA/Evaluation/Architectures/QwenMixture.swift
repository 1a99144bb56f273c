import DPPAKernels

extension Family {
    /// Qwen 1.5's and 2's mixtures of experts: Qwen 2 with a mixture, and an expert that every token goes to, in the layers that
    /// `decoder_sparse_step` and `mlp_only_layers` leave to it.
    static let qwen2Mixture = Family("qwen2_moe", "Qwen 2 MoE") { config, _ in
        let decoder = try StandardDecoder(config)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let layers = try MixtureLayers(config, experts: 60, active: 4, hidden: 1408)
        let bias = try config.flag("qkv_bias") ?? true
        // Which layers would slide differs between the versions of transformers.
        try config.requireOff("use_sliding_window")
        let shared = try config.optionalCount("shared_expert_intermediate_size") ?? 5632
        return decoder.architecture { layer in
            let attention = decoder.attention(layer, rotary: rotary, hasBias: bias)
            let module = decoder.layer(layer) + "mlp"
            guard var mixture = layers.mixture(decoder, layer) else {
                return decoder.block(layer, attention, decoder.gated(module, activation: layers.activation))
            }
            mixture.shared = (
                decoder.gated(module + ".shared_expert", hidden: shared, activation: layers.activation),
                Linear(module + ".shared_expert_gate", outputs: 1, inputs: decoder.width)
            )
            return decoder.block(layer, attention, mixture)
        }
    }

    /// Qwen 3's mixtures of experts: Qwen 3 with a mixture in the layers that `decoder_sparse_step` and `mlp_only_layers`
    /// leave to it.
    static let qwen3Mixture = Family("qwen3_moe", "Qwen 3 MoE") { config, _ in
        let decoder = try StandardDecoder(config)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let layers = try MixtureLayers(config, experts: 128, active: 8, hidden: 768)
        let bias = try config.flag("attention_bias") ?? false
        // Which layers would slide differs between the versions of transformers.
        try config.requireOff("use_sliding_window")
        return decoder.architecture { layer in
            let attention = decoder.attention(
                layer, rotary: rotary, hasBias: bias, hasOutputBias: bias, hasHeadNorms: true)
            guard let mixture = layers.mixture(decoder, layer) else {
                let dense = decoder.gated(decoder.layer(layer) + "mlp", activation: layers.activation)
                return decoder.block(layer, attention, dense)
            }
            return decoder.block(layer, attention, mixture)
        }
    }
}

/// What Qwen's mixtures have in common: which layers are mixtures, and of what.
private struct MixtureLayers: Sendable {
    let activation: ActivationFunction
    private let experts, active, hidden, step: Int
    private let isNormalized: Bool
    private let dense: Set<Int>

    /// Reads the sizes; the numbers are what config.json leaves out.
    init(_ config: ConfigReader, experts: Int, active: Int, hidden: Int) throws {
        activation = try config.activation("hidden_act", absent: .silu)
        (self.experts, self.active) = try config.experts(absent: experts, active: active)
        self.hidden = try config.optionalCount("moe_intermediate_size") ?? hidden
        isNormalized = try config.flag("norm_topk_prob") ?? false
        step = try config.optionalCount("decoder_sparse_step") ?? 1
        dense = Set(try config.indices("mlp_only_layers") ?? [])
    }

    /// The mixture of a layer; nil of a dense one.
    func mixture(_ decoder: StandardDecoder, _ layer: Int) -> Mixture? {
        guard !dense.contains(layer), (layer + 1) % step == 0 else { return nil }
        let module = decoder.layer(layer) + "mlp"
        return Mixture(
            router: Linear(module + ".gate", outputs: experts, inputs: decoder.width),
            experts: (0..<experts).map { expert in
                decoder.gated("\(module).experts.\(expert)", hidden: hidden, activation: activation)
            },
            active: active, isNormalized: isNormalized)
    }
}
