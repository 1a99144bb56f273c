import DPPACheckpoint
import DPPASupport

/// The names of the tensors that a forward pass reads, in the order in which it reads them, checked against a model.
struct LlamaTensors: Sendable {
    static let embedding = "model.embed_tokens.weight"
    static let finalNorm = "model.norm.weight"

    /// The tensors of one block; nil where the model has none.
    struct Layer: Sendable {
        var inputNorm, postNorm: String
        var query, key, value, output: Linear
        var queryNorm, keyNorm: String?
        var gate, up, down: Linear

        /// Every name, in the order of use.
        var names: [String] {
            let linears = [query, key, value].flatMap(\.names)
            return [inputNorm] + linears + [queryNorm, keyNorm].compactMap { $0 } + output.names + [postNorm]
                + [gate, up, down].flatMap(\.names)
        }
    }

    /// A weight with its bias, if it has one.
    struct Linear: Sendable {
        var weight: String
        var bias: String?
        var names: [String] { [weight] + [bias].compactMap { $0 } }
    }

    let layers: [Layer]
    /// The tensor that makes logits.
    let head: String

    /// Checks that a model has every tensor of its architecture in the right shape, and none that would be left out.
    init(_ config: LlamaConfig, _ facts: [String: TensorFacts], label: String) throws {
        var used: Set<String> = []
        func expect(_ name: String, _ shape: [Int]) throws -> String {
            guard let found = facts[name] else {
                throw DPPAError(.data, "\(label) has no tensor \(name), which its config.json calls for")
            }
            guard found.shape == shape else {
                throw DPPAError(.data, "\(label): \(name) has the shape \(found.shape); config.json calls for \(shape)")
            }
            used.insert(name)
            return name
        }
        func linear(_ module: String, _ shape: [Int]) throws -> Linear {
            let weight = try expect(module + ".weight", shape)
            let bias = facts[module + ".bias"] == nil ? nil : try expect(module + ".bias", [shape[0]])
            return Linear(weight: weight, bias: bias)
        }
        func optional(_ name: String, _ shape: [Int]) throws -> String? {
            facts[name] == nil ? nil : try expect(name, shape)
        }
        _ = try expect(Self.embedding, [config.vocabulary, config.width])
        layers = try (0..<config.layerCount).map { number in
            let block = "model.layers.\(number)."
            let (width, query, key, hidden) = (config.width, config.queryWidth, config.keyWidth, config.hiddenWidth)
            return Layer(
                inputNorm: try expect(block + "input_layernorm.weight", [width]),
                postNorm: try expect(block + "post_attention_layernorm.weight", [width]),
                query: try linear(block + "self_attn.q_proj", [query, width]),
                key: try linear(block + "self_attn.k_proj", [key, width]),
                value: try linear(block + "self_attn.v_proj", [key, width]),
                output: try linear(block + "self_attn.o_proj", [width, query]),
                queryNorm: try optional(block + "self_attn.q_norm.weight", [config.headWidth]),
                keyNorm: try optional(block + "self_attn.k_norm.weight", [config.headWidth]),
                gate: try linear(block + "mlp.gate_proj", [hidden, width]),
                up: try linear(block + "mlp.up_proj", [hidden, width]),
                down: try linear(block + "mlp.down_proj", [width, hidden]))
        }
        _ = try expect(Self.finalNorm, [config.width])
        let ownHead = "lm_head.weight"
        // A head that is stored is the head, whatever config.json says of ties: readers take it where it differs.
        if facts[ownHead] == nil, config.isTied ?? true {
            head = Self.embedding
        } else {
            head = try expect(ownHead, [config.vocabulary, config.width])
        }
        let unknown = facts.keys.filter { !used.contains($0) && !$0.hasSuffix("rotary_emb.inv_freq") }.sorted()
        guard unknown.isEmpty else {
            throw DPPAError(
                .data, "\(label): the built-in evaluator would leave out \(Phrase.list(unknown))",
                notes: [
                    "it knows LLaMA, Mistral, Qwen2, Qwen3 and SmolLM; a recipe can have others scored by a program: run --evaluator"
                ])
        }
    }
}
