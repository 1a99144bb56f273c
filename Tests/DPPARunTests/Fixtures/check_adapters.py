"""Makes LoRA adapters of many kinds with peft, merges them with dppa-run, and compares with peft's own merge_and_unload.

Every adapter is used as an expert of task arithmetic (base + lambda * delta) and as base+adapter in an average. Prints a line for each kind
and exits with 1 when one fails. Needs torch, transformers, peft and safetensors. Use:
    python check_adapters.py .build/release/dppa-run
"""

import copy
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

transformers.utils.logging.disable_progress_bar()
PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())
RECIPES = pathlib.Path(__file__).resolve().parents[3] / "recipes"
ATTENTION = ["q_proj", "v_proj"]


def llama(**more):
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, **more)).eval()


def gpt2():
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=16, bos_token_id=1, eos_token_id=2)).eval()


def adapter(base, name, dtype=torch.float32, **how):
    """Saves an adapter with random factors; gives the weights that peft makes of it."""
    model = get_peft_model(copy.deepcopy(base), LoraConfig(task_type="CAUSAL_LM", **how))
    torch.manual_seed(len(name))
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.requires_grad:
                value.add_(0.05 * torch.randn(value.shape))
    model.save_pretrained(ROOT / name)
    if dtype != torch.float32:
        file = ROOT / name / "adapter_model.safetensors"
        save_file({k: v.to(dtype) for k, v in load_file(file).items()}, file, {"format": "pt"})
    # Read back: the file's order of patterns counts, not that of training.
    again = PeftModel.from_pretrained(copy.deepcopy(base), ROOT / name, torch_dtype=torch.float32)
    return again.merge_and_unload().state_dict()


def run(recipe, *sets, code=0):
    out = ROOT / "out"
    shutil.rmtree(out, ignore_errors=True)
    arguments = [word for pair in sets for word in ("--set", pair)]
    result = subprocess.run([PROGRAM, "run", RECIPES / f"{recipe}.lua", "--out", out, "--quiet", *arguments], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    return load_file(out / "model.safetensors") if code == 0 else result.stderr


def check(name, base, share=0.5, **how):
    shutil.rmtree(ROOT / "base", ignore_errors=True)
    base.save_pretrained(ROOT / "base")
    merged = adapter(base, name, **how)
    before = base.state_dict()
    path = ROOT / name
    found = run("task_arithmetic", f"base={ROOT / 'base'}", f"experts={path}", f"lambda={share}")
    changed = 0
    for key, value in found.items():
        expected = before[key] + share * (merged[key] - before[key])
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=2e-6, msg=lambda m: f"{key}: {m}")
        changed += not torch.equal(value, before[key])
    mean = run("average", f"experts={ROOT / 'base'}+{path},{ROOT / 'base'}")
    for key, value in mean.items():
        torch.testing.assert_close(value, (before[key] + merged[key]) / 2, rtol=1e-5, atol=2e-6, msg=lambda m: f"{key}: {m}")
    return f"{changed} of {len(found)} tensors changed"


def refused(name, words, **how):
    base = llama()
    base.save_pretrained(ROOT / "base")
    adapter(base, name, **how)
    told = run("task_arithmetic", f"base={ROOT / 'base'}", f"experts={ROOT / name}", code=65)
    assert words in told, told
    return "refused"


CASES = {
    "plain": lambda: check("plain", llama(), r=4, lora_alpha=16, target_modules=ATTENTION),
    "half": lambda: check("half", llama(), dtype=torch.bfloat16, r=4, target_modules="all-linear"),
    "rslora": lambda: check("rslora", llama(), r=2, lora_alpha=16, use_rslora=True, target_modules=ATTENTION),
    "patterns": lambda: check(
        "patterns", llama(), r=4, rank_pattern={"layers.1.self_attn.q_proj": 2, "v_proj": 3},
        alpha_pattern={"v_proj": 32, r"model\.layers\.0\..*": 5}, target_modules=ATTENTION),
    "embedding": lambda: check("embedding", llama(), r=4, target_modules=["embed_tokens", "q_proj"]),
    "dora": lambda: check("dora", llama(), r=4, lora_alpha=8, use_dora=True, target_modules="all-linear"),
    "bias": lambda: check("bias", llama(attention_bias=True), r=4, bias="all", target_modules=ATTENTION),
    "saved": lambda: check("saved", llama(), r=4, target_modules=ATTENTION, modules_to_save=["lm_head", "embed_tokens"]),
    "conv1d": lambda: check("conv1d", gpt2(), r=4, fan_in_fan_out=True, target_modules=["c_attn", "c_proj"]),
    "pissa": lambda: refused("pissa", "pissa, which changed the base", r=4, init_lora_weights="pissa", target_modules=ATTENTION),
    "tokens": lambda: check("tokens", llama(), r=4, trainable_token_indices=[5, 2, 63], target_modules=ATTENTION),
    "tied tokens": lambda: check(
        "tied", llama(tie_word_embeddings=True), r=4, trainable_token_indices=[5, 2], target_modules=ATTENTION),
    "tokens by module": lambda: check(
        "modules", llama(), r=4, trainable_token_indices={"embed_tokens": [1, 9], "lm_head": [0]},
        target_modules=ATTENTION),
}

failed = 0
for name in sys.argv[2:] or CASES:
    try:
        print(f"{name}: {CASES[name]()}", flush=True)
    except Exception as error:
        failed = 1
        print(f"{name}: FAILED: {type(error).__name__}: {str(error)[:800]}", flush=True)
shutil.rmtree(ROOT)
sys.exit(failed)
