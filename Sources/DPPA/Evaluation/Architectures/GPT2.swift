extension Family {
    /// GPT-2: learned positions, layer norms, linears with biases and stored as [inputs, outputs], no gate.
    static let gpt2 = Family("gpt2", "GPT-2") { config, hasTensor in
        let sizes = try GPT2Sizes(config)
        let activation = try config.activation("activation_function", absent: .geluTanh)
        let isScaled = try config.flag("scale_attn_weights") ?? true
        let isScaledByLayer = try config.flag("scale_attn_by_inverse_layer_idx") ?? false
        try config.requireOff("add_cross_attention")
        // A base model is saved without the prefix.
        let prefix = hasTensor("wte.weight") ? "" : "transformer."
        return Architecture(
            vocabulary: sizes.vocabulary, width: sizes.width, maximumPositions: sizes.positions,
            embedding: .init(
                tokens: prefix + "wte.weight",
                positions: ExpectedTensor(name: prefix + "wpe.weight", shape: [sizes.positions, sizes.width])),
            layerCount: sizes.layers,
            block: { layer in
                let module = "\(prefix)h.\(layer)."
                let scale = isScaled ? 1 / Float(sizes.width / sizes.heads).squareRoot() : 1
                return [
                    Branch(
                        before: sizes.norm(module + "ln_1"),
                        part: sizes.attention(
                            module + "attn.", scale: isScaledByLayer ? scale / Float(layer + 1) : scale)),
                    Branch(
                        before: sizes.norm(module + "ln_2"),
                        part: FeedForward(
                            up: sizes.linear(module + "mlp.c_fc", sizes.hidden, sizes.width),
                            down: sizes.linear(module + "mlp.c_proj", sizes.width, sizes.hidden),
                            activation: activation)),
                ]
            },
            finalNorm: sizes.norm(prefix + "ln_f"), isTied: try config.flag("tie_word_embeddings"),
            // The causal mask, which old files hold.
            ignoredEndings: [".attn.bias", ".attn.masked_bias"])
    }
}

/// The sizes of a GPT-2, and its parts.
private struct GPT2Sizes {
    let layers, width, heads, hidden, positions, vocabulary: Int
    private let epsilon: Float

    init(_ config: ConfigReader) throws {
        layers = try config.count("n_layer", limit: 100_000)
        width = try config.count("n_embd")
        heads = try config.count("n_head")
        hidden = try config.optionalCount("n_inner") ?? 4 * width
        positions = try config.count("n_positions")
        vocabulary = try config.count("vocab_size")
        epsilon = try config.positive("layer_norm_epsilon") ?? 1e-5
        guard width % heads == 0 else { throw config.unsupported("n_head", "a divisor of n_embd (\(width))") }
    }

    func norm(_ module: String) -> Norm { Norm(kind: .layer, module: module, width: width, epsilon: epsilon) }

    func linear(_ module: String, _ outputs: Int, _ inputs: Int) -> Linear {
        Linear(module, outputs: outputs, inputs: inputs, hasBias: true, isTransposed: true)
    }

    /// Attention whose queries, keys and values are one linear.
    func attention(_ module: String, scale: Float) -> Attention {
        let all = linear(module + "c_attn", 3 * width, width)
        return Attention(
            headCount: heads, keyHeadCount: heads, headWidth: width / heads, query: all.part(0..<width),
            key: all.part(width..<2 * width), value: all.part(2 * width..<3 * width),
            output: linear(module + "c_proj", width, width), scale: scale)
    }
}
