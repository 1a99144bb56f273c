"""Tiny random models of every supported architecture, with the logits transformers computes for them.

    OMP_NUM_THREADS=1 python architectures.py OUT [NAME ...]

writes OUT/<name>/{config.json, config_v4.json, model.safetensors, expected.json} for every name (or those given).
config.json is what transformers 5 saves ("rope_parameters", "dtype"); config_v4.json says the same in the spelling of
transformers 4 ("rope_theta", "rope_scaling", "torch_dtype"; linear scaling under its oldest key "type"). Both are
loaded again here and must give the same logits. Models of HALF are drawn in and saved as bfloat16, to be small; their
logits are in float32 all the same.
expected.json: "tokens" (three sequences), "logits" (per sequence, rows of the vocabulary, 7 significant digits),
"greedy" (12 ids continuing tokens[greedy_sequence], no end token), "greedy_all" (the same for every sequence).
Float32, eager attention. Weights are drawn here, not by transformers, so they do not depend on its initialisation.
"""
import copy, json, pathlib, sys, tempfile, shutil
import torch
from safetensors.torch import load_file, save_file
from transformers import (AutoModelForCausalLM, Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig,
                          GemmaConfig, GemmaForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM,
                          MistralConfig, MistralForCausalLM, MixtralConfig, MixtralForCausalLM, Phi3Config,
                          Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen2MoeConfig, Qwen2MoeForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM, Starcoder2Config, Starcoder2ForCausalLM)

NEW, VOCAB = 12, 64
COMMON = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=4, max_position_embeddings=128, tie_word_embeddings=False,
              bos_token_id=None, eos_token_id=None, pad_token_id=None)
COMMON_GPT2 = dict(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=48, bos_token_id=None, eos_token_id=None)
LLAMA3 = dict(rope_theta=500000.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)


def rope(theta=10000.0, **scaling):
    return dict(rope_parameters=dict(rope_theta=theta, rope_type="default") | scaling)


