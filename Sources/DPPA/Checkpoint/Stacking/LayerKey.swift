import DPPASupport

/// A key of config.json that says something of single layers, and how it says it.
struct LayerKey: Sendable {
    enum Form: Sendable {
        /// A value for each layer, as a list; an empty list says nothing.
        case list
        /// A letter for each layer.
        case letters
        /// The numbers of the layers that it holds for; other layers are not in the list.
        case members
        /// It holds for the layers before this number.
        case prefix
        /// It holds for every layer i with (i + shift) mod number = 0; a key may hold what is added to i.
        case period(shift: Int, offset: String? = nil)
        /// It means layers in a way of its own.
        case unknown
    }

    let name: String
    let form: Form
    /// Another key: where that says something, this one says nothing.
    let overruledBy: String?

    init(_ name: String, _ form: Form, overruledBy: String? = nil) {
        (self.name, self.form, self.overruledBy) = (name, form, overruledBy)
    }

    /// The keys of the families that transformers has.
    static let all: [LayerKey] =
        [
            "layer_types", "mlp_layer_types", "no_rope_layers", "attn_type_list", "layers_block_type", "block_configs",
            "attention_layers", "num_query_heads", "ffn_multipliers", "activation_sparsity_pattern",
        ].map { LayerKey($0, .list) }
        + ["mlp_only_layers", "moe_layers", "attn_layer_indices", "full_attn_idxs", "cross_attention_layers"]
        .map { LayerKey($0, .members) } + [
            LayerKey("hybrid_override_pattern", .letters),
            LayerKey("first_k_dense_replace", .prefix, overruledBy: "mlp_layer_types"),
            LayerKey("max_window_layers", .prefix, overruledBy: "layer_types"),
            LayerKey("sliding_window_pattern", .period(shift: 1), overruledBy: "layer_types"),
            LayerKey("_sliding_window_pattern", .period(shift: 1), overruledBy: "layer_types"),
            LayerKey("full_attention_interval", .period(shift: 1), overruledBy: "layer_types"),
            LayerKey("no_rope_layer_interval", .period(shift: 1), overruledBy: "no_rope_layers"),
            LayerKey("interleave_moe_layer_step", .period(shift: 1), overruledBy: "moe_layers"),
            LayerKey("decoder_sparse_step", .period(shift: 1)),
            LayerKey("dense_attention_every_n_layers", .period(shift: 1)),
            LayerKey("global_attn_every_n_layers", .period(shift: 0)),
            LayerKey("moe_layer_freq", .period(shift: 0)), LayerKey("moe_layer_frequency", .period(shift: 1)),
            LayerKey("attn_layer_period", .period(shift: 0, offset: "attn_layer_offset")),
            LayerKey("expert_layer_period", .period(shift: 0, offset: "expert_layer_offset")),
        ]
        + [
            "attention_types", "block_types", "hybrid_layer_ids", "linear_attn_config", "moe_layers_enum",
            "moe_layer_start_index", "moe_layer_end_index", "moe_layer_interval", "num_kv_shared_layers",
            "num_nextn_predict_layers",
        ].map { LayerKey($0, .unknown) }

    /// Periods that a family has where config.json does not name them.
    static let implied: [String: [String: Int]] = [
        "gemma2": ["sliding_window_pattern": 2], "gemma3": ["sliding_window_pattern": 6],
        "gemma3_text": ["sliding_window_pattern": 6], "cohere2": ["sliding_window_pattern": 4],
        "exaone4": ["sliding_window_pattern": 4], "olmo3": ["sliding_window_pattern": 4],
        "gpt_oss": ["sliding_window_pattern": 2], "smollm3": ["no_rope_layer_interval": 4],
        "llama4": ["no_rope_layer_interval": 4], "llama4_text": ["no_rope_layer_interval": 4],
    ]

