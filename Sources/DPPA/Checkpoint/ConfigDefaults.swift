/// What readers take for a key that config.json lacks, by the type of the model.
///
/// Keys have their usual names. A value that is the same in all types, or follows from other keys, is not here: a missing
/// rope_theta is 10000, as many key and value heads as heads, heads as wide as hidden / heads. Source: the configuration classes
/// of transformers, by `Tests/DPPATests/Fixtures/config_defaults.py`.
enum ConfigDefaults {
    /// The value of a key, as text; nil where nothing is known.
    static func value(_ key: String, of type: String?) -> String? { type.flatMap { values[$0]?[key] } }

    private static let values: [String: [String: String]] = {
        var result: [String: [String: String]] = [:]
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let type = words.first?.dropLast() else { continue }
            for word in words.dropFirst() {
                let parts = word.split(separator: "=").map(String.init)
                result[String(type), default: [:]][parts[0]] = parts[1]
            }
        }
        return result
    }()

    private static let table = """
        apertus: hidden_size=4096 num_attention_heads=32 hidden_act=xielu rms_norm_eps=1e-05 rope_theta=12000000
        arcee: hidden_size=2560 num_attention_heads=32 hidden_act=relu2 rms_norm_eps=1e-05
        bitnet: hidden_size=2560 num_attention_heads=20 num_key_value_heads=5 hidden_act=relu2 rms_norm_eps=1e-05 \
          rope_theta=500000
        cohere: hidden_size=8192 num_attention_heads=64 hidden_act=silu rms_norm_eps=1e-05 logits_scaling=0.0625 \
          rope_theta=500000
        cohere2: hidden_size=8192 num_attention_heads=64 hidden_act=silu sliding_window=4096 rms_norm_eps=1e-05 \
          logits_scaling=0.0625
        deepseek_v2: hidden_size=4096 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-06 norm_topk_prob=false \
          routed_scaling_factor=1 qk_nope_head_dim=128 qk_rope_head_dim=64 v_head_dim=128 kv_lora_rank=512
        deepseek_v3: hidden_size=7168 num_attention_heads=128 num_key_value_heads=128 hidden_act=silu rms_norm_eps=1e-06 \
          num_experts_per_tok=8 norm_topk_prob=true routed_scaling_factor=2.5 qk_nope_head_dim=128 qk_rope_head_dim=64 \
          v_head_dim=128 kv_lora_rank=512
        ernie4_5: hidden_size=1024 num_attention_heads=16 num_key_value_heads=2 head_dim=128 hidden_act=silu \
          rms_norm_eps=1e-05 rope_theta=500000
        ernie4_5_moe: hidden_size=2560 num_attention_heads=20 num_key_value_heads=4 hidden_act=silu rms_norm_eps=1e-05 \
          rope_theta=500000
        exaone4: hidden_size=4096 num_attention_heads=32 num_key_value_heads=32 hidden_act=silu sliding_window=4096 \
          rms_norm_eps=1e-05
        falcon: hidden_size=4544 num_attention_heads=71 rms_norm_eps=1e-05
        falcon_h1: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu rms_norm_eps=1e-05 \
          embedding_multiplier=1
        gemma: hidden_size=3072 num_attention_heads=16 num_key_value_heads=16 head_dim=256 hidden_act=gelu_pytorch_tanh \
          rms_norm_eps=1e-06
        gemma2: hidden_size=2304 num_attention_heads=8 num_key_value_heads=4 head_dim=256 hidden_act=gelu_pytorch_tanh \
          sliding_window=4096 rms_norm_eps=1e-06 attn_logit_softcapping=50 final_logit_softcapping=30 \
          query_pre_attn_scalar=256
        gemma3_text: hidden_size=2304 num_attention_heads=8 num_key_value_heads=4 head_dim=256 \
          hidden_act=gelu_pytorch_tanh sliding_window=4096 rms_norm_eps=1e-06 query_pre_attn_scalar=256 \
          rope_theta=full_attention:1000000,sliding_attention:10000
        gemma3n_text: hidden_size=2048 num_attention_heads=8 num_key_value_heads=2 head_dim=256 \
          hidden_act=gelu_pytorch_tanh sliding_window=512 rms_norm_eps=1e-06 final_logit_softcapping=30 \
          rope_theta=full_attention:1000000,sliding_attention:10000
        glm: hidden_size=4096 num_attention_heads=32 num_key_value_heads=2 head_dim=128 hidden_act=silu \
          rms_norm_eps=1.5625e-07 partial_rotary_factor=0.5
        glm4: hidden_size=4096 num_attention_heads=32 num_key_value_heads=2 head_dim=128 hidden_act=silu \
          rms_norm_eps=1.5625e-07 partial_rotary_factor=0.5
        glm4_moe: hidden_size=4096 num_attention_heads=96 num_key_value_heads=8 hidden_act=silu rms_norm_eps=1e-05 \
          num_experts_per_tok=8 norm_topk_prob=true routed_scaling_factor=1 partial_rotary_factor=0.5
        gpt2: hidden_size=768 num_attention_heads=12 hidden_act=gelu_new rms_norm_eps=1e-05
        gpt_bigcode: hidden_size=768 num_attention_heads=12 hidden_act=gelu_pytorch_tanh rms_norm_eps=1e-05
        gpt_neo: hidden_size=2048 num_attention_heads=16 hidden_act=gelu_new rms_norm_eps=1e-05
        gpt_neox: hidden_size=6144 num_attention_heads=64 hidden_act=gelu rms_norm_eps=1e-05 partial_rotary_factor=0.25
        gpt_oss: hidden_size=2880 num_attention_heads=64 num_key_value_heads=8 head_dim=64 hidden_act=silu \
          sliding_window=128 rms_norm_eps=1e-05 num_experts_per_tok=4 rope_theta=150000
        gptj: hidden_size=4096 num_attention_heads=16 hidden_act=gelu_new rotary_dim=64 rms_norm_eps=1e-05
        granite: hidden_size=4096 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-06 attention_multiplier=1 \
          embedding_multiplier=1 residual_multiplier=1 logits_scaling=1
        granitemoe: hidden_size=4096 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-06 attention_multiplier=1 \
          embedding_multiplier=1 residual_multiplier=1 logits_scaling=1 num_experts_per_tok=2
        helium: hidden_size=2560 num_attention_heads=20 num_key_value_heads=20 head_dim=128 hidden_act=silu \
          rms_norm_eps=1e-08 rope_theta=100000
        hunyuan_v1_dense: hidden_size=4096 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-05
        jamba: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu rms_norm_eps=1e-06 \
          num_experts_per_tok=2
        lfm2: hidden_size=2560 num_attention_heads=32 num_key_value_heads=8 rms_norm_eps=1e-05 rope_theta=1000000
        llama: hidden_size=4096 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-06
        llama4_text: hidden_size=5120 num_attention_heads=40 num_key_value_heads=8 head_dim=128 hidden_act=silu \
          rms_norm_eps=1e-05 num_experts_per_tok=1 rope_theta=500000
        minimax: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu rms_norm_eps=1e-05 \
          num_experts_per_tok=2 rope_theta=1000000
        ministral: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu sliding_window=4096 \
          rms_norm_eps=1e-06
        mistral: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu sliding_window=4096 \
          rms_norm_eps=1e-06
        mixtral: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu rms_norm_eps=1e-05 \
          num_experts_per_tok=2 rope_theta=1000000
        nemotron: hidden_size=6144 num_attention_heads=48 hidden_act=relu2 rms_norm_eps=1e-05 partial_rotary_factor=0.5
        olmo: hidden_size=4096 num_attention_heads=32 hidden_act=silu
        olmo2: hidden_size=4096 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-05
        olmo3: hidden_size=4096 num_attention_heads=32 hidden_act=silu sliding_window=4096 rms_norm_eps=1e-05 \
          rope_theta=500000
        olmoe: hidden_size=2048 num_attention_heads=16 hidden_act=silu rms_norm_eps=1e-05 num_experts_per_tok=8 \
          norm_topk_prob=false
        opt: hidden_size=768 num_attention_heads=12 hidden_act=relu
        persimmon: hidden_size=4096 num_attention_heads=64 hidden_act=relu2 rms_norm_eps=1e-05 partial_rotary_factor=0.5
        phi: hidden_size=2048 num_attention_heads=32 hidden_act=gelu_new rms_norm_eps=1e-05 partial_rotary_factor=0.5
        phi3: hidden_size=3072 num_attention_heads=32 hidden_act=silu rms_norm_eps=1e-05
        phimoe: hidden_size=4096 num_attention_heads=32 num_key_value_heads=8 hidden_act=silu rms_norm_eps=1e-05 \
          num_experts_per_tok=2 rope_theta=1000000
        qwen2: hidden_size=4096 num_attention_heads=32 num_key_value_heads=32 hidden_act=silu rms_norm_eps=1e-06
        qwen2_moe: hidden_size=2048 num_attention_heads=16 num_key_value_heads=16 hidden_act=silu rms_norm_eps=1e-06 \
          num_experts_per_tok=4 norm_topk_prob=false
        qwen3: hidden_size=4096 num_attention_heads=32 num_key_value_heads=32 head_dim=128 hidden_act=silu \
          rms_norm_eps=1e-06
        qwen3_moe: hidden_size=2048 num_attention_heads=32 num_key_value_heads=4 hidden_act=silu rms_norm_eps=1e-06 \
          num_experts_per_tok=8 norm_topk_prob=false
        qwen3_next: hidden_size=2048 num_attention_heads=16 num_key_value_heads=2 head_dim=256 hidden_act=silu \
          rms_norm_eps=1e-06 num_experts_per_tok=10 norm_topk_prob=true partial_rotary_factor=0.25
        seed_oss: hidden_size=4096 num_attention_heads=80 num_key_value_heads=8 head_dim=128 hidden_act=silu \
          rms_norm_eps=1e-06
        smollm3: hidden_size=2048 num_attention_heads=16 num_key_value_heads=4 hidden_act=silu rms_norm_eps=1e-06 \
          rope_theta=2000000
        stablelm: hidden_size=2560 num_attention_heads=32 num_key_value_heads=32 hidden_act=silu rms_norm_eps=1e-05 \
          partial_rotary_factor=0.25
        starcoder2: hidden_size=3072 num_attention_heads=24 num_key_value_heads=2 hidden_act=gelu_pytorch_tanh \
          rms_norm_eps=1e-05
        """
}
