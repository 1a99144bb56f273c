import DPPA
import Testing

@Suite("Two config.json, key by key") struct ConfigComparisonTests {
    /// Keys beside those of a small model, on either side.
    private func compare(_ own: String, _ other: String) -> ConfigComparison {
        let shared = "\"hidden_size\": 32, \"num_attention_heads\": 4"
        func text(_ keys: String) -> String {
            keys.hasPrefix("{") ? keys : "{\(shared)\(keys.isEmpty ? "" : ", " + keys)}"
        }
        return ConfigComparison(text(own), text(other))
    }

    @Test(
        "A key whose effective values differ is told under its usual name",
        arguments: [
            (
                "{\"n_head\": 8, \"num_kv_heads\": 4}", "{\"num_attention_heads\": 4}", "num_attention_heads", "8", "4",
                true
            ),
            ("\"num_key_value_heads\": 2", "", "num_key_value_heads", "2", "4", true),
            ("\"head_dim\": 16", "", "head_dim", "16", "8", true),
            ("\"hidden_act\": \"relu\"", "\"activation_function\": \"silu\"", "hidden_act", "relu", "silu", true),
            ("\"model_type\": \"llama\"", "\"model_type\": \"mistral\"", "model_type", "llama", "mistral", true),
            ("\"model_type\": \"qwen2\"", "\"model_type\": \"qwen2_moe\"", "model_type", "qwen2", "qwen2_moe", true),
            (
                "\"rope_theta\": 1000000", "\"rope_parameters\": {\"rope_theta\": 10000.0}", "rope_theta", "1000000",
                "10000", false
            ),
            (
                "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}", "\"rope_scaling\": null", "rope_scaling",
                "linear, factor 4", "none", false
            ),
            ("\"sliding_window\": 4096", "\"sliding_window\": null", "sliding_window", "4096", "none", false),
            ("\"rms_norm_eps\": 1e-6", "\"rms_norm_eps\": 1e-05", "rms_norm_eps", "1e-06", "1e-05", false),
            ("\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 4", "num_experts_per_tok", "2", "4", false),
            ("\"logits_scaling\": 8", "\"logits_scaling\": 1.0", "logits_scaling", "8", "1", false),
        ])
    func different(own: String, other: String, key: String, first: String, second: String, isRefused: Bool) throws {
        let found = compare(own, other).differences
        try #require(found.count == 1, "\(found)")
        #expect(
            found[0].key == key && found[0].own == first && found[0].other == second && found[0].isRefused == isRefused)
        #expect(compare(other, own).differences.map(\.own) == [second])
    }

    @Test(
        "What readers take for the same is the same",
        arguments: [
            ("\"num_key_value_heads\": 4", ""), ("\"head_dim\": 8", ""),
            ("\"hidden_act\": \"swish\"", "\"hidden_act\": \"silu\""),
            ("\"activation_function\": \"gelu_new\"", "\"hidden_act\": \"gelu_pytorch_tanh\""),
            (
                "\"model_type\": \"gemma\", \"hidden_act\": \"gelu\"",
                "\"model_type\": \"gemma\", \"hidden_activation\": \"gelu_pytorch_tanh\""
            ),
            ("\"rope_theta\": 10000", "\"rope_theta\": 1e4"), ("\"rms_norm_eps\": 1e-5", "\"rms_norm_eps\": 0.00001"),
            ("\"sliding_window\": 4096, \"use_sliding_window\": false", "\"sliding_window\": null"),
            ("\"rope_scaling\": {\"rope_type\": \"default\"}", ""),
            ("\"model_type\": \"qwen2\"", "\"model_type\": \"qwen2_5_vl\""),
            ("\"model_type\": \"gemma3_text\"", "\"model_type\": \"gemma3\""),
            (
                "\"vocab_size\": 3, \"torch_dtype\": \"x\", \"transformers_version\": \"4\"",
                "\"vocab_size\": 4, \"torch_dtype\": \"y\""
            ),
            (
                "\"model_type\": \"mistral\"",
                "{\"model_type\": \"llava\", \"text_config\": {\"model_type\": \"mistral\", \"hidden_size\": 32, \"num_attention_heads\": 4}}"
            ),
        ])
    func same(own: String, other: String) {
        #expect(compare(own, other).differences.isEmpty && compare(own, other).others.isEmpty)
        #expect(compare(other, own).differences.isEmpty)
    }

    @Test("Unknown keys that both have are listed by name; a missing or broken config says nothing")
    func others() {
        let found = compare("\"zeta\": 1, \"alpha\": [1], \"only\": 2", "\"zeta\": 2, \"alpha\": [2]")
        #expect(found.others == ["alpha", "zeta"] && found.differences.isEmpty)
        #expect(ConfigComparison(nil, "{}").differences.isEmpty && ConfigComparison("no", "{}").others.isEmpty)
    }
}