    /// Lists that say nothing of layers, of whatever length.
    static let others: Set<String> = [
        "architectures", "eos_token_id", "bos_token_id", "pad_token_id", "suppress_tokens", "begin_suppress_tokens",
        "bad_words_ids", "mrope_section", "keys_to_ignore_at_inference", "pruned_heads", "id2label", "label2id",
        "sub_configs",
    ]
}

/// What the keys of one model's config.json say of each of its layers.
struct LayerFacts {
    let count: Int
    private let config: JSONObject
    private let type: String?
    private let title: String

    init(_ config: JSONObject, count: Int, title: String) {
        (self.config, self.count, self.title) = (config, count, title)
        type = config["model_type"]?.string
    }

    /// The value of a key, if it says something: what is written, or what the family takes.
    func value(_ key: LayerKey) -> JSONValue? {
        if let other = key.overruledBy, says(other) { return nil }
        switch key.name {
        case "max_window_layers": guard config["use_sliding_window"]?.bool == true else { return nil }
        // Families that take a window without a pattern see every layer alike.
        case "sliding_window_pattern": if config["sliding_window"].map(\.isNull) ?? false { return nil }
        default: break
        }
        if says(key.name) {
            // One value for all layers says nothing of single ones.
            if case .list = key.form, config[key.name]?.array == nil { return nil }
            return config[key.name]
        }
        return type.flatMap { LayerKey.implied[$0]?[key.name] }.map { .integer($0) }
    }

    private func says(_ name: String) -> Bool {
        switch config[name] {
        case nil, .null?, .bool(false)?: false
        case .array(let values)?: !values.isEmpty
        case .integer(0)?: name == "first_k_dense_replace"
        default: true
        }
    }

    /// What a key says of each layer, as text that can be compared; nil where it says nothing.
    ///
    /// Throws `data` when the key is not as it should be.
    func each(_ key: LayerKey) throws -> [String]? {
        guard let value = value(key) else { return nil }
        let layers = 0..<count
        switch (key.form, value) {
        case (.list, .array(let values)) where values.count == count,
            (.letters, .array(let values)) where values.count == count,
            (.prefix, .array(let values)) where values.count == count,
            (.period, .array(let values)) where values.count == count:
            return values.map(\.text)
        case (.list, _): throw mistake(key, "is no list of \(count) values, one for each layer")
        case (.letters, .string(let text)):
            guard text.count == count else { throw mistake(key, "has \(text.count) letters for \(count) layers") }
            return text.map(String.init)
        case (.members, .array(let values)):
            let members = values.compactMap(\.int)
            guard members.count == values.count, members.allSatisfy({ layers.contains($0 < 0 ? $0 + count : $0) })
            else {
                throw mistake(key, "is no list of layers from 0 to \(count - 1)")
            }
            let all = Set(members.map { $0 < 0 ? $0 + count : $0 })
            return layers.map { all.contains($0) ? "true" : "false" }
        case (.prefix, _):
            guard let end = value.int else { throw mistake(key, "is no number of layers") }
            return layers.map { $0 < end ? "true" : "false" }
        case (.period(let shift, let offset), _):
            guard let period = value.int, period > 0 else { throw mistake(key, "is no number of layers") }
            let start = offset.flatMap { config[$0]?.int } ?? 0
            return layers.map { ($0 + shift - start) % period == 0 ? "true" : "false" }
        default: throw mistake(key, "says something of layers that a stack cannot carry over")
        }
    }

    private func mistake(_ key: LayerKey, _ what: String) -> DPPAError {
        DPPAError(.data, "config.json of \(title): \(key.name) \(what)")
    }

    /// Lists as long as there are layers that are not known to mean something else.
    func unknownLists() -> [String] {
        let known = Set(LayerKey.all.map(\.name)).union(LayerKey.others)
        return config.members.compactMap { name, value in
            guard !known.contains(name), count > 1, value.array?.count == count else { return nil }
            return name
        }
    }
}
