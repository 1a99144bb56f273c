"""Makes a small random model of many families with transformers, saved as transformers saves it, and two fine-tunes of it; merges
them by task arithmetic and TIES and prunes one by DP with dppa-run; loads each result back: no key is missing or unexpected, and
the weights of the first are those of a merge by hand.

Prints a line for each family with the share of the delta that DP may prune; exits with 1 when one fails. Needs torch,
transformers and safetensors. Use:
    python check_families.py .build/release/dppa-run [family ...]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers as t

t.logging.set_verbosity_error()
t.utils.logging.disable_progress_bar()
PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())
RECIPES = pathlib.Path(__file__).resolve().parents[3] / "recipes"
BASE = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
KV = BASE | dict(num_key_value_heads=2)
MOE = KV | dict(moe_intermediate_size=24, num_experts=4, num_experts_per_tok=2, head_dim=8)
OLD = dict(vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=2)
VISION = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=14)

FAMILIES = {
    "llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**KV)),
    "qwen2": lambda: t.Qwen2ForCausalLM(t.Qwen2Config(**KV, tie_word_embeddings=True)),
    "gemma3": lambda: t.Gemma3ForCausalLM(t.Gemma3TextConfig(**KV, head_dim=8)),
    "phi": lambda: t.PhiForCausalLM(t.PhiConfig(**BASE)),
    "phi3": lambda: t.Phi3ForCausalLM(t.Phi3Config(**KV)),
    "mixtral": lambda: t.MixtralForCausalLM(t.MixtralConfig(**KV, num_local_experts=4, num_experts_per_tok=2)),
    "qwen3_moe": lambda: t.Qwen3MoeForCausalLM(t.Qwen3MoeConfig(**MOE)),
    "gpt_oss": lambda: t.GptOssForCausalLM(t.GptOssConfig(**KV, head_dim=8, num_local_experts=4, num_experts_per_tok=2)),
    "gpt2": lambda: t.GPT2LMHeadModel(t.GPT2Config(**OLD)),
    "bloom": lambda: t.BloomForCausalLM(t.BloomConfig(vocab_size=64, hidden_size=32, n_layer=2, n_head=4)),
    "gpt_neox": lambda: t.GPTNeoXForCausalLM(t.GPTNeoXConfig(**BASE)),
    "opt": lambda: t.OPTForCausalLM(t.OPTConfig(
        vocab_size=64, hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64,
        word_embed_proj_dim=32)),
    "bert": lambda: t.BertForMaskedLM(t.BertConfig(**BASE)),
    "t5": lambda: t.T5ForConditionalGeneration(t.T5Config(
        vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0)),
    "vit": lambda: t.ViTForImageClassification(t.ViTConfig(**VISION)),
    "whisper": lambda: t.WhisperForConditionalGeneration(t.WhisperConfig(
        vocab_size=64, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=48, decoder_ffn_dim=48, num_mel_bins=16, max_source_positions=32, max_target_positions=32,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=3)),
    "mamba": lambda: t.MambaForCausalLM(t.MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=2, state_size=4)),
    "deepseek_v3": lambda: t.DeepseekV3ForCausalLM(t.DeepseekV3Config(
        **BASE, num_key_value_heads=4, moe_intermediate_size=24, n_routed_experts=4, n_shared_experts=1, num_experts_per_tok=2,
        n_group=2, topk_group=1, kv_lora_rank=8, q_lora_rank=8, qk_rope_head_dim=4, qk_nope_head_dim=8, v_head_dim=8,
        first_k_dense_replace=1)),
    "llama4": lambda: t.Llama4ForCausalLM(t.Llama4TextConfig(
        **KV, intermediate_size_mlp=48, head_dim=8, num_local_experts=4, num_experts_per_tok=1)),
    "qwen3_next": lambda: t.Qwen3NextForCausalLM(t.Qwen3NextConfig(
        **MOE, shared_expert_intermediate_size=24, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8,
        linear_value_head_dim=8, layer_types=["linear_attention", "full_attention"])),
    "resnet": lambda: t.ResNetForImageClassification(t.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")),
    "clip": lambda: t.CLIPModel(t.CLIPConfig(
        text_config=BASE | dict(max_position_embeddings=16), vision_config=VISION, projection_dim=16)),
}


def near(model, seed):
    torch.manual_seed(seed)
    copy = type(model)(model.config)
    copy.load_state_dict({k: v + 0.02 * torch.randn(v.shape) if v.is_floating_point() else v + 1
                          for k, v in model.state_dict().items()})
    copy.tie_weights()
    return copy


def run(recipe, *sets, code=0):
    out = ROOT / "out"
    shutil.rmtree(out, ignore_errors=True)
    arguments = [word for pair in sets for word in ("--set", pair)]
    result = subprocess.run([PROGRAM, "run", RECIPES / f"{recipe}.lua", "--out", out, *arguments], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    return out, result.stdout + result.stderr


def load(folder, kind):
    model, told = kind.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    assert not any(told[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), told
    return model.state_dict()


def check(make):
    torch.manual_seed(0)
    base = make()
    models = {"base": base, "a": near(base, 1), "b": near(base, 2)}
    for name, model in models.items():
        model.save_pretrained(ROOT / name)
    paths = f"base={ROOT / 'base'}", f"experts={ROOT / 'a'},{ROOT / 'b'}"
    found = load(run("task_arithmetic", *paths, "lambda=0.5")[0], type(base))
    states = [model.state_dict() for model in models.values()]
    # Statistics and the biases of routers are buffers to PyTorch, and change in training.
    buffers = {n for n, _ in base.named_buffers() if not re.search("running_(mean|var)|e_score_correction_bias", n)}
    for key, value in found.items():
        first, a, b = (state[key] for state in states)
        if value.is_floating_point() and key not in buffers:
            first = first + 0.5 * (a - first + b - first)
        torch.testing.assert_close(value, first, rtol=1e-5, atol=1e-6, msg=lambda m: f"{key}: {m}")
    load(run("ties", *paths)[0], type(base))
    pruned = f"base={ROOT / 'base'}", f"expert={ROOT / 'a'}", "rate=0.5"
    if isinstance(base, t.ResNetForImageClassification):
        # Convolutions are no linears: DP has nothing to prune, and says so.
        assert ":linears: no tensor matches" in run("dp", *pruned, code=65)[1]
        return "no linears"
    out, told = run("dp", *pruned)
    load(out, type(base))
    return re.search(r"dp prunes the linears: (.*)", told).group(1)


failed = 0
for name in sys.argv[2:] or FAMILIES:
    for folder in ROOT.iterdir():
        shutil.rmtree(folder)
    try:
        print(f"{name}: {check(FAMILIES[name])}", flush=True)
    except Exception as error:
        failed = 1
        print(f"{name}: FAILED: {type(error).__name__}: {str(error)[:700]}", flush=True)
shutil.rmtree(ROOT)
sys.exit(failed)
