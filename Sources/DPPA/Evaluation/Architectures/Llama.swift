extension Family {
    /// LLaMA 1–3 and what is built like it.
    static let llama = Family("llama", "LLaMA 1–3, SmolLM") { config, _ in
        let decoder = try StandardDecoder(config)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let activation = try config.activation("hidden_act", absent: .silu)
        let attentionBias = try config.flag("attention_bias") ?? false
        let bias = try config.flag("mlp_bias") ?? false
        _ = try config.layerTypes("layer_types", layers: decoder.layerCount, among: ["full_attention"])
        return decoder.architecture { layer in
            decoder.block(
                layer,
                decoder.attention(layer, rotary: rotary, hasBias: attentionBias, hasOutputBias: attentionBias),
                decoder.gated(decoder.layer(layer) + "mlp", activation: activation, hasBias: bias))
        }
    }
}
