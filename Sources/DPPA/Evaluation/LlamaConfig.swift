import DPPACheckpoint
import DPPASupport
import Foundation

/// What config.json says of a model of the LLaMA family: LLaMA 1–3, Mistral, Qwen2, Qwen3, SmolLM.
struct LlamaConfig: Sendable {
    /// The number of blocks.
    let layerCount: Int
    /// The length of a token's activation.
    let width: Int
    /// How many query heads a block has.
    let headCount: Int
    /// How many key and value heads a block has; each serves headCount / keyHeadCount query heads.
    let keyHeadCount: Int
    /// The length of a head's vectors.
    let headWidth: Int
    /// The length of the hidden activation of the MLP.
    let hiddenWidth: Int
    /// How many tokens there are.
    let vocabulary: Int
    /// What is added to the mean square in RMSNorm.
    let epsilon: Float
    /// The most tokens of a sequence; nil if config.json does not say.
    let maximumPositions: Int?
    /// Whether the head is the embedding; nil if config.json does not say.
    let isTied: Bool?
    /// The rotary embedding.
    let rotary: RotaryEmbedding
    /// How far back each layer's attention reaches, the position itself included; nil for all the way.
    let windows: [Int?]

    var queryWidth: Int { headCount * headWidth }
    var keyWidth: Int { keyHeadCount * headWidth }

    private static let families = ["llama", "mistral", "qwen2", "qwen3"]

    /// Reads the text of config.json.
    ///
    /// Throws a `data` error that names the key which the built-in forward pass does not know.
    init(_ text: String?, label: String) throws {
        let reader = try ConfigReader(text, label: label)
        let family = try reader.text("model_type") ?? ""
        guard Self.families.contains(family) else {
            throw reader.unsupported("model_type", "one of \(Self.families.joined(separator: ", "))")
        }
        try reader.require("hidden_act", among: ["silu", "swish"])
        try reader.requireAbsent([
            "num_experts", "num_local_experts", "partial_rotary_factor", "final_logit_softcapping",
            "attn_logit_softcapping", "no_rope_layers", "logits_scaling", "embedding_multiplier", "residual_multiplier",
            "attention_multiplier",
        ])
        layerCount = try reader.count("num_hidden_layers", limit: 100_000)
        width = try reader.count("hidden_size")
        headCount = try reader.count("num_attention_heads")
        keyHeadCount = try reader.optionalCount("num_key_value_heads") ?? headCount
        headWidth =
            try reader.optionalCount("head_dim", limit: 65_536) ?? (family == "qwen3" ? 128 : width / headCount)
        hiddenWidth = try reader.count("intermediate_size")
        vocabulary = try reader.count("vocab_size")
        epsilon = try reader.positive("rms_norm_eps") ?? 1e-6
        maximumPositions = try reader.optionalCount("max_position_embeddings")
        isTied = try reader.flag("tie_word_embeddings")
        guard headCount % keyHeadCount == 0 else {
            throw reader.unsupported("num_key_value_heads", "a divisor of num_attention_heads (\(headCount))")
        }
        guard headWidth > 0 else { throw reader.unsupported("hidden_size", "\(headCount) or more for as many heads") }
        guard headWidth % 2 == 0, headWidth <= 65_536 else {
            throw reader.unsupported("head_dim", "an even number to 65536")
        }
        rotary = try RotaryEmbedding(reader, headWidth: headWidth)
        windows = try Self.windows(reader, family, layerCount)
    }

