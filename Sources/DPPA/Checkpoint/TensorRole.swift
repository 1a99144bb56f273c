/// What a tensor does in its block, by the words of its module and parameter.
enum TensorRole {
    /// The words of roles that mean the same wherever they stand in a block.
    private static let words: [String: String] = {
        let roles: [String: [String]] = [
            "qkv": ["qkv", "query_key_value", "c_attn", "qkv_proj", "wqkv"],
            "q": ["q_proj", "query", "q", "wq", "q_a_proj", "q_b_proj", "q_lin"],
            "k": ["k_proj", "key", "k", "wk", "k_lin"],
            "v": ["v_proj", "value", "v", "wv", "v_lin"],
            "kv": ["kv_proj", "kv_a_proj_with_mqa", "kv_b_proj"],
            "gate_up": ["gate_up_proj"],
            "gate": ["gate_proj", "w1", "wi_0"],
            "up": ["up_proj", "w3", "v1", "wi_1", "wi", "fc1", "linear_fc1", "lin1", "c_fc", "fc_in", "dense_h_to_4h"],
            "down": ["down_proj", "w2", "fc2", "linear_fc2", "lin2", "fc_out", "dense_4h_to_h"],
        ]
        return Dictionary(
            roles.flatMap { role, words in words.map { ($0, role) } }, uniquingKeysWith: { first, _ in first })
    }()

    /// The words of a projection back to the block's width: from the heads in attention, else from the inner width.
    private static let backWords: Set<String> = ["o_proj", "out_proj", "o", "wo", "out_lin", "dense", "c_proj", "proj"]

    /// The words of heads outside every block.
    private static let headWords: Set<String> = [
        "lm_head", "embed_out", "score", "classifier", "head", "output", "decoder",
    ]

    /// The role in the words of `TensorFacts.role`.
    static func role(_ place: TensorNaming.Place, _ shape: [Int]) -> String {
        let module = place.module.map { $0.lowercased() }
        let leaf = module.last ?? ""
        if isBuffer(place, shape) { return "buffer" }
        if place.parameter.hasSuffix("bias") { return "bias" }
        if isNorm(leaf) { return "norm" }
        if leaf == "embed_out" || leaf == "lm_head" { return "head" }
        if leaf.contains("embed") || leaf == "relative_attention_bias" { return "embedding" }
        if place.layer == nil {
            if ["wte", "wpe", "shared"].contains(leaf) { return "embedding" }
            return headWords.contains(leaf) ? "head" : "other"
        }
        if leaf == "head" { return "head" }
        if isRouter(module, place.isBesideExperts) { return "router" }
        if shape.count < 2 { return place.parameter == "weight" && !leaf.contains("proj") ? "norm" : "other" }
        let word = word(leaf, place.parameter)
        let isAttention = module.contains { $0.contains("attn") || $0.contains("attention") }
        let plain: String
        if isAttention, word == "in_proj" {
            plain = "qkv"
        } else if backWords.contains(word) {
            plain = isAttention ? "o" : module.contains("intermediate") ? "up" : isPlainBack(word) ? "down" : "other"
        } else {
            plain = words[word] ?? "other"
        }
        return module.contains("experts") && plain != "other" ? "experts." + plain : plain
    }

    /// Whether it is a matrix inside a block that a linear module multiplies with.
    ///
    /// Not norms, biases, embeddings, heads, convolutions, tables without a module of their own, and routers: these choose
    /// experts, and pruning them breaks the choice. The stacked matrices of a mixture's experts are linears.
    static func isLinear(_ place: TensorNaming.Place, _ shape: [Int], _ role: String) -> Bool {
        guard place.layer != nil, !["bias", "norm", "embedding", "head", "router", "buffer"].contains(role) else {
            return false
        }
        let module = place.module.map { $0.lowercased() }
        let leaf = module.last ?? ""
        let isExpert = module.contains("experts")
        guard shape.count == 2 || shape.count == 3 && (isExpert || leaf.hasSuffix("_linear")) else { return false }
        guard place.parameter == "weight" || place.parameter.hasSuffix("proj_weight") else {
            // Fused experts are parameters without a module: mlp.experts.gate_up_proj.
            return isExpert && role.hasPrefix("experts.")
        }
        return !leaf.contains("conv")
    }

    /// The names of what modules compute once and keep beside their weights: training does not change it.
    private static let buffers: Set<String> = [
        "inv_freq", "original_inv_freq", "cos_cached", "sin_cached", "masked_bias", "position_ids", "token_type_ids",
        "num_batches_tracked", "relative_position_index", "attn_mask",
    ]

    /// Whether it is a buffer: by name, or the causal mask that GPT-2 calls a bias, `[1, 1, n, n]`.
    private static func isBuffer(_ place: TensorNaming.Place, _ shape: [Int]) -> Bool {
        buffers.contains(place.parameter)
            || place.parameter == "bias" && shape.count == 4 && shape[0] == 1 && shape[1] == 1 && shape[2] == shape[3]
    }

    private static func isNorm(_ leaf: String) -> Bool {
        if leaf.contains("norm") || leaf == "ln" || leaf.hasPrefix("ln_") || leaf.hasSuffix("_ln") { return true }
        return leaf.hasPrefix("ln") && leaf.dropFirst(2).allSatisfy(\.isNumber)
    }

    private static func isRouter(_ module: [String], _ isBesideExperts: Bool) -> Bool {
        guard let leaf = module.last else { return false }
        return module.contains("router") || leaf.hasSuffix("expert_gate") || isBesideExperts
    }

    /// What names the projection: the module, or the parameter where it has no module of its own.
    private static func word(_ leaf: String, _ parameter: String) -> String {
        if parameter == "weight" { return leaf }
        return parameter.hasSuffix("_weight") ? String(parameter.dropLast(7)) : parameter
    }

    /// Whether a projection back outside attention is a feed-forward's; state-space mixers use the same words for other things.
    private static func isPlainBack(_ word: String) -> Bool { ["dense", "c_proj", "wo"].contains(word) }
}
