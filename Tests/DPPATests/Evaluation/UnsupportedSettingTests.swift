import DPPA
import Foundation
import Testing

/// Settings of known families that change numbers and are not honoured: each is refused by name, with what is known.
@Suite struct UnsupportedSettingTests {
    /// A key with another value in a family's configuration, and what the error says; nil for a key that is left out.
    struct Case: Sendable, CustomTestStringConvertible {
        var model, key: String
        var value: String?
        var words: [String]
        var testDescription: String { "\(model): \(key) = \(value ?? "left out")" }

        init(_ model: String, _ key: String, _ value: String?, _ words: String...) {
            (self.model, self.key, self.value, self.words) = (model, key, value, words)
        }
    }

    static let refused: [Case] = [
        Case("llama1", "hidden_act", "\"gelu\"", "'hidden_act' is gelu", "silu", "gelu_pytorch_tanh"),
        Case("llama1", "attention_bias", "true", "has no tensor model.layers.0.self_attn.q_proj.bias"),
        Case("llama_bias", "attention_bias", "false", "would leave out", "self_attn.k_proj.bias"),
        Case("llama_bias", "mlp_bias", "false", "would leave out", "mlp.down_proj.bias"),
        Case("llama1", "layer_types", "[\"full_attention\",\"sliding_attention\"]", "'layer_types'", "full_attention"),
        Case("llama1", "partial_rotary_factor", "0.5", "'partial_rotary_factor' is 0.5", "llama models"),
        Case("llama1", "attn_logit_softcapping", "50", "'attn_logit_softcapping' is 50", "llama models"),
        Case("llama1", "logit_scale", "0.0625", "'logit_scale' is 0.0625"),
        Case("llama1", "use_bidirectional_attention", "true", "'use_bidirectional_attention' is"),
        Case(
            "llama1", "rope_parameters", "{\"rope_type\":\"default\",\"mrope_section\":[2,1,1]}", "'mrope_section' is",
            "beside it"),
        Case(
            "llama1", "rope_parameters", "{\"rope_type\":\"default\",\"partial_rotary_factor\":0.5}",
            "'partial_rotary_factor' is 0.5"),
        Case(
            "llama1", "rope_parameters", "{\"full_attention\":{\"rope_type\":\"default\"}}", "'full_attention' is",
            "beside it"),
        Case("llama1", "rope_scaling", "{\"type\":\"linear\",\"factor\":2}", "'rope_scaling' is", "null beside"),
        Case(
            "mistral", "layer_types", "[\"full_attention\",\"sliding_attention\"]", "'layer_types'",
            "knows sliding_attention"),
        Case("mixtral", "layer_types", "[\"full_attention\",\"full_attention\"]", "'layer_types'"),
        Case("qwen2", "layer_types", "[\"full_attention\",\"sliding_attention\"]", "'layer_types'", "full_attention"),
        Case("qwen3", "num_experts", "4", "'num_experts' is 4", "qwen3 models"),
        Case("gemma", "hidden_act", "\"relu\"", "'hidden_act' is relu"),
        Case("gemma", "use_bidirectional_attention", "true", "'use_bidirectional_attention' is", "knows false"),
        Case("gemma2", "hidden_activation", "\"gelu\"", "'hidden_activation' is gelu"),
        Case("gemma2", "attn_logit_softcapping", "0", "'attn_logit_softcapping' is 0", "above 0"),
        Case("gemma2", "query_pre_attn_scalar", "-1", "'query_pre_attn_scalar' is -1", "above 0"),
        Case("gemma2", "sliding_window", "null", "'layer_types' is", "without a sliding_window"),
        Case("gemma2", "use_bidirectional_attention", "true", "'use_bidirectional_attention' is", "knows false"),
        Case("gemma3", "use_bidirectional_attention", "true", "'use_bidirectional_attention' is", "knows false"),
        Case("gemma3", "rope_parameters", "{\"rope_type\":\"default\"}", "'rope_type' is", "sliding_attention"),
        Case(
            "gemma3", "rope_parameters", "{\"full_attention\":{\"rope_type\":\"yarn\",\"factor\":2}}",
            "'rope_type' is yarn"),
        Case(
            "phi3", "rope_scaling", "{\"type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1]}",
            "'type' is longrope", "default, linear and llama3"),
        Case("phi3", "rope_scaling", "{\"type\":\"su\"}", "'type' is su"),
        Case("phi3", "partial_rotary_factor", "0.4", "'partial_rotary_factor' is 0.4", "a head of 8"),
        Case("phi3", "partial_rotary_factor", "2", "'partial_rotary_factor' is 2"),
        Case("phi3", "partial_rotary_factor", "-1", "'partial_rotary_factor' is -1"),
        Case("gpt2", "activation_function", "\"relu\"", "'activation_function' is relu", "gelu_new"),
        Case("gpt2", "add_cross_attention", "true", "'add_cross_attention' is", "knows false"),
        Case("gpt2", "n_head", "5", "'n_head' is 5", "a divisor of n_embd (32)"),
        Case("gpt2", "n_positions", "49", "transformer.wpe.weight has the shape [48, 32]", "[49, 32]"),
        Case("gpt2", "n_embd", nil, "lacks 'n_embd'"),
        Case("qwen3_moe", "use_sliding_window", "true", "'use_sliding_window' is", "knows false"),
        Case("qwen3_moe", "num_experts_per_tok", "7", "'num_experts_per_tok' is 7", "6 at most"),
        Case("qwen3_moe", "num_experts", "5", "'num_experts' is 5", "one number"),
        Case("qwen3_moe", "mlp_only_layers", "[-1]", "'mlp_only_layers' is", "whole numbers from 0"),
        Case("qwen3_moe", "mlp_only_layers", "1", "'mlp_only_layers' is 1", "a list"),
        Case("qwen3_moe", "mlp_only_layers", "[]", "has no tensor model.layers.1.mlp.gate.weight"),
        Case("qwen3_moe", "shared_expert_intermediate_size", "64", "'shared_expert_intermediate_size' is 64"),
        Case("mixtral", "num_local_experts", "100000", "'num_local_experts' is 100000", "from 1 to 65536"),
        Case("mixtral", "num_local_experts", "5", "block_sparse_moe.gate.weight has the shape [4, 32]"),
        Case("mixtral", "num_local_experts", nil, "block_sparse_moe.gate.weight has the shape [4, 32]", "[8, 32]"),
    ]

