extension Family {
    /// Qwen 3's mixtures of experts: Qwen 3 with a mixture in the layers that `decoder_sparse_step` and `mlp_only_layers`
    /// leave to it.
    static let qwen3Mixture = Family("qwen3_moe", "Qwen 3 MoE") { config, _ in
        let decoder = try StandardDecoder(config)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let activation = try config.activation("hidden_act", absent: .silu)
        let bias = try config.flag("attention_bias") ?? false
        // Which layers would slide differs between the versions of transformers.
        try config.requireOff("use_sliding_window")
        let (experts, active) = try config.experts(absent: 128, active: 8)
        let hidden = try config.optionalCount("moe_intermediate_size") ?? 768
        let isNormalized = try config.flag("norm_topk_prob") ?? false
        let step = try config.optionalCount("decoder_sparse_step") ?? 1
        let dense = Set(try config.indices("mlp_only_layers") ?? [])
        return decoder.architecture { layer in
            let attention = decoder.attention(
                layer, rotary: rotary, hasBias: bias, hasOutputBias: bias, hasHeadNorms: true)
            let module = decoder.layer(layer) + "mlp"
            guard !dense.contains(layer), (layer + 1) % step == 0 else {
                return decoder.block(layer, attention, decoder.gated(module, activation: activation))
            }
            let mixture = Mixture(
                router: Linear(module + ".gate", outputs: experts, inputs: decoder.width),
                experts: (0..<experts).map { expert in
                    decoder.gated("\(module).experts.\(expert)", hidden: hidden, activation: activation)
                },
                active: active, isNormalized: isNormalized)
            return decoder.block(layer, attention, mixture)
        }
    }
}
