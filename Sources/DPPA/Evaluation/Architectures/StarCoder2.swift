extension Family {
    /// StarCoder 2: layer norms, biases everywhere, an MLP without a gate.
    static let starCoder2 = Family("starcoder2", "StarCoder 2") { config, _ in
        let decoder = try StandardDecoder(config, epsilon: config.positive("norm_epsilon") ?? 1e-5, norms: .layer)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let activation = try config.activation("hidden_act", absent: .geluTanh)
        let window = try Windows.ofAll(config, layers: decoder.layerCount)
        let bias = try config.flag("use_bias") ?? true
        let (width, hidden) = (decoder.width, decoder.hiddenWidth)
        return decoder.architecture { layer in
            var attention = decoder.attention(layer, rotary: rotary, hasBias: bias, hasOutputBias: bias)
            attention.window = window
            let module = decoder.layer(layer) + "mlp."
            let feedForward = FeedForward(
                up: Linear(module + "c_fc", outputs: hidden, inputs: width, hasBias: bias),
                down: Linear(module + "c_proj", outputs: width, inputs: hidden, hasBias: bias), activation: activation)
            return decoder.block(layer, attention, feedForward)
        }
    }
}
