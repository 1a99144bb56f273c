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
            ("\"rope_theta\": 1000000", "", "rope_theta", "1000000", "10000", false),
            (
                "\"model_type\": \"gemma3_text\", \"rope_local_base_freq\": 5000, \"rope_theta\": 1000000",
                "\"model_type\": \"gemma3_text\", \"rope_parameters\": {\"full_attention\": {\"rope_theta\": 1000000}, "
                    + "\"sliding_attention\": {\"rope_theta\": 10000}}",
                "rope_theta", "full_attention 1000000, sliding_attention 5000",
                "full_attention 1000000, sliding_attention 10000", false
            ),
            (
                "\"model_type\": \"gemma3_text\", \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8.0}",
                "\"model_type\": \"gemma3_text\"", "rope_scaling",
                "full_attention linear, factor 8, sliding_attention none", "none", false
            ),
            (
                "\"model_type\": \"mistral\", \"num_key_value_heads\": 8",
                "\"model_type\": \"mistral\", "
                    + "\"num_key_value_heads\": 8, \"sliding_window\": null", "sliding_window", "4096", "none", false
            ),
            (
                "\"model_type\": \"gemma2\", \"head_dim\": 8", "\"model_type\": \"gemma2\"", "head_dim", "8", "256",
                true
            ),
            (
                "\"kv_lora_rank\": 4, \"qk_nope_head_dim\": 6, \"v_head_dim\": 8",
                "\"kv_lora_rank\": 4, \"qk_nope_head_dim\": 8, \"v_head_dim\": 8", "qk_nope_head_dim", "6", "8", true
            ),
            ("\"rotary_pct\": 0.5", "", "partial_rotary_factor", "0.5", "1", false),
            ("\"attn_logit_softcapping\": 50.0", "", "attn_logit_softcapping", "50", "missing", false),
            (
                "\"scoring_func\": \"sigmoid\"", "\"scoring_func\": \"softmax\"", "scoring_func", "sigmoid", "softmax",
                false
            ),
            (
                "\"model_type\": \"cohere\", \"logit_scale\": 0.25", "\"model_type\": \"cohere\"", "logits_scaling",
                "0.25",
                "0.0625", false
            ),
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
            ("\"rope_theta\": 10000", ""),
            ("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 1.0}", ""),
            (
                "\"model_type\": \"gemma3_text\", \"rope_theta\": 1000000, \"rope_local_base_freq\": 10000, "
                    + "\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8.0}, \"head_dim\": 256",
                "\"model_type\": \"gemma3_text\", \"rope_parameters\": {\"full_attention\": {\"rope_type\": \"linear\", "
                    + "\"factor\": 8, \"rope_theta\": 1000000.0}, \"sliding_attention\": {\"rope_type\": \"default\", "
                    + "\"rope_theta\": 10000.0}}"
            ),
            ("\"model_type\": \"mistral\", \"sliding_window\": 4096", "\"model_type\": \"mistral\""),
            (
                "\"model_type\": \"qwen2\", \"use_sliding_window\": false, \"sliding_window\": 131072",
                "\"model_type\": \"qwen2\""
            ),
            ("\"kv_lora_rank\": 4, \"head_dim\": 64", "\"kv_lora_rank\": 4"),
            (
                "\"model_type\": \"llama\"",
                "\"model_type\": \"mllama_text_model\""
            ),
            (
                "\"model_type\": \"phi3\"",
                "\"model_type\": \"phi3_v\""
            ),
            ("\"attention_bias\": false, \"quirks\": []", ""),
            (
                "{\"model_type\": \"gemma3_text\", \"num_attention_heads\": 8, \"num_key_value_heads\": 4, \"hidden_size\": 2304}",
                "{\"model_type\": \"gemma3\", \"text_config\": {\"model_type\": \"gemma3_text\"}}"
            ),
            (
                "\"model_type\": \"mistral\", \"num_key_value_heads\": 8",
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
        #expect(found.others == ["alpha", "only", "zeta"] && found.differences.isEmpty)
        #expect(ConfigComparison(nil, "{}").differences.isEmpty && ConfigComparison("no", "{}").others.isEmpty)
    }

    @Test("Pairs as they are published: what differs is told, and no more")
    func published() {
        let llama2 =
            "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_attention_heads\": 32, \"num_key_value_heads\": 32, "
            + "\"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-05, \"rope_scaling\": null, \"max_position_embeddings\": 4096}"
        let code =
            "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_attention_heads\": 32, \"num_key_value_heads\": 32, "
            + "\"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-05, \"rope_theta\": 1000000, \"max_position_embeddings\": 16384}"
        let llama3 =
            "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_attention_heads\": 32, \"num_key_value_heads\": 8, "
            + "\"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-05, \"rope_theta\": 500000.0, \"attention_bias\": false}"
        func told(_ a: String, _ b: String) -> [String] { ConfigComparison(a, b).differences.map(\.key) }
        #expect(told(code, llama2) == ["rope_theta"])
        #expect(told(llama3, llama2) == ["num_key_value_heads", "rope_theta"])
        let qwen =
            "{\"model_type\": \"qwen2\", \"hidden_size\": 3584, \"num_attention_heads\": 28, \"num_key_value_heads\": 4, "
            + "\"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-06, \"use_sliding_window\": false, \"sliding_window\": 131072, "
            + "\"rope_theta\": 1000000.0}"
        let long = qwen.replacing("1000000.0", with: "10000000.0").replacing("131072", with: "32768")
            .replacing("{\"model", with: "{\"dual_chunk_attention_config\": {\"chunk_size\": 262144}, \"model")
        #expect(told(long, qwen) == ["rope_theta"])
        #expect(ConfigComparison(long, qwen).others == ["dual_chunk_attention_config"])
    }
}
