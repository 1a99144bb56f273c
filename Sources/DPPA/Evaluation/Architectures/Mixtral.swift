extension Family {
    /// Mixtral: Mistral with a mixture of experts in every layer.
    static let mixtral = Family("mixtral", "Mixtral") { config, hasTensor in
        let decoder = try StandardDecoder(config, epsilon: 1e-5)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth, theta: 1_000_000)
        let activation = try config.activation("hidden_act", absent: .silu)
        let window = try Windows.ofAll(config, layers: decoder.layerCount)
        let (experts, active) = try config.experts(absent: 8, active: 2)
        // What later versions of transformers call them in memory, and some programs on the disk.
        let isRenamed = hasTensor(decoder.layer(0) + "mlp.gate.weight")
        return decoder.architecture { layer in
            var attention = decoder.attention(layer, rotary: rotary)
            attention.window = window
            let module = decoder.layer(layer) + (isRenamed ? "mlp" : "block_sparse_moe")
            let mixture = Mixture(
                router: Linear(module + ".gate", outputs: experts, inputs: decoder.width),
                experts: (0..<experts).map { expert in
                    decoder.gated(
                        "\(module).experts.\(expert)", activation: activation,
                        names: isRenamed ? ("gate_proj", "up_proj", "down_proj") : ("w1", "w3", "w2"))
                },
                active: active, isNormalized: true)
            return decoder.block(layer, attention, mixture)
        }
    }
}
