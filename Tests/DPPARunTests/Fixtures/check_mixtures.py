"""Mixtures that dppa-run merges and makes, against PyTorch and transformers.

Merging: makes a small Mixtral and a small Qwen3-MoE with transformers and two fine-tunes of each, saves them with a matrix for each
expert and with experts in stacks, and merges them by every method that ships. What is made of stacks must be, slice by slice, what is
made of matrices, bit for bit; task arithmetic, TIES, model stock and DP by rate 0.5 must be what NumPy makes of each matrix; every
result must load in transformers without a key missing or left over and have the logits of the NumPy weights.
Building: mixtures of dense models of three families must load, and have the logits that their parts have in PyTorch.

Prints a line for each check; exits with 1 when one fails. Needs torch, transformers and safetensors. Use:
    python check_mixtures.py .build/release/dppa-run
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch
import transformers as t
from safetensors.torch import load_file, save_file

t.logging.set_verbosity_error()
t.utils.logging.disable_progress_bar()
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import methods  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
RECIPES = HERE.parents[2] / "recipes"
ROOT = pathlib.Path(tempfile.mkdtemp())
BASE = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False)
MIXTURES = {
    "mixtral": (t.MixtralForCausalLM, t.MixtralConfig(**BASE, num_local_experts=4, num_experts_per_tok=2)),
    "qwen3_moe": (t.Qwen3MoeForCausalLM, t.Qwen3MoeConfig(
        **BASE, head_dim=8, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=24, norm_topk_prob=True)),
}
DENSE = {
    "llama": (t.LlamaForCausalLM, t.LlamaConfig(**BASE), None),
    "qwen2": (t.Qwen2ForCausalLM, t.Qwen2Config(**BASE), "base"),
    "qwen3": (t.Qwen3ForCausalLM, t.Qwen3Config(**BASE, head_dim=8), None),
}
METHODS = sorted(path.stem for path in RECIPES.glob("*.lua"))
SKIPPED = {"dppa", "dppa_minimal", "my_rule", "mixture_of_experts"}
ONE = {"passthrough", "nearswap", "arcee_fusion", "dp"}
TOKENS = torch.tensor([[1, 5, 9, 33, 60, 2, 17, 44]])
failed = 0


def run(recipe, out, *sets):
    shutil.rmtree(out, ignore_errors=True)
    words = [word for pair in sets for word in ("--set", pair)]
    result = subprocess.run([PROGRAM, "run", recipe, "--out", out, "--models", ROOT, *words], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return out


def tensors(folder):
    return {name: value for path in sorted(pathlib.Path(folder).glob("*.safetensors")) for name, value in load_file(path).items()}


def apart(state, kind):
    """A checkpoint with a matrix for each expert, under names that both layouts share."""
    found = {}
    for name, value in state.items():
        stack = re.fullmatch(r"(.*\.experts\.)(gate_up_proj|down_proj)", name)
        one = re.fullmatch(r"(.*)\.(?:block_sparse_moe|mlp)\.experts\.(\d+)\.(\w+)\.weight", name)
        if stack:
            site = stack[1].replace("block_sparse_moe", "mlp")
            for expert, matrix in enumerate(value):
                parts = {"gate_proj": matrix.chunk(2)[0], "up_proj": matrix.chunk(2)[1]} if stack[2] == "gate_up_proj" else {
                    "down_proj": matrix}
                found |= {f"{site}{expert}.{word}.weight": part for word, part in parts.items()}
        elif one:
            word = {"w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}.get(one[3], one[3])
            found[f"{one[1]}.mlp.experts.{one[2]}.{word}.weight"] = value
        else:
            found[name.replace("block_sparse_moe", "mlp")] = value
    return found


def stacked(state):
    """The same with experts in stacks."""
    found, experts = {}, {}
    for name, value in state.items():
        one = re.fullmatch(r"(.*\.mlp\.experts\.)(\d+)\.(\w+)\.weight", name)
        if one:
            experts.setdefault(one[1], {}).setdefault(int(one[2]), {})[one[3]] = value
        else:
            found[name] = value
    for site, all in experts.items():
        found[site + "gate_up_proj"] = torch.stack([torch.cat([all[e]["gate_proj"], all[e]["up_proj"]]) for e in sorted(all)])
        found[site + "down_proj"] = torch.stack([all[e]["down_proj"] for e in sorted(all)])
    return found


def logits(folder, kind):
    model, told = kind.from_pretrained(folder, output_loading_info=True, dtype=torch.float32, attn_implementation="eager")
    assert not any(told[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), told
    with torch.no_grad():
        return model(TOKENS).logits[0], model


def report(what, body):
    global failed
    try:
        print(f"{what}: {body() or 'ok'}", flush=True)
    except Exception as error:
        failed = 1
        print(f"{what}: FAILED: {type(error).__name__}: {str(error)[:500]}", flush=True)


def write(folder, model, seed=None):
    torch.manual_seed(seed or 0)
    with torch.no_grad():
        for name, value in sorted(model.named_parameters()):
            noise = torch.randn(value.shape)
            value += (0.05 if seed else 0.2) * noise
    model.save_pretrained(ROOT / folder)


def oracle(method, base, experts):
    """One tensor by a method's defaults, in NumPy."""
    b, x = base.numpy(), [e.numpy() for e in experts]
    if method == "task_arithmetic":
        return methods.task_arithmetic(b, x, [1.0] * len(x))
    if method == "ties":
        return methods.ties(b, x, [1.0] * len(x), 0.2)
    return methods.average(x, [1.0] * len(x))


