import DPPAKernels
import DPPASupport
import Foundation

/// The config.json that a GGUF file's metadata and tensors tell of, as transformers reads it.
///
/// What llama.cpp has in its program rather than in the file is here as well: the pattern of windows and the scale of queries of
/// Gemma, and whether the probabilities of chosen experts are normalised.
struct GGUFConfig {
    /// The values as JSON texts, in the order in which they are written.
    private(set) var entries: [(key: String, json: String)] = []
    private let metadata: GGUFMetadata
    private let family: GGUFFamily
    private let shapes: [String: [Int]]

    /// Throws `data` when the metadata lacks a size, or says what config.json cannot.
    init(
        _ metadata: GGUFMetadata, _ family: GGUFFamily, shapes: [String: [Int]], rope: GGUFRope, dtype: DType
    ) throws {
        (self.metadata, self.family, self.shapes) = (metadata, family, shapes)
        guard let embedding = shapes["token_embd.weight"], embedding.count == 2 else {
            throw GGUFHeader.damage(metadata.path, "it has no matrix token_embd.weight")
        }
        let hidden = try metadata.integer("embedding_length")
        guard embedding[1] == hidden else {
            throw GGUFHeader.damage(
                metadata.path,
                "token_embd.weight is \(embedding), and \(metadata.architecture).embedding_length is \(hidden)")
        }
        entries = [("architectures", "[\(JSONValue.quoted(family.className))]")]
        set("model_type", family.modelType)
        set("hidden_size", hidden)
        set("intermediate_size", try metadata.integer("feed_forward_length"))
        set("num_hidden_layers", try metadata.integer("block_count"))
        let heads = try metadata.headCount
        set("num_attention_heads", heads)
        set("num_key_value_heads", try metadata.keyHeadCount)
        let headSize = try metadata.headSize
        // The families whose heads are as wide as the rest says have no such key.
        if headSize * heads != hidden || !["qwen2", "qwen2_moe", "phi3"].contains(family.modelType) {
            set("head_dim", headSize)
        }
        set("vocab_size", embedding[0])
        set("max_position_embeddings", try metadata.integer("context_length"))
        set("rms_norm_eps", try metadata.number("attention.layer_norm_rms_epsilon") ?? 1e-6)
        set("tie_word_embeddings", shapes["output.weight"] == nil)
        set("torch_dtype", dtype.configName)
        // Readers would take what is usual in the family for one that is not there.
        for (key, name) in [("bos", "bos"), ("eos", "eos"), ("pad", "padding")] {
            set("\(key)_token_id", json: try metadata.token(name).map { "\($0)" } ?? "null")
        }
        try rope.add(to: &self, headSize: headSize)
        if family.modelType.hasPrefix("gemma") { try addGemma(headSize, heads, hidden) } else { try addOthers() }
    }

    /// The text of config.json.
    var text: String {
        "{\n" + entries.map { "  \(JSONValue.quoted($0.key)): \($0.json)" }.joined(separator: ",\n") + "\n}\n"
    }

    mutating func set(_ key: String, _ value: Int) { entries.append((key, "\(value)")) }
    mutating func set(_ key: String, _ value: Double) { entries.append((key, "\(value)")) }
    mutating func set(_ key: String, _ value: Bool) { entries.append((key, "\(value)")) }
    mutating func set(_ key: String, _ value: String) { entries.append((key, JSONValue.quoted(value))) }
    mutating func set(_ key: String, json: String) { entries.append((key, json)) }

    private func has(_ name: String) -> Bool { shapes["blk.0.\(name)"] != nil }

    private mutating func addOthers() throws {
        set("hidden_act", "silu")
        let window = try metadata.integer(ifThere: "attention.sliding_window")
        switch family.modelType {
        case "llama":
            set("attention_bias", has("attn_q.bias"))
            set("mlp_bias", has("ffn_up.bias"))
        case "mistral", "mixtral", "phi3": set("sliding_window", json: window.map { "\($0)" } ?? "null")
        case "qwen3", "qwen3_moe": set("attention_bias", has("attn_q.bias"))
        default: break
        }
        guard let experts = try metadata.integer(ifThere: "expert_count"), family.experts != nil else { return }
        set(family.modelType == "mixtral" ? "num_local_experts" : "num_experts", experts)
        set("num_experts_per_tok", try metadata.integer("expert_used_count"))
        guard family.modelType != "mixtral" else { return }
        set("moe_intermediate_size", try inner("expert_feed_forward_length", "ffn_down_exps.weight"))
        if family.modelType == "qwen2_moe" {
            set(
                "shared_expert_intermediate_size",
                try inner("expert_shared_feed_forward_length", "ffn_down_shexp.weight"))
        }
        set("norm_topk_prob", family.modelType == "qwen3_moe")
        set("decoder_sparse_step", 1)
        set("mlp_only_layers", json: "[]")
    }

    /// The inner width of experts: that of the matrices back from it, or else what the metadata says.
    private func inner(_ key: String, _ matrix: String) throws -> Int {
        if let shape = shapes["blk.0.\(matrix)"], let width = shape.last { return width }
        return try metadata.integer(key)
    }

    private mutating func addGemma(_ headSize: Int, _ heads: Int, _ hidden: Int) throws {
        set("hidden_activation", "gelu_pytorch_tanh")
        guard family.modelType != "gemma" else { return }
        let isGemma3 = family.modelType == "gemma3_text"
        // The largest of each takes the width of a head that its heads do not have.
        let isLargest = try metadata.integer("block_count") == (isGemma3 ? 62 : 46)
        set("query_pre_attn_scalar", isLargest ? hidden / max(1, heads) : headSize)
        for key in ["attn_logit_softcapping", "final_logit_softcapping"] {
            let usual = isGemma3 ? nil : key.hasPrefix("attn") ? 50.0 : 30.0
            set(key, json: (try metadata.number(key) ?? usual).map { "\($0)" } ?? "null")
        }
        set("sliding_window", try metadata.integer(ifThere: "attention.sliding_window") ?? 4096)
        if isGemma3 {
            set("sliding_window_pattern", 6)
            set("rope_local_base_freq", try metadata.number("rope.freq_base_swa") ?? 10000)
        }
    }
}

extension GGUFMetadata {
    /// The number of heads.
    var headCount: Int {
        get throws {
            let heads = try integer("attention.head_count")
            guard heads > 0 else { throw GGUFHeader.damage(path, "it has 0 heads") }
            return heads
        }
    }

    /// The number of heads of keys and values.
    var keyHeadCount: Int {
        get throws {
            let heads = try integer(ifThere: "attention.head_count_kv") ?? headCount
            guard heads > 0 else { throw GGUFHeader.damage(path, "it has 0 heads of keys and values") }
            return heads
        }
    }

    /// The width of a head.
    var headSize: Int {
        get throws {
            let size = try integer(ifThere: "attention.key_length") ?? integer("embedding_length") / headCount
            guard size == (try integer(ifThere: "attention.value_length") ?? size) else {
                throw DPPAError(
                    .data, "\(path): heads of keys and of values have other widths, which config.json cannot say",
                    notes: ["merge the safetensors model that it was made from"])
            }
            return size
        }
    }
}
