extension Family {
    /// Qwen 2 and 2.5: LLaMA with biases of queries, keys and values.
    static let qwen2 = Family("qwen2", "Qwen 2") { config, _ in
        let decoder = try StandardDecoder(config)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let activation = try config.activation("hidden_act", absent: .silu)
        let windows = try qwenWindows(config, layers: decoder.layerCount)
        return decoder.architecture { layer in
            var attention = decoder.attention(layer, rotary: rotary, hasBias: true)
            attention.window = windows?[layer]
            return decoder.block(
                layer, attention, decoder.gated(decoder.layer(layer) + "mlp", activation: activation))
        }
    }

    /// Qwen 3: LLaMA with norms of queries and keys.
    static let qwen3 = Family("qwen3", "Qwen 3") { config, _ in
        let decoder = try StandardDecoder(config, headWidth: 128)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let activation = try config.activation("hidden_act", absent: .silu)
        let bias = try config.flag("attention_bias") ?? false
        let windows = try qwenWindows(config, layers: decoder.layerCount)
        return decoder.architecture { layer in
            var attention = decoder.attention(
                layer, rotary: rotary, hasBias: bias, hasOutputBias: bias, hasHeadNorms: true)
            attention.window = windows?[layer]
            return decoder.block(
                layer, attention, decoder.gated(decoder.layer(layer) + "mlp", activation: activation))
        }
    }

    /// Attention slides in the upper layers, and only when it is switched on; nil if it is off.
    private static func qwenWindows(_ config: ConfigReader, layers: Int) throws -> Windows? {
        guard try config.flag("use_sliding_window") ?? false else {
            _ = try config.layerTypes("layer_types", layers: layers, among: ["full_attention"])
            return nil
        }
        let first = try config.optionalCount("max_window_layers", absent: 28) ?? layers
        return try Windows(config, layers: layers, absent: 4096) { $0 >= first }
    }
}
