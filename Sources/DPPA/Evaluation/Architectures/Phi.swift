extension Family {
    /// Phi 3 and what is built like it: LLaMA with queries, keys and values in one tensor, gate and up in another.
    static let phi3 = Family("phi3", "Phi 3") { config, _ in
        let decoder = try StandardDecoder(config, epsilon: 1e-5)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth, isPartial: true)
        let activation = try config.activation("hidden_act", absent: .silu)
        let window = try Windows.ofAll(config, layers: decoder.layerCount)
        let (width, hidden) = (decoder.width, decoder.hiddenWidth)
        return decoder.architecture { layer in
            var attention = decoder.fusedAttention(layer, rotary: rotary)
            attention.window = window
            let module = decoder.layer(layer) + "mlp."
            let both = Linear(module + "gate_up_proj", outputs: 2 * hidden, inputs: width)
            let feedForward = FeedForward(
                gate: both.part(0..<hidden), up: both.part(hidden..<2 * hidden),
                down: Linear(module + "down_proj", outputs: width, inputs: hidden), activation: activation)
            return decoder.block(layer, attention, feedForward)
        }
    }
}