    /// Mistral's attention slides in every layer, Qwen's in the upper ones and only when it is switched on.
    private static func windows(_ reader: ConfigReader, _ family: String, _ layerCount: Int) throws -> [Int?] {
        let none = [Int?](repeating: nil, count: layerCount)
        guard let window = try reader.optionalCount("sliding_window") else { return none }
        if let value = reader.values["layer_types"] {
            guard let types = value as? [String], types.count == layerCount else {
                throw reader.unsupported("layer_types", "a list with one for each of \(layerCount) layers")
            }
            return try types.map {
                switch $0 {
                case "full_attention": nil
                case "sliding_attention": window
                default: throw reader.unsupported("layer_types", "full_attention or sliding_attention")
                }
            }
        }
        switch family {
        case "mistral": return none.map { _ in window }
        case "qwen2", "qwen3":
            guard try reader.flag("use_sliding_window") ?? false else { return none }
            let first = try reader.optionalCount("max_window_layers") ?? layerCount
            return (0..<layerCount).map { $0 >= first ? window : nil }
        default: return none
        }
    }
}

/// Typed access to the keys of a config.json.
struct ConfigReader {
    let values: [String: Any]
    private let label: String

    init(_ text: String?, label: String) throws {
        guard let text else {
            throw DPPAError(
                .data, "\(label) has no config.json, so its architecture is not known",
                notes: ["score a model directory, not a single file"])
        }
        guard let object = ConfigText.object(text) else {
            throw DPPAError(.data, "\(label): config.json is not a JSON object")
        }
        self.init(object, label: label)
    }

    private init(_ values: [String: Any], label: String) {
        self.values = values.filter { !($0.value is NSNull) }
        self.label = label
    }

    /// The reader of an object inside.
    func object(_ key: String) throws -> ConfigReader? {
        guard let value = values[key] else { return nil }
        guard let object = value as? [String: Any] else { throw unsupported(key, "an object") }
        return ConfigReader(object, label: label)
    }

    func text(_ key: String) throws -> String? {
        guard let value = values[key] else { return nil }
        guard let text = value as? String else { throw unsupported(key, "a text") }
        return text
    }

    func number(_ key: String) throws -> Double? {
        guard let value = values[key] else { return nil }
        guard let number = JSONNumber.number(value)?.doubleValue, number.isFinite else {
            throw unsupported(key, "a number")
        }
        return number
    }

    /// A number above 0 that stays one in float32.
    func positive(_ key: String) throws -> Float? {
        guard let number = try number(key).map(Float.init) else { return nil }
        guard number > 0, number.isFinite else { throw unsupported(key, "a number above 0") }
        return number
    }

    func flag(_ key: String) throws -> Bool? {
        guard let value = values[key] else { return nil }
        guard let flag = JSONNumber.flag(value) else { throw unsupported(key, "true or false") }
        return flag
    }

    /// A whole number from 1 to a limit, so that sizes can be computed with before the tensors have been looked at.
    func optionalCount(_ key: String, limit: Int = 1_000_000_000) throws -> Int? {
        guard let number = try number(key) else { return nil }
        guard number >= 1, number <= Double(limit), let count = Int(exactly: number) else {
            throw unsupported(key, "a whole number from 1 to \(limit)")
        }
        return count
    }

    func count(_ key: String, limit: Int = 1_000_000_000) throws -> Int {
        guard let count = try optionalCount(key, limit: limit) else {
            throw DPPAError(.data, "\(label): config.json lacks '\(key)'")
        }
        return count
    }

    func require(_ key: String, among known: [String]) throws {
        guard let text = try text(key), !known.contains(text) else { return }
        throw unsupported(key, known.joined(separator: " or "))
    }

    /// Keys that change what a model computes, in ways that the forward pass does not know.
    func requireAbsent(_ keys: [String]) throws {
        for key in keys where values[key] != nil {
            if values[key].flatMap(JSONNumber.number)?.doubleValue == 1 { continue }
            throw unsupported(key, "nothing")
        }
    }

    /// The error for a key whose value cannot be honoured.
    func unsupported(_ key: String, _ expected: String) -> DPPAError {
        let got = values[key].map { "'\(key)' is \(String(describing: $0).shown)" } ?? "lacks '\(key)'"
        return DPPAError(
            .data, "\(label): config.json: \(got); the built-in evaluator knows \(expected)",
            notes: [
                "a recipe can have it scored by another program: run or measure with --evaluator 'command {model}', and "
                    + "tasks named external:NAME"
            ])
    }
}
