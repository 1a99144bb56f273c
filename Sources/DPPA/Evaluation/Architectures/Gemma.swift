import DPPAKernels

extension Family {
    /// Gemma 1: norms whose weights count from 1, embeddings times √width, GeGLU.
    static let gemma = Family("gemma", "Gemma") { config, _ in
        let decoder = try StandardDecoder(config, headWidth: 256, norms: .rootMeanSquareFromOne)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        // Its oldest files say gelu where tanh's approximation is meant.
        let isOldName = try config.text("hidden_act") == "gelu"
        let activation = isOldName ? .geluTanh : try config.activation("hidden_act", absent: .geluTanh)
        let bias = try config.flag("attention_bias") ?? false
        try config.requireOff("use_bidirectional_attention")
        return decoder.gemma { layer in
            decoder.block(
                layer, decoder.attention(layer, rotary: rotary, hasBias: bias, hasOutputBias: bias),
                decoder.gated(decoder.layer(layer) + "mlp", activation: activation))
        }
    }

    /// Gemma 2: norms before and after each part, bounded scores and logits, every other layer's attention slides.
    static let gemma2 = Family("gemma2", "Gemma 2") { config, _ in
        let decoder = try StandardDecoder(config, headWidth: 256, norms: .rootMeanSquareFromOne)
        let rotary = try RotaryEmbedding(config, headWidth: decoder.headWidth)
        let attention = try GemmaAttention(config, decoder, softCap: 50) { $0 % 2 == 0 }
        let activation = try config.activation("hidden_activation", absent: .geluTanh)
        var architecture = decoder.gemma { layer in
            decoder.gemmaBlock(layer, attention.layer(layer, rotary), activation)
        }
        architecture.softCap = try config.positive("final_logit_softcapping", absent: 30)
        return architecture
    }

    /// Gemma 3's text models: Gemma 2 with norms of queries and keys, and with angles of their own in layers that slide.
    static let gemma3 = Family("gemma3_text", "Gemma 3 (text)") { config, _ in
        let decoder = try StandardDecoder(config, headWidth: 256, norms: .rootMeanSquareFromOne)
        let rotary = try gemmaRotaries(config, width: decoder.headWidth)
        let pattern = try config.optionalCount("sliding_window_pattern") ?? 6
        let attention = try GemmaAttention(config, decoder, softCap: nil, hasHeadNorms: true) {
            ($0 + 1) % pattern != 0
        }
        let activation = try config.activation("hidden_activation", absent: .geluTanh)
        var architecture = decoder.gemma { layer in
            let turned = attention.windows.slides(layer) ? rotary.sliding : rotary.full
            return decoder.gemmaBlock(layer, attention.layer(layer, turned), activation)
        }
        architecture.softCap = try config.positive("final_logit_softcapping")
        return architecture
    }

    /// The rotary embeddings of Gemma 3's two kinds of layers; `rope_theta` and `rope_scaling` are those of full attention.
    private static func gemmaRotaries(
        _ config: ConfigReader, width: Int
    ) throws -> (full: RotaryEmbedding, sliding: RotaryEmbedding) {
        let both = try config.object("rope_parameters")
        try both?.requireKeys(["full_attention", "sliding_attention"])
        func rotary(_ scaling: ConfigReader?, _ key: String, absent: Double) throws -> RotaryEmbedding {
            _ = (try scaling?.positive("rope_theta"), try config.positive(key))
            let theta = try scaling?.number("rope_theta") ?? config.number(key) ?? absent
            return try RotaryEmbedding(scaling, theta: theta, width: width)
        }
        return (
            try rotary(
                try both?.object("full_attention") ?? config.object("rope_scaling"), "rope_theta", absent: 1_000_000),
            try rotary(try both?.object("sliding_attention"), "rope_local_base_freq", absent: 10_000)
        )
    }
}

/// What the attentions of Gemma 2 and 3 have in common.
private struct GemmaAttention {
    let windows: Windows
    private let decoder: StandardDecoder
    private let scale: Float
    private let softCap: Float?
    private let hasBias, hasHeadNorms: Bool

    /// Reads the keys; `softCap` is the bound where config.json does not mention one, `slides` says which layers slide where
    /// it has no `layer_types`.
    init(
        _ config: ConfigReader, _ decoder: StandardDecoder, softCap: Float?, hasHeadNorms: Bool = false,
        slides: (Int) -> Bool
    ) throws {
        self.decoder = decoder
        self.hasHeadNorms = hasHeadNorms
        windows = try Windows(config, layers: decoder.layerCount, absent: 4096, rule: slides)
        scale = 1 / (try config.positive("query_pre_attn_scalar") ?? 256).squareRoot()
        self.softCap = try config.positive("attn_logit_softcapping", absent: softCap)
        hasBias = try config.flag("attention_bias") ?? false
        try config.requireOff("use_bidirectional_attention")
    }

    /// The attention of a layer.
    func layer(_ number: Int, _ rotary: RotaryEmbedding) -> Attention {
        var attention = decoder.attention(
            number, rotary: rotary, hasBias: hasBias, hasOutputBias: hasBias, hasHeadNorms: hasHeadNorms)
        attention.window = windows[number]
        attention.scale = scale
        attention.softCap = softCap
        return attention
    }
}

extension StandardDecoder {
    /// A block with a norm before and after its attention and its MLP.
    fileprivate func gemmaBlock(
        _ number: Int, _ attention: Attention, _ activation: ActivationFunction
    ) -> [Branch] {
        let name = layer(number)
        return [
            Branch(
                before: norm(name + "input_layernorm"), part: attention,
                after: norm(name + "post_attention_layernorm")),
            Branch(
                before: norm(name + "pre_feedforward_layernorm"),
                part: gated(name + "mlp", activation: activation),
                after: norm(name + "post_feedforward_layernorm")),
        ]
    }

    /// The architecture of blocks behind an embedding times √width, in float32 as a model loaded in float32 has it.
    fileprivate func gemma(_ block: @escaping (Int) -> [Branch]) -> Architecture {
        var architecture = architecture(block)
        architecture.embedding.scale = Float(width).squareRoot()
        return architecture
    }
}
