extension Family {
    /// Mistral: LLaMA with attention that slides in every layer.
    static let mistral = Family("mistral", "Mistral") { config, _ in
        let decoder = try StandardDecoder(config)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let activation = try config.activation("hidden_act", absent: .silu)
        let window = try Windows.ofAll(config, layers: decoder.layerCount, absent: 4096)
        return decoder.architecture { layer in
            var attention = decoder.attention(layer, rotary: rotary)
            attention.window = window
            return decoder.block(
                layer, attention, decoder.gated(decoder.layer(layer) + "mlp", activation: activation))
        }
    }
}
