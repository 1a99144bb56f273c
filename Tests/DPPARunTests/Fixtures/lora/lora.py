"""Low-rank approximations by NumPy in float64, and the models and adapters that they are of.

    python lora.py

Writes base and expert, whose deltas have odd shapes, one of them zero and one of low rank; adapters one and two, of different modules,
ranks and scales; and expected.json: approximations, energies and ranks by case and tensor.
"""

import json
import os

import numpy as np
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)
LAYERS = "model.layers.0."
SHAPES = {
    "self_attn.q_proj": (7, 5), "self_attn.k_proj": (3, 5), "self_attn.v_proj": (1, 5), "self_attn.o_proj": (5, 7),
    "mlp.up_proj": (11, 5), "mlp.down_proj": (5, 11),
}


def f32(x):
    return np.asarray(x, dtype=np.float32)


def best(x, rank):
    u, s, vt = np.linalg.svd(x.astype(np.float64), full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vt[:rank], (s[:rank] ** 2).sum() / max((s**2).sum(), 1e-300)


def rank_of(x, energy, most=10**9):
    s = np.linalg.svd(x.astype(np.float64), compute_uv=False) ** 2
    rank, total = 0, 0.0
    while rank < len(s) and total < energy * s.sum() * (1 - 1e-12):
        total += s[rank]
        rank += 1
    return max(1, min(rank, most))


def save(folder, tensors, config=None, name="model"):
    os.makedirs(f"{here}/{folder}", exist_ok=True)
    save_file(tensors, f"{here}/{folder}/{name}.safetensors", {"format": "pt"})
    if config is not None:
        file = "config.json" if name == "model" else "adapter_config.json"
        with open(f"{here}/{folder}/{file}", "w") as out:
            json.dump(config, out, indent=1, sort_keys=True)
            out.write("\n")


base = {LAYERS + m + ".weight": f32(rng.normal(size=s) / 2) for m, s in SHAPES.items()}
base["model.norm.weight"] = f32(1 + rng.normal(size=5) / 8)
base["model.embed_tokens.weight"] = f32(rng.normal(size=(13, 5)))
base["lm_head.weight"] = f32(rng.normal(size=(13, 5)))
expert = dict(base)
for m, (rows, columns) in SHAPES.items():
    delta = rng.normal(size=(rows, columns)) / 16
    if m == "mlp.down_proj":
        delta = np.outer(rng.normal(size=rows), rng.normal(size=columns)) / 8
    if m == "self_attn.k_proj":
        delta *= 0
    expert[LAYERS + m + ".weight"] = f32(base[LAYERS + m + ".weight"] + delta)
expert["model.norm.weight"] = f32(base["model.norm.weight"] + rng.normal(size=5) / 32)
expert["model.embed_tokens.weight"] = f32(base["model.embed_tokens.weight"] + rng.normal(size=(13, 5)) / 32)
config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "tie_word_embeddings": False}
save("base", base, config)
save("expert", expert, config)

# Adapters: of other modules each, scales alpha / r of 2 and 0.5.
adapters = {}
for folder, modules, r, alpha in (
    ("one", ["self_attn.q_proj", "mlp.up_proj"], 2, 4), ("two", ["self_attn.q_proj", "mlp.down_proj"], 3, 1.5),
):
    tensors, deltas = {}, {}
    for m in modules:
        rows, columns = SHAPES[m]
        a, b = f32(rng.normal(size=(r, columns)) / 4), f32(rng.normal(size=(rows, r)) / 4)
        tensors[f"base_model.model.{LAYERS}{m}.lora_A.weight"] = a
        tensors[f"base_model.model.{LAYERS}{m}.lora_B.weight"] = b
        deltas[LAYERS + m + ".weight"] = alpha / r * b.astype(np.float64) @ a.astype(np.float64)
    save(folder, tensors, {
        "peft_type": "LORA", "r": r, "lora_alpha": alpha, "target_modules": sorted({m.split(".")[-1] for m in modules}),
        "base_model_name_or_path": "base", "task_type": "CAUSAL_LM"}, "adapter_model")
    adapters[folder] = deltas

deltas = {n: expert[n].astype(np.float64) - base[n].astype(np.float64) for n in expert if n.startswith(LAYERS)}
# The engine's delta is a float32 difference.
deltas = {n: f32(expert[n] - base[n]) for n in deltas}
expected = {}


def case(name, deltas, ranks):
    expected[name] = {}
    for tensor, delta in deltas.items():
        rank = min(ranks(delta), min(delta.shape))
        approximation, kept = best(delta, rank)
        expected[name][tensor] = {
            "rank": rank, "kept": 1.0 if not np.any(delta) else kept, "delta": approximation.ravel().tolist()}


case("rank=2", deltas, lambda d: 2)
case("rank=64", deltas, lambda d: 64)
case("energy=0.8", deltas, lambda d: rank_of(d, 0.8))
case("energy=1", deltas, lambda d: rank_of(d, 1.0))
case("energy=0.95 max_rank=2", deltas, lambda d: rank_of(d, 0.95, 2))
total = {}
for weight, deltas in ((0.5, adapters["one"]), (-1.25, adapters["two"])):
    for tensor, delta in deltas.items():
        total[tensor] = total.get(tensor, 0) + weight * delta
case("sum rank=2", total, lambda d: 2)
case("sum rank=4", total, lambda d: 4)
case("sum energy=0.9", total, lambda d: rank_of(d, 0.9))
case("sum exact", total, lambda d: 64)
with open(f"{here}/expected.json", "w") as out:
    json.dump(expected, out, indent=0, sort_keys=True)
    out.write("\n")