    @Test(arguments: refused) func isRefused(item: Case) throws {
        expectError(.data, item.words + ["odd"]) { _ = try complete(item) }
    }

    /// Settings that change nothing in the family, whatever they say.
    static let harmless: [Case] = [
        Case("llama1", "attention_dropout", "0.5"), Case("llama1", "pretraining_tp", "2"),
        Case("llama1", "num_local_experts", "1"), Case("llama1", "use_bidirectional_attention", "false"),
        Case("mistral", "unknown_to_all", "7"), Case("gpt2", "reorder_and_upcast_attn", "true"),
        Case("gpt2", "attn_pdrop", "0.9"), Case("qwen3_moe", "router_aux_loss_coef", "0.5"),
        Case("qwen2", "max_window_layers", "1"), Case("gemma2", "hidden_act", "\"silu\""),
    ]

    @Test(arguments: harmless) func isPassedOver(item: Case) throws {
        let plain = Case(item.model, "label", "1")
        #expect(try complete(item) == complete(plain))
    }

    /// What the fixture's model says with one key replaced; Phi 3's in the older spelling, whose keys are beside each other.
    private func complete(_ item: Case) throws -> [[Int32]] {
        let isOld = item.model == "phi3"
        let (_, _, _, folder) = try ForwardPassTests.open(
            item.model, config: isOld ? "config_v4.json" : "config.json", EngineOptions(threads: 1))
        let text = try folder.text("config.json")
        var values = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        values[item.key] = item.value == nil ? nil : "@"
        let edited = String(decoding: try JSONSerialization.data(withJSONObject: values), as: UTF8.self)
        try folder.write(edited.replacing("\"@\"", with: item.value ?? ""), "config.json")
        let graph = Graph()
        let checkpoint = try OpenModel(at: folder.path, label: "odd")
        let node = try graph.source(checkpoint)
        let evaluator = Evaluator(
            Engine(graph, options: EngineOptions(threads: 1)), dtype: nil)
        return try evaluator.completions(node, [[1, 2, 3]], maximumTokens: 4)
    }
}