def merging(name, kind, config):
    paths = {}
    for label, seed in (("base", None), ("a", 1), ("b", 2)):
        torch.manual_seed(0)
        model = kind(config)
        write(f"{name}/plain/{label}", model)
        if seed:
            write(f"{name}/plain/{label}", model, seed)
        state = apart(tensors(ROOT / name / "plain" / label), kind)
        folder = ROOT / name / "stacked" / label
        shutil.copytree(ROOT / name / "plain" / label, folder)
        for path in folder.glob("*.safetensors"):
            path.unlink()
        save_file({key: value.contiguous() for key, value in stacked(state).items()}, folder / "model.safetensors", {"format": "pt"})
        paths[label] = state

    def check(method):
        results = {}
        for layout in ("plain", "stacked"):
            folder = ROOT / name / layout
            experts = f"expert={folder}/a" if method in ONE else f"experts={folder}/a" + (
                "" if method == "slerp" else f",{folder}/b")
            bases = [] if method in ("average", "karcher", "passthrough") else [f"base={folder}/base"]
            scale = ["lambda=1"] if method == "task_arithmetic" else []
            out = run(RECIPES / f"{method}.lua", ROOT / "out" / layout, experts, *bases, *scale)
            results[layout] = apart(tensors(out), kind)
        plain, fused = results["plain"], results["stacked"]
        assert plain.keys() == fused.keys(), plain.keys() ^ fused.keys()
        same = [key for key in plain if not torch.equal(plain[key], fused[key])]
        # Names are part of random numbers, and Mixtral's matrices have others than slices of stacks.
        random = name == "mixtral" and method.startswith(("dare", "della"))
        assert random or not same, f"{len(same)} differ, {same[:2]}"
        told = "random numbers go by names" if random else "both layouts have the same bits"
        if method in ("task_arithmetic", "ties", "average"):
            for key, value in plain.items():
                right = oracle(method, paths["base"][key], [paths["a"][key], paths["b"][key]])
                np.testing.assert_allclose(value.numpy(), right, rtol=1e-6, atol=1e-7, err_msg=key)
            told += ", NumPy's numbers"
        first, _ = logits(ROOT / "out" / "plain", kind)
        second, _ = logits(ROOT / "out" / "stacked", kind)
        if not random:
            torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-5)
        return told + ", loads"

    for method in METHODS:
        if method not in SKIPPED:
            report(f"{name} {method}", lambda: check(method))


def dense_logits(kind, config, base, experts, gates, shared, active, scale):
    """The mixture's logits: the base with MLPs replaced by the formula."""
    class Mixed(torch.nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            flat = x.reshape(-1, x.shape[-1])
            p = (flat @ gates[self.layer][0].T).softmax(-1)
            top, index = p.topk(active, dim=-1)
            top = top / top.sum(-1, keepdim=True)
            out = torch.zeros_like(flat)
            for e, expert in enumerate(experts):
                weight = (top * (index == e)).sum(-1, keepdim=True)
                out += weight * expert.model.layers[self.layer].mlp(flat) * scale[e]
            if shared is not None:
                out += torch.sigmoid(flat @ gates[self.layer][1].T) * shared.model.layers[self.layer].mlp(flat)
            return out.reshape(x.shape)

    originals = [layer.mlp for layer in base.model.layers]
    copy = kind(config)
    copy.load_state_dict(base.state_dict())
    for number, layer in enumerate(copy.model.layers):
        layer.mlp = Mixed(number)
    with torch.no_grad():
        return copy(TOKENS).logits[0]


def building(name, kind, config, shared):
    models = {}
    for label, seed in (("base", 11), ("a", 12), ("b", 13)):
        torch.manual_seed(seed)
        models[label] = kind(config)
        write(f"dense/{name}/{label}", models[label], seed)
        models[label] = kind.from_pretrained(ROOT / "dense" / name / label, dtype=torch.float32)

    def check(gates, prompts):
        recipe = ROOT / "mixture.lua"
        p = [f", prompts = {{ {{ {', '.join(map(str, ids))} }} }}" if prompts else "" for ids in ([5, 6, 7], [40, 41], [9])]
        extra = f", shared = {{ base{p[2]} }}" if shared else ""
        recipe.write_text(f"""local dppa = require "dppa.v1"
local base, a, b = dppa.model "dense/{name}/base", dppa.model "dense/{name}/a", dppa.model "dense/{name}/b"
return dppa.mixture(base, {{ {{ a{p[0]} }}, {{ b{p[1]}, residual_scale = 0.5 }} }}, {{ gates = "{gates}"{extra} }})
""")
        out = run(recipe, ROOT / "out" / "mixture")
        own = tensors(out)
        config_json = json.loads((out / "config.json").read_text())
        cls = getattr(t, config_json["architectures"][0])
        found, _ = logits(out, cls)
        rows = []
        for layer in range(config.num_hidden_layers):
            site = next(key for key in own if key.startswith(f"model.layers.{layer}.") and re.search(r"(mlp|moe)\.gate\.weight", key))
            rows.append((own[site], own.get(site.replace("gate.weight", "shared_expert_gate.weight"))))
        with torch.no_grad():
            right = dense_logits(
                kind, config, models["base"], [models["a"], models["b"]], rows, models["base"] if shared else None, 2, [1, 0.5])
        torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-4)
        return f"{cls.__name__}, largest difference of logits {float((found - right).abs().max()):.1e}"

    for gates in ("random", "uniform", "embedding", "hidden", "hidden_mean"):
        report(f"{name} mixture, gates {gates}", lambda: check(gates, gates not in ("random", "uniform")))


for name, (kind, config) in MIXTURES.items():
    merging(name, kind, config)
for name, (kind, config, shared) in DENSE.items():
    building(name, kind, config, shared)
shutil.rmtree(ROOT)
sys.exit(failed)
