"""Has dppa-run write LoRA adapters of many kinds, loads them with peft, and compares with NumPy's decompositions.

PeftModel.from_pretrained, whose warnings of missing keys count as failures, and merge_and_unload must give base + the best
approximation. Prints a line for each kind and exits with 1 when one fails. Needs torch, transformers, peft, safetensors and numpy. Use:
    python check_written_adapters.py .build/release/dppa-run
"""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

transformers.utils.logging.disable_progress_bar()
PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())


def llama(**more):
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=12, num_attention_heads=4,
        num_key_value_heads=2, **more)).eval()


def gpt2():
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=16, bos_token_id=1, eos_token_id=2)).eval()


def tuned(base, changes):
    """A model whose parameters with one of some words in their names differ from the base's."""
    model = copy.deepcopy(base)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if any(word in name for word in changes):
                value.add_(0.05 * torch.randn(value.shape))
    return model


def best(delta, rank=None, energy=None):
    u, s, vt = np.linalg.svd(delta.astype(np.float64), full_matrices=False)
    if energy is not None:
        rank = int((np.cumsum(s**2) < energy * (s**2).sum() * (1 - 1e-12)).sum()) + 1
    return (u[:, :rank] * s[:rank]) @ vt[:rank]


def recipe(text):
    (ROOT / "recipe.lua").write_text('local dppa = require "dppa.v1"\n' + text)
    shell = [PROGRAM, "run", "recipe.lua", "--out", "out", "--force", "--quiet"]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{text}\n{done.stderr}")


def loaded(base):
    """The weights that peft makes of what was written, and what it complained of."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(copy.deepcopy(base), ROOT / "out")
    complaints = [str(w.message)[:200] for w in told if "adapter" in str(w.message) or "key" in str(w.message)]
    merged = model.merge_and_unload()
    return {k: v.detach().float().numpy() for k, v in merged.state_dict().items()}, complaints


failures = 0


def check(name, base, expected, tolerance=2e-6):
    global failures
    found, complaints = loaded(base)
    worst = max(np.abs(found[k] - v).max() for k, v in expected.items())
    isRight = worst < tolerance and not complaints and set(found) == set(expected)
    failures += not isRight
    print(f"{'ok  ' if isRight else 'FAIL'} {name}: {worst:.1e} {' '.join(complaints)}")


def weights(model):
    return {k: v.detach().float().numpy() for k, v in model.state_dict().items()}


def pair(base, expert):
    base.save_pretrained(ROOT / "base")
    expert.save_pretrained(ROOT / "expert")


OPEN = 'local base, experts = dppa.family { base = "base", experts = { "expert" } }\nlocal delta = experts[1] - base\n'
LINEAR = ("proj.weight", "c_attn.weight", "c_proj.weight", "c_fc.weight")


def extraction(name, base, changes, options, rank=None, energy=None, rest=False, change=None, part=""):
    expert = tuned(base, changes)
    pair(base, expert)
    if change:
        change()
    recipe(OPEN + f"return (delta{part}):lora {{ {options} }}")
    first, second = weights(base), weights(expert)
    expected = {}
    for key, value in first.items():
        delta = second[key] - value
        if key.endswith(LINEAR):
            delta = best(delta, rank, energy)
        elif not rest:
            delta = 0 * delta
        expected[key] = value + delta
    check(name, base, expected)


PROJ = ["q_proj.weight", "down_proj.weight", "k_proj.weight"]
extraction("rank 4", llama(), PROJ, 'rank = 4, rest = "drop"', rank=4)
extraction("rank 4 of all linears", llama(), ["proj.weight"], 'rank = 4, rest = "drop"', rank=4)
extraction("rank above the smaller side", llama(), PROJ, 'rank = 100, rest = "drop"', rank=100)
extraction("energy 0.6, with other ranks in all modules", llama(), PROJ, 'energy = 0.6, rest = "drop"', energy=0.6)
extraction("energy 1", llama(), PROJ, 'energy = 1, rest = "drop"', energy=1.0)
extraction(
    "norms, embedding and head saved whole", llama(), ["proj.weight", "norm", "embed_tokens", "lm_head"],
    'rank = 4, rest = "save"', rank=4, rest=True)
extraction(
    "biases of modules with factors", llama(attention_bias=True), ["q_proj", "o_proj", "norm"],
    'rank = 4, rest = "save"', rank=4, rest=True)
BLOCKS = ':select "*h.*"'
extraction("GPT-2", gpt2(), ["c_attn", "c_fc", "c_proj"], 'rank = 3, rest = "save"', rank=3, rest=True, part=BLOCKS)


def bare():
    """Names as in GPT-2's repository."""
    for folder in ("base", "expert"):
        file = ROOT / folder / "model.safetensors"
        tensors = {k.removeprefix("transformer."): v for k, v in load_file(file).items()}
        save_file(tensors, file, {"format": "pt"})


extraction(
    "GPT-2 without its prefix", gpt2(), ["c_attn", "c_fc", "ln_1"], 'rank = 3, rest = "save"', rank=3, rest=True,
    change=bare, part=BLOCKS)

# Sums of adapters.
base = llama()
base.save_pretrained(ROOT / "base")
deltas = []
for name, modules, r in (("one", ["q_proj", "up_proj"], 3), ("two", ["q_proj", "v_proj"], 5)):
    model = get_peft_model(copy.deepcopy(base), LoraConfig(task_type="CAUSAL_LM", r=r, lora_alpha=2 * r, target_modules=modules))
    torch.manual_seed(r)
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.requires_grad:
                value.add_(0.05 * torch.randn(value.shape))
    model.save_pretrained(ROOT / name)
    merged = weights(PeftModel.from_pretrained(copy.deepcopy(base), ROOT / name).merge_and_unload())
    deltas.append({k: merged[k].astype(np.float64) - v for k, v in weights(base).items()})
for name, options, rank in (("exactly", 'rank = "exact"', 64), ("cut to rank 4", "rank = 4", 4)):
    recipe(
        'local base, experts = dppa.family { base = "base", experts = { "one", "two" } }\n'
        f'return (0.3 * (experts[1] - base) + 0.7 * (experts[2] - base)):lora {{ {options} }}')
    expected = {}
    for key, value in weights(base).items():
        delta = 0.3 * deltas[0][key] + 0.7 * deltas[1][key]
        expected[key] = value + (best(delta, rank) if key.endswith(LINEAR) else 0)
    check(f"a sum of adapters {name}", base, expected)
expected = {k: v + 0.3 * deltas[0][k] + 0.7 * deltas[1][k] for k, v in weights(base).items()}
for sum in (
    'require "dppa.combine".sum({ experts[1] - base, experts[2] - base }, { weights = { 3, 7 }, normalize = true })',
    '(require "dppa.task_arithmetic"(base, experts, { weights = { 0.3, 0.7 } }) - base):linears()',
):
    recipe(f'local base, experts = dppa.family {{ base = "base", experts = {{ "one", "two" }} }}\nlocal sum = {sum}\n'
           'return sum:lora { rank = "exact" }')
    check("a sum of the library's", base, expected)
config = json.loads((ROOT / "out" / "adapter_config.json").read_text())
print(config["r"], config["target_modules"], len(config["rank_pattern"]))
sys.exit(1 if failures else 0)