LLAMA, MISTRAL = (LlamaConfig, LlamaForCausalLM), (MistralConfig, MistralForCausalLM)
QWEN2, QWEN3 = (Qwen2Config, Qwen2ForCausalLM), (Qwen3Config, Qwen3ForCausalLM)
GEMMA, GEMMA2 = (GemmaConfig, GemmaForCausalLM), (Gemma2Config, Gemma2ForCausalLM)
GEMMA3, PHI3 = (Gemma3TextConfig, Gemma3ForCausalLM), (Phi3Config, Phi3ForCausalLM)
GPT2, STARCODER2 = (GPT2Config, GPT2LMHeadModel), (Starcoder2Config, Starcoder2ForCausalLM)
MIXTRAL, QWEN3_MOE = (MixtralConfig, MixtralForCausalLM), (Qwen3MoeConfig, Qwen3MoeForCausalLM)
QWEN2_MOE = (Qwen2MoeConfig, Qwen2MoeForCausalLM)
# heads of 16, so that query_pre_attn_scalar = 24 shows; bounds low enough to bend what they bound
GEMMAS = dict(num_key_value_heads=2, head_dim=16, intermediate_size=40, tie_word_embeddings=True)
MODELS = {
    "llama1": (LLAMA, rope()),
    "llama2_gqa": (LLAMA, rope() | dict(num_key_value_heads=2, tie_word_embeddings=True)),
    # original length 16: the fastest frequency lies in the smooth band, every other one is divided by the factor
    "llama3": (LLAMA, rope(**LLAMA3, original_max_position_embeddings=16) | dict(num_key_value_heads=2)),
    # original length 64, heads of 16: frequencies in all three bands (untouched, smooth, divided)
    "llama3_bands": (LLAMA, rope(**LLAMA3, original_max_position_embeddings=64)
                     | dict(num_attention_heads=2, num_key_value_heads=1)),
    "llama_linear": (LLAMA, rope(rope_type="linear", factor=2.0)),
    "mistral": (MISTRAL, rope() | dict(sliding_window=8, num_key_value_heads=2, head_dim=16, intermediate_size=32)),
    "qwen2": (QWEN2, rope(1000000.0) | dict(num_key_value_heads=2)),
    "qwen3": (QWEN3, rope(1000000.0) | dict(num_key_value_heads=2, head_dim=16, tie_word_embeddings=True)),
    "smollm": (LLAMA, rope() | dict(hidden_size=48, intermediate_size=24, num_attention_heads=3, num_key_value_heads=1,
                                    tie_word_embeddings=True)),
    "llama_bias": (LLAMA, rope() | dict(attention_bias=True, mlp_bias=True, num_key_value_heads=2,
                                        intermediate_size=40)),
    "gemma": (GEMMA, rope() | GEMMAS),
    # layers 0 and 2 slide
    "gemma2": (GEMMA2, rope() | GEMMAS | dict(num_hidden_layers=3, sliding_window=8, query_pre_attn_scalar=24,
                                              attn_logit_softcapping=2.0, final_logit_softcapping=3.0)),
    # layers 0 and 2 slide, by angles of their own
    "gemma3": (GEMMA3, dict(rope_parameters=dict(
        full_attention=dict(rope_theta=1000000.0, rope_type="linear", factor=8.0),
        sliding_attention=dict(rope_theta=100.0, rope_type="default")))
        | GEMMAS | dict(num_hidden_layers=3, sliding_window=8, query_pre_attn_scalar=24,
                        layer_types=["sliding_attention", "full_attention", "sliding_attention"])),
    "phi3": (PHI3, rope(partial_rotary_factor=0.5) | dict(
        num_key_value_heads=2, sliding_window=8, original_max_position_embeddings=128)),
    "gpt2": (GPT2, dict(n_inner=None)),
    "gpt2_scaled": (GPT2, dict(n_inner=48, scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False)),
    # layer 1 is dense
    "qwen3_moe": (QWEN3_MOE, rope(1000000.0) | dict(
        num_key_value_heads=2, head_dim=16, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24,
        norm_topk_prob=True, mlp_only_layers=[1])),
    # layer 0 is dense
    "qwen3_moe_unnormed": (QWEN3_MOE, rope(1000000.0) | dict(
        num_key_value_heads=2, head_dim=8, num_experts=4, num_experts_per_tok=3, moe_intermediate_size=16,
        norm_topk_prob=False, decoder_sparse_step=2)),
    # layer 0 is dense
    "qwen2_moe": (QWEN2_MOE, rope(1000000.0) | dict(
        num_key_value_heads=2, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16, intermediate_size=24,
        shared_expert_intermediate_size=20, norm_topk_prob=True, mlp_only_layers=[0])),
    "mixtral": (MIXTRAL, rope(1000000.0) | dict(
        num_key_value_heads=2, num_local_experts=4, num_experts_per_tok=2, intermediate_size=24, sliding_window=8)),
    "starcoder2": (STARCODER2, rope(100000.0) | dict(num_key_value_heads=2, sliding_window=8, tie_word_embeddings=True)),
}
HALF = [name for name, (kind, _) in MODELS.items() if kind not in (LLAMA, MISTRAL, QWEN2, QWEN3)]
# what base-model saves of GPT-2 look like: names without "transformer.", and the masks of old checkpoints
BARE = ["gpt2_scaled"]


def rounded(rows):
    return [[float(f"{x:.7g}") for x in row] for row in rows.tolist()]


def fill(model, generator, half):
    """Matrices around 0 (embedding rows wide enough to matter), norms around 1, biases around 0 but not 0."""
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape, generator=generator)
            if ("norm" in name or "ln_" in name) and name.endswith("weight"):
                # Gemma's norms multiply with 1 + weight
                value = (0 if model.config.model_type.startswith("gemma") else 1) + 0.2 * noise
            else:
                value = (0.3 if p.dim() == 1 else 0.25) * noise
            p.copy_(value.to(torch.bfloat16) if half else value)


def bare(path):
    tensors = {name.removeprefix("transformer."): value for name, value in load_file(path).items()}
    for name in [n for n in tensors if n.endswith(".attn.c_attn.weight")]:
        tensors[name.replace("c_attn.weight", "bias")] = torch.ones(1, 1, 4, 4).tril()
        tensors[name.replace("c_attn.weight", "masked_bias")] = torch.tensor(-10000.0)
    save_file(tensors, path, metadata={"format": "pt"})


