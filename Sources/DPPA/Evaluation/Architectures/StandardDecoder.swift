import DPPAKernels

/// The sizes and names that most families share, those of LLaMA's config.json and tensors: what their descriptions start
/// from.
struct StandardDecoder {
    let layerCount, width, headCount, keyHeadCount, headWidth: Int
    /// The length of the hidden activation of an MLP.
    let hiddenWidth: Int
    let vocabulary: Int
    let maximumPositions: Int?
    let isTied: Bool?
    private let normKind: Norm.Kind
    private let epsilon: Float

    /// Reads the sizes; `headWidth` and `epsilon` are what config.json leaves out.
    init(
        _ config: ConfigReader, headWidth: Int? = nil, epsilon: Float = 1e-6, norms: Norm.Kind = .rootMeanSquare
    ) throws {
        layerCount = try config.count("num_hidden_layers", limit: 100_000)
        width = try config.count("hidden_size")
        headCount = try config.count("num_attention_heads")
        keyHeadCount = try config.optionalCount("num_key_value_heads") ?? headCount
        self.headWidth = try config.optionalCount("head_dim", limit: 65_536) ?? headWidth ?? width / headCount
        hiddenWidth = try config.count("intermediate_size")
        vocabulary = try config.count("vocab_size")
        self.epsilon = try config.positive("rms_norm_eps") ?? epsilon
        maximumPositions = try config.optionalCount("max_position_embeddings")
        isTied = try config.flag("tie_word_embeddings")
        normKind = norms
        guard headCount % keyHeadCount == 0 else {
            throw config.unsupported("num_key_value_heads", "a divisor of num_attention_heads (\(headCount))")
        }
        guard self.headWidth > 0 else {
            throw config.unsupported("hidden_size", "\(headCount) or more for as many heads")
        }
        guard self.headWidth % 2 == 0, self.headWidth <= 65_536 else {
            throw config.unsupported("head_dim", "an even number to 65536")
        }
    }

    private var queryWidth: Int { headCount * headWidth }
    private var keyWidth: Int { keyHeadCount * headWidth }

    /// The names of a layer's tensors begin with this.
    func layer(_ number: Int) -> String { "model.layers.\(number)." }

    /// A norm of activations, or of heads.
    func norm(_ module: String, width: Int? = nil) -> Norm {
        Norm(kind: normKind, module: module, width: width ?? self.width, epsilon: epsilon)
    }

    /// The attention of a layer, queries, keys and values each in a tensor of their own.
    func attention(
        _ number: Int, rotary: RotaryEmbedding, hasBias: Bool = false, hasOutputBias: Bool = false,
        hasHeadNorms: Bool = false
    ) -> Attention {
        let module = layer(number) + "self_attn."
        func linear(_ name: String, _ outputs: Int) -> Linear {
            Linear(module + name, outputs: outputs, inputs: width, hasBias: hasBias)
        }
        return attention(
            number, rotary: rotary, query: linear("q_proj", queryWidth), key: linear("k_proj", keyWidth),
            value: linear("v_proj", keyWidth), hasOutputBias: hasOutputBias, hasHeadNorms: hasHeadNorms)
    }

    /// The attention of a layer, queries, keys and values one below the other in one tensor.
    func fusedAttention(_ number: Int, rotary: RotaryEmbedding) -> Attention {
        let keys = queryWidth + keyWidth
        let all = Linear(layer(number) + "self_attn.qkv_proj", outputs: keys + keyWidth, inputs: width)
        return attention(
            number, rotary: rotary, query: all.part(0..<queryWidth), key: all.part(queryWidth..<keys),
            value: all.part(keys..<keys + keyWidth), hasOutputBias: false, hasHeadNorms: false)
    }

    private func attention(
        _ number: Int, rotary: RotaryEmbedding, query: Linear, key: Linear, value: Linear, hasOutputBias: Bool,
        hasHeadNorms: Bool
    ) -> Attention {
        let module = layer(number) + "self_attn."
        return Attention(
            headCount: headCount, keyHeadCount: keyHeadCount, headWidth: headWidth, query: query, key: key,
            value: value,
            output: Linear(module + "o_proj", outputs: width, inputs: queryWidth, hasBias: hasOutputBias),
            queryNorm: hasHeadNorms ? norm(module + "q_norm", width: headWidth) : nil,
            keyNorm: hasHeadNorms ? norm(module + "k_norm", width: headWidth) : nil,
            rotary: rotary, scale: 1 / Float(headWidth).squareRoot())
    }

    /// An MLP with a gate; `names` are those of gate, up and down.
    func gated(
        _ module: String, hidden: Int? = nil, activation: ActivationFunction, hasBias: Bool = false,
        names: (gate: String, up: String, down: String) = ("gate_proj", "up_proj", "down_proj")
    ) -> FeedForward {
        let hidden = hidden ?? hiddenWidth
        return FeedForward(
            gate: Linear(module + "." + names.gate, outputs: hidden, inputs: width, hasBias: hasBias),
            up: Linear(module + "." + names.up, outputs: hidden, inputs: width, hasBias: hasBias),
            down: Linear(module + "." + names.down, outputs: width, inputs: hidden, hasBias: hasBias),
            activation: activation)
    }

    /// A block whose attention and MLP are each normalised before.
    func block(_ number: Int, _ attention: Attention, _ feedForward: any Part) -> [Branch] {
        [
            Branch(before: norm(layer(number) + "input_layernorm"), part: attention),
            Branch(before: norm(layer(number) + "post_attention_layernorm"), part: feedForward),
        ]
    }

    /// The architecture of such blocks.
    func architecture(_ block: @escaping (Int) -> [Branch]) -> Architecture {
        Architecture(
            vocabulary: vocabulary, width: width, maximumPositions: maximumPositions,
            embedding: .init(tokens: "model.embed_tokens.weight"), layerCount: layerCount, block: block,
            finalNorm: norm("model.norm"), isTied: isTied, ignoredEndings: ["rotary_emb.inv_freq"])
    }
}
