"""What transformers takes for a key that config.json lacks: the table in Sources/DPPA/Checkpoint/ConfigDefaults.swift.

Use: python config_defaults.py            prints the lines of the table
     python config_defaults.py --check    compares them with those in the source; exit 1 where they differ
Needs transformers. Keys have their usual names; what is None, or follows from other keys, is left out.
"""

import pathlib
import sys

from transformers.models.auto.configuration_auto import CONFIG_MAPPING

SOURCE = pathlib.Path(__file__).resolve().parents[3] / "Sources" / "DPPA" / "Checkpoint" / "ConfigDefaults.swift"
TYPES = """apertus arcee bitnet cohere cohere2 deepseek_v2 deepseek_v3 ernie4_5 ernie4_5_moe exaone4 falcon falcon_h1 gemma gemma2
gemma3_text gemma3n_text glm glm4 glm4_moe gpt2 gpt_bigcode gpt_neo gpt_neox gpt_oss gptj granite granitemoe helium
hunyuan_v1_dense jamba lfm2 llama llama4_text minimax ministral mistral mixtral nemotron olmo olmo2 olmo3 olmoe opt persimmon
phi phi3 phimoe qwen2 qwen2_moe qwen3 qwen3_moe qwen3_next seed_oss smollm3 stablelm starcoder2""".split()
KEYS = [
    ("hidden_size", "n_embd"), ("num_attention_heads", "n_head", "num_heads"), ("num_key_value_heads", "num_kv_heads"),
    ("head_dim",), ("hidden_act", "hidden_activation", "activation_function"), ("sliding_window",), ("rotary_dim",),
    ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon", "norm_eps"), ("attn_logit_softcapping",),
    ("final_logit_softcapping",), ("query_pre_attn_scalar",), ("attention_multiplier",), ("embedding_multiplier",),
    ("residual_multiplier",), ("logits_scaling", "logit_scale"), ("num_experts_per_tok",), ("norm_topk_prob",),
    ("routed_scaling_factor",), ("qk_nope_head_dim",), ("qk_rope_head_dim",), ("v_head_dim",), ("kv_lora_rank",),
]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def rope(instance):
    """Base and rotated share of the default positions, by kind of layer where they differ."""
    found = getattr(instance, "rope_parameters", None) or {}
    if found and all(isinstance(value, dict) for value in found.values()):
        bases = {kind: text(value["rope_theta"]) for kind, value in sorted(found.items())}
        if len(set(bases.values())) > 1:
            return [f"rope_theta={','.join(f'{kind}:{base}' for kind, base in bases.items())}"]
        found = next(iter(found.values()))
    words = []
    if found.get("rope_theta", 10000.0) != 10000.0:
        words.append(f"rope_theta={text(found['rope_theta'])}")
    if found.get("partial_rotary_factor", 1.0) != 1.0:
        words.append(f"partial_rotary_factor={found['partial_rotary_factor']}")
    return words


def line(kind):
    configuration = CONFIG_MAPPING[kind]
    words = []
    for names in KEYS:
        for name in names:
            value = getattr(configuration, name, None)
            if isinstance(value, (int, float, str)) and value != "":
                if name == "sliding_window" and getattr(configuration, "use_sliding_window", True) is False:
                    continue
                words.append(f"{names[0]}={text(value)}")
                break
    return f"{kind}: {' '.join(words + rope(configuration()))}"


def main():
    lines = [line(kind) for kind in TYPES]
    if sys.argv[1:] != ["--check"]:
        print("\n".join(lines))
        return
    source = " ".join(SOURCE.read_text().replace("\\\n", " ").split())
    lacking = [entry for entry in lines if entry not in source]
    print("\n".join(lacking) or "the table is what transformers has")
    sys.exit(bool(lacking))


if __name__ == "__main__":
    main()