def older_spelling(config):
    """The same configuration as transformers 4 wrote it."""
    old = {k: v for k, v in config.items() if k not in ("rope_parameters", "dtype", "layer_types")}
    parameters = dict(config.get("rope_parameters", {}))
    if "full_attention" in parameters:
        old |= dict(rope_local_base_freq=parameters["sliding_attention"]["rope_theta"], sliding_window_pattern=2)
        parameters = dict(parameters["full_attention"])
    if parameters:
        old["rope_theta"] = parameters.pop("rope_theta")
        kind = parameters.pop("rope_type")
        if "partial_rotary_factor" in parameters:
            old["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
        key = "type" if kind == "linear" and config["model_type"] == "llama" else "rope_type"
        old["rope_scaling"] = None if kind == "default" else {key: kind} | parameters
    if config["model_type"] in ("qwen2_moe", "qwen3_moe"):
        old["num_experts"] = old.pop("num_local_experts", old.get("num_experts"))
    old |= dict(torch_dtype=config["dtype"], transformers_version="4.51.0")
    return dict(sorted(old.items()))


@torch.no_grad()
def logits(model, tokens):
    return model(torch.tensor([tokens]), use_cache=False).logits[0]


@torch.no_grad()
def greedy(model, tokens):
    """generate() with its cache, held against plain forward passes; also the smallest lead of the winner."""
    ids = torch.tensor([tokens])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW,
                         eos_token_id=None, pad_token_id=0)[0].tolist()
    assert len(out) == len(tokens) + NEW
    lead = float("inf")
    for n in range(len(tokens), len(out)):
        top = logits(model, out[:n])[-1].topk(2)
        assert top.indices[0] == out[n], "generate() and forward disagree"
        lead = min(lead, (top.values[0] - top.values[1]).item())
    return out[len(tokens):], lead


def build(name, folder):
    (config_class, model_class), settings = MODELS[name]
    index = list(MODELS).index(name)
    lengths = (1, 13, 24) if name in HALF else (1, 13, 40)
    for attempt in range(100):  # until no greedy choice is so close that rounding could turn it
        generator = torch.Generator().manual_seed(1000 * index + attempt)
        torch.manual_seed(index)
        common = COMMON_GPT2 if config_class is GPT2Config else COMMON
        model = model_class._from_config(config_class(**(common | settings)), attn_implementation="eager",
                                         dtype=torch.float32).eval()
        fill(model, generator, name in HALF)
        tokens = [torch.randint(0, VOCAB, (n,), generator=generator).tolist() for n in lengths]
        continued = [greedy(model, t) for t in tokens]
        if min(lead for _, lead in continued) > 0.01:
            break
    else:
        raise SystemExit(f"{name}: no seed with clear greedy choices")
    folder.mkdir(parents=True, exist_ok=True)
    if name in HALF:
        copy.deepcopy(model).to(torch.bfloat16).save_pretrained(folder)
    else:
        model.save_pretrained(folder)
    if name in BARE:
        bare(folder / "model.safetensors")
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "model.safetensors").chmod(0o644)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config_v4.json").write_text(json.dumps(older_spelling(config), indent=2) + "\n")

    results = [logits(model, t) for t in tokens]
    with tempfile.TemporaryDirectory() as scratch:  # both spellings, loaded from disk, must compute the same
        for file in ("config.json", "config_v4.json"):
            shutil.copy(folder / file, f"{scratch}/config.json")
            shutil.copy(folder / "model.safetensors", scratch)
            again = AutoModelForCausalLM.from_pretrained(scratch, attn_implementation="eager", dtype=torch.float32)
            apart = max((logits(again.eval(), t) - r).abs().max().item() for t, r in zip(tokens, results))
            assert apart < 1e-5, (name, file, apart)  # not 0: kernels round after where the file's bytes come to lie
    expected = dict(tokens=tokens, logits=[rounded(r) for r in results], greedy=continued[1][0], greedy_sequence=1,
                    greedy_all=[ids for ids, _ in continued])
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")

    swapped = tokens[2][-10:-1][::-1] + tokens[2][-1:]  # same tokens in another order: does position matter?
    order = (logits(model, tokens[2][-10:])[-1] - logits(model, swapped)[-1]).abs().max().item()
    far = [(tokens[2][0] + 1) % VOCAB] + tokens[2][1:]  # another first token, as far back as it goes
    reach = (logits(model, far)[-1] - results[2][-1]).abs().max().item()
    size = (folder / "model.safetensors").stat().st_size
    print(f"{name:13} {size:6} bytes  logits std {results[2].std():.2f} max {results[2].abs().max():.2f}  "
          f"order {order:.3f}  first token {reach:.2g}  lead {min(l for _, l in continued):.3f}  attempt {attempt}")
    assert size < 100 * 1024 and order > 0.05


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    for each in sys.argv[2:] or MODELS:
        build(each, pathlib.Path(sys.argv[1]) / each)
