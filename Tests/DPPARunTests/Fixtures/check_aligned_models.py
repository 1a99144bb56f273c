"""Makes small models that are one architecture and lie differently on the disk, merges them with dppa-run, and loads the results
with transformers: no key is missing or unexpected, and weights and logits are those of a merge by hand in PyTorch.

Prints a line for each case and exits with 1 when one fails. Needs torch, transformers and safetensors. Use:
    python check_aligned_models.py .build/release/dppa-run
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM, Gemma3Config, Gemma3ForConditionalGeneration, Gemma3TextConfig, GPT2Config, GPT2LMHeadModel,
    LlamaConfig, LlamaForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM)

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())
RECIPES = pathlib.Path(__file__).resolve().parents[3] / "recipes"
TOKENS = torch.tensor([[3, 9, 27, 17, 51, 25]])
SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2)


def near(model, seed, scale=0.02):
    """A copy with another random delta."""
    torch.manual_seed(seed)
    copy = type(model)(model.config)
    copy.load_state_dict({k: v + scale * torch.randn(v.shape) if v.is_floating_point() else v
                          for k, v in model.state_dict().items()})
    copy.tie_weights()
    return copy.eval()


def save(model, name, **how):
    model.save_pretrained(ROOT / name, **how)
    return ROOT / name / "model.safetensors"


def change(name, edit):
    """Rewrites the tensors of a saved model."""
    file = ROOT / name / "model.safetensors"
    save_file({k: v.contiguous() for k, v in edit(load_file(file)).items()}, file, {"format": "pt"})


def configure(name, **keys):
    file = ROOT / name / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | keys))


def run(recipe, base, experts, *more):
    """Merges; gives the folder and what was said."""
    out = ROOT / "out"
    shutil.rmtree(out, ignore_errors=True)
    paths = ",".join(str(ROOT / e) for e in experts)
    sets = (["--set", f"base={ROOT / base}"] if base else []) + ["--set", f"experts={paths}"]
    result = subprocess.run(
        [PROGRAM, "run", RECIPES / f"{recipe}.lua", "--out", out, "--quiet", *sets, *more], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return out, result.stderr


def load(folder, kind=AutoModelForCausalLM):
    model, told = kind.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    assert not any(told[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), told
    return model.eval()


def logits(model, **inputs):
    with torch.no_grad():
        return model(TOKENS, **inputs).logits


def same(a, b):
    theirs = b.state_dict()
    for key, value in a.state_dict().items():
        torch.testing.assert_close(value, theirs[key], rtol=1e-5, atol=1e-6, msg=lambda m: f"{key}: {m}")
    torch.testing.assert_close(logits(a), logits(b), rtol=1e-4, atol=1e-5)


def halfway(base, *experts, share=0.5):
    """base + share · Σ(expert − base), by state dict."""
    merged = type(base)(base.config)
    states = [e.state_dict() for e in experts]
    merged.load_state_dict({
        k: v + share * sum(s[k] - v for s in states) if v.is_floating_point() else v for k, v in base.state_dict().items()})
    return merged.eval()


HALF = ("--set", "lambda=0.5")


def llama(**keys):
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**(SIZES | keys))).eval()


def prefixes():
    base = llama()
    tuned = near(base, 1)
    save(base, "base")
    forms = {
        "bare": lambda n: n.removeprefix("model."), "module": lambda n: "module." + n, "compiled": lambda n: "_orig_mod." + n,
        "vision": lambda n: n.replace("model.", "model.language_model.", 1),
        "blocks": lambda n: n.replace("layers.1.", "layers.1._orig_mod.")}
    for form, rename in forms.items():
        save(tuned, form)
        change(form, lambda all: {rename(k): v for k, v in all.items()})
        out, told = run("task_arithmetic", "base", [form], *HALF)
        assert "matched" in told or "training tools" in told, told
        same(load(out), halfway(base, tuned))
        # The other way round the result has the names that the base has, but for those that no reader knows.
        out, _ = run("task_arithmetic", form, ["base"], *HALF)
        found = load_file(out / "model.safetensors")
        expected = halfway(tuned, base).state_dict()
        bare = {k.removeprefix("module.").replace("_orig_mod.", ""): v for k, v in found.items()}
        assert bare.keys() == found.keys() == {rename(k).removeprefix("module.").replace("_orig_mod.", "") for k in expected}
        for name, value in expected.items():
            key = rename(name).removeprefix("module.").replace("_orig_mod.", "")
            torch.testing.assert_close(found[key], value, rtol=1e-5, atol=1e-6)


def tied():
    base = llama(tie_word_embeddings=True)
    a, b = near(base, 1), near(base, 2)
    save(base, "tied")
    save(a, "copy")
    save(b, "none")
    change("copy", lambda all: all | {"lm_head.weight": all["model.embed_tokens.weight"].clone()})
    out, told = run("task_arithmetic", "tied", ["copy", "none"], *HALF)
    assert "a copy of" in told, told
    assert "lm_head.weight" not in load_file(out / "model.safetensors")
    same(load(out), halfway(base, a, b))
    out, _ = run("task_arithmetic", "copy", ["tied"], *HALF)
    same(load(out), halfway(a, base))


def own_head():
    """A tied base and an expert that was untied: the result has a head of its own and says so."""
    base = llama(tie_word_embeddings=True)
    free = llama()
    free.load_state_dict(base.state_dict())
    tuned = near(free, 3)
    save(base, "base_tied")
    save(tuned, "own")
    for recipe, start, experts in [("task_arithmetic", "base_tied", ["own"]), ("average", None, ["base_tied", "own"]),
                                   ("average", None, ["own", "base_tied"])]:
        out, _ = run(recipe, start, experts, *(HALF if start else ()))
        assert json.loads((out / "config.json").read_text())["tie_word_embeddings"] is False
        same(load(out), halfway(free, tuned))


def buffers():
    base = llama()
    a = near(base, 1)
    save(base, "plain")
    save(a, "frequencies")
    more = {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": 1 / 10000 ** (torch.arange(0, 8, 2) / 8) for i in range(2)}
    change("frequencies", lambda all: all | more)
    out, told = run("ties", "plain", ["frequencies"], "--set", "density=1", "--set", "lambda=0.5")
    assert "2 buffers left out" in told, told
    same(load(out), halfway(base, a))
    # In another type on the base's side they are copied, bit by bit.
    change("plain", lambda all: all | {k: v.half() for k, v in more.items()})
    out, _ = run("task_arithmetic", "plain", ["frequencies"], *HALF)
    found = load_file(out / "model.safetensors")
    assert all(torch.equal(found[k], v.half()) for k, v in more.items())


def masks():
    """GPT-2 with the causal masks that old files hold."""
    torch.manual_seed(0)
    base = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=16)).eval()
    a = near(base, 1)
    save(base, "gpt2")
    save(a, "gpt2_old")
    old = {f"transformer.h.{i}.attn.bias": torch.ones(16, 16).tril()[None, None] for i in range(2)}
    old |= {f"transformer.h.{i}.attn.masked_bias": torch.tensor(-1e4) for i in range(2)}
    change("gpt2_old", lambda all: all | old)
    out, told = run("task_arithmetic", "gpt2", ["gpt2_old"], *HALF)
    assert "4 buffers left out" in told, told
    same(load(out), halfway(base, a))


def vision():
    """A text fine-tune into a vision-language model of its family: the tower stays, bit by bit."""
    torch.manual_seed(0)
    text = Gemma3TextConfig(**SIZES, head_dim=8)
    vision = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
    both = Gemma3ForConditionalGeneration(Gemma3Config(text_config=text.to_dict(), vision_config=vision, mm_tokens_per_image=4))
    both.eval()
    save(both, "both")
    inner = transformers.Gemma3ForCausalLM(text).eval()
    inner.model.load_state_dict(both.model.language_model.state_dict())
    inner.tie_weights()
    tuned = near(inner, 4)
    save(tuned, "text")
    out, told = run("task_arithmetic", "both", ["text"], *HALF)
    assert "those of both stay" in told, told
    merged = load(out, Gemma3ForConditionalGeneration)
    for key, value in both.model.vision_tower.state_dict().items():
        assert torch.equal(merged.model.vision_tower.state_dict()[key], value), key
    expected = halfway(inner, tuned)
    for key, value in expected.model.state_dict().items():
        torch.testing.assert_close(merged.model.language_model.state_dict()[key], value, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(logits(merged), logits(expected), rtol=1e-4, atol=1e-5)


def vocabulary():
    base = llama()
    wide = llama(vocab_size=71)
    state = wide.state_dict()
    for key, value in base.state_dict().items():
        state[key][:len(value)] = value
    wide.load_state_dict(state)
    grown = near(wide, 5)
    save(base, "rows")
    save(grown, "grown")
    cut = llama()
    cut.load_state_dict({k: grown.state_dict()[k][:len(v)] for k, v in base.state_dict().items()})
    for rows in "base", "cut":
        out, _ = run("task_arithmetic", "rows", ["grown"], *HALF, "--set", f"rows={rows}")
        same(load(out), halfway(base, cut))
    padded = llama(vocab_size=71)
    padded.load_state_dict({k: torch.cat([base.state_dict()[k], v[len(base.state_dict()[k]):]]) if len(v) == 71 else
                            base.state_dict()[k] for k, v in grown.state_dict().items()})
    out, _ = run("task_arithmetic", "rows", ["grown"], *HALF, "--set", "rows=expert")
    assert json.loads((out / "config.json").read_text())["vocab_size"] == 71
    same(load(out), halfway(padded, grown))
    out, _ = run("task_arithmetic", "grown", ["rows"], *HALF)
    same(load(out), halfway(grown, padded))


def mixtures():
    torch.manual_seed(0)
    base = Qwen3MoeForCausalLM(Qwen3MoeConfig(
        **SIZES, moe_intermediate_size=24, num_experts=4, num_experts_per_tok=2, head_dim=8)).eval()
    a, b = near(base, 1), near(base, 2)
    for name, model in {"m": base, "m1": a, "m2": b}.items():
        save(model, name)
        save(model, name + "_fused", save_original_format=False)
    expected = halfway(base, a, b)
    for start in "m", "m_fused":
        for experts in ["m1", "m2_fused"], ["m1_fused", "m2_fused"], ["m1", "m2"]:
            out, _ = run("task_arithmetic", start, experts, *HALF)
            same(load(out), expected)


def predictors():
    """Layers beyond those that config.json counts, as heads that predict further tokens are kept."""
    base = llama()
    tuned = near(base, 1)
    save(base, "mtp")
    extra = {f"model.layers.2.{n}": torch.randn(32, 32) for n in ("eh_proj.weight", "self_attn.q_proj.weight")}
    change("mtp", lambda all: all | extra)
    save(tuned, "plain_tuned")
    out, told = run("task_arithmetic", "mtp", ["plain_tuned"], *HALF)
    assert "those of mtp stay" in told, told
    found = load_file(out / "model.safetensors")
    assert all(torch.equal(found[k], v) for k, v in extra.items())
    expected = halfway(base, tuned).state_dict()
    assert all(torch.allclose(found[k], v, atol=1e-6) for k, v in expected.items())


failed = 0
for case in prefixes, tied, own_head, buffers, masks, vision, vocabulary, mixtures, predictors:
    try:
        case()
        print(f"{case.__name__}: as by hand")
    except Exception as error:
        failed = 1
        print(f"{case.__name__}: FAILED: {type(error).__name__}: {str(error)[:1500]}")
shutil.rmtree(ROOT)
sys.exit(failed)
