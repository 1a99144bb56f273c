/// What tensor names tell: the stack and layer, the module, the role, whether it is a linear's weight.
///
/// By pattern, not by a table of architectures: a block is the first number that follows the name of a repeated stack. The
/// experts of a mixture keep their number in the module; their layer is the block's.
package enum TensorNaming {
    /// The facts of all tensors of a checkpoint; depth needs to know how many layers a stack has.
    package static func facts(_ tensors: [(name: String, shape: [Int])]) -> [TensorFacts] {
        let parsed = tensors.map { parse($0.name) }
        var last: [String: Int] = [:]
        for place in parsed {
            if let stack = place.stack, let layer = place.layer { last[stack] = max(last[stack] ?? 0, layer) }
        }
        return zip(tensors, parsed).map { tensor, place in
            let depth: Double? = place.stack.flatMap { stack in
                place.layer.map { layer in last[stack].map { $0 > 0 ? Double(layer) / Double($0) : 0 } ?? 0 }
            }
            let role = role(place, tensor.shape)
            return TensorFacts(
                name: tensor.name, shape: tensor.shape, stack: place.stack, layer: place.layer, depth: depth,
                module: place.module, role: role, isLinear: isLinear(place, tensor.shape, role))
        }
    }

    private struct Place {
        var stack: String?
        var layer: Int?
        var module: String
        var parameter: String
    }

    /// Names that hold a number which is no layer.
    private static let notStacks: Set<String> = [
        "experts", "shared_experts", "mlp", "to_out", "net", "proj", "merger", "0",
    ]

    private static func parse(_ name: String) -> Place {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for (index, part) in parts.enumerated() where index > 0 && index < parts.count - 1 {
            guard let layer = Int(part), layer >= 0, part.count <= 6, !notStacks.contains(parts[index - 1]) else {
                continue
            }
            var rest = Array(parts[(index + 1)...])
            let parameter = rest.count > 0 ? rest.removeLast() : ""
            // T5 numbers the sublayers inside a block: block.3.layer.1.DenseReluDense.wi
            return Place(
                stack: parts[..<index].joined(separator: "."), layer: layer, module: rest.joined(separator: "."),
                parameter: parameter)
        }
        return Place(module: parts.dropLast().joined(separator: "."), parameter: parts.last ?? name)
    }

    private static func role(_ place: Place, _ shape: [Int]) -> String {
        let path = place.module.lowercased()
        let leaf = path.split(separator: ".").last.map(String.init) ?? path
        if place.parameter == "bias" || place.parameter.hasSuffix("_bias") { return "bias" }
        if leaf.contains("norm") || leaf.hasPrefix("ln_") || leaf == "ln" || leaf.hasSuffix("_ln")
            || shape.count < 2 && place.layer != nil && place.parameter == "weight" && !leaf.contains("proj")
        {
            return "norm"
        }
        if place.layer == nil {
            if leaf.contains("embed") || leaf == "wte" || leaf == "wpe" || leaf == "shared" { return "embedding" }
            if leaf == "lm_head" || leaf == "embed_out" || leaf == "score" || leaf == "classifier" { return "head" }
        }
        let isExpert = path.contains("experts")
        let word = place.parameter == "weight" ? leaf : leaf == "experts" ? place.parameter : leaf
        let roles: [(String, [String])] = [
            ("qkv", ["qkv", "query_key_value", "c_attn", "qkv_proj", "wqkv"]),
            ("gate_up", ["gate_up_proj"]),
            ("q", ["q_proj", "query", "q", "wq", "q_b_proj", "q_a_proj"]),
            ("k", ["k_proj", "key", "k", "wk"]), ("v", ["v_proj", "value", "v", "wv"]),
            ("o", ["o_proj", "out_proj", "o", "wo"]),
            ("gate", ["gate_proj", "w1", "wi_0"]),
            ("up", ["up_proj", "w3", "wi_1", "wi", "fc1", "c_fc", "dense_h_to_4h", "fc_in"]),
            ("down", ["down_proj", "w2", "fc2", "dense_4h_to_h", "fc_out"]),
        ]
        let isAttention = path.contains("attn") || path.contains("attention")
        if word == "dense" || word == "c_proj" {
            return isAttention ? "o" : path.contains("intermediate") ? "up" : "down"
        }
        for (role, words) in roles where words.contains(word) { return isExpert ? "experts.\(role)" : role }
        return "other"
    }

    /// A matrix inside a block that a linear module multiplies with; not norms, embeddings, biases, convolutions, routers.
    private static func isLinear(_ place: Place, _ shape: [Int], _ role: String) -> Bool {
        guard place.layer != nil, role != "bias", role != "norm", role != "embedding" else { return false }
        let path = place.module.lowercased()
        let leaf = path.split(separator: ".").last.map(String.init) ?? path
        if shape.count == 3, path.contains("experts") { return true }
        guard shape.count == 2, place.parameter == "weight" else { return false }
        let excluded = ["embed", "bias", "rotary", "conv", "relative_attention"]
        if excluded.contains(where: { leaf.contains($0) }) { return false }
        // Routers choose experts; pruning them breaks the choice, and their place is no linear of the network's width.
        return leaf != "gate" && leaf != "router"
    }
}
