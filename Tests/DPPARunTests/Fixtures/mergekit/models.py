"""Models for comparisons with mergekit: odd shapes, one dimension, one element, an embedding, and deltas that are special.

`layers.3` no expert changes, in `layers.4` all have the same change, in `layers.5` changes are of 1e-9, in `layers.6` A and B
change what they change in opposite directions. Eleven layers, so that the order of names is not that of numbers. In bfloat16 all
sizes of a tensor's deltas differ, because which of equal ones mergekit keeps is up to its sort.
"""

import json

import numpy as np

import tensors

LAYERS = 11
CONFIG = {
    "architectures": ["OddForCausalLM"], "model_type": "llama", "hidden_size": 6, "intermediate_size": 3,
    "num_hidden_layers": LAYERS, "num_attention_heads": 1, "vocab_size": 17, "tie_word_embeddings": True,
}


def shapes():
    """The names with their shapes."""
    result = {"model.embed_tokens.weight": (17, 5), "model.norm.weight": (1,)}
    for layer in range(LAYERS):
        result[f"model.layers.{layer}.input_layernorm.weight"] = (7,)
        result[f"model.layers.{layer}.mlp.up_proj.weight"] = (7, 11) if layer == 0 else (3, 5)
    return result


def kind(name):
    """The layer whose deltas are special, or nothing."""
    return next((layer for layer in (3, 4, 5, 6) if f"layers.{layer}.mlp" in name), None)


def special(name, deltas):
    """The deltas of A, B and C in a tensor."""
    match kind(name):
        case 3:
            return [0 * d for d in deltas]
        case 4:
            return [deltas[0]] * 3
        case 5:
            return [1e-9 * d for d in deltas]
        case 6:
            return [deltas[0], -deltas[0], deltas[2]]
    return deltas


def has_twins(base, values):
    sizes = np.abs(tensors.round_bf16(values - base))
    return [np.count_nonzero(sizes == size) > 1 for size in sizes.ravel()]


def draw(random, name, shape, is_half):
    """A tensor of the base and of the three experts."""
    stored = tensors.round_bf16 if is_half else lambda x: np.asarray(x, np.float32)
    base = stored(random.normal(size=shape) * (0 if kind(name) == 5 else 1))
    experts = [stored(base + d) for d in special(name, [0.3 * random.normal(size=shape) for _ in range(3)])]
    for expert in experts if is_half and kind(name) != 3 else []:
        for _ in range(1000):
            twins = np.reshape(has_twins(base, expert), shape)
            if not twins.any():
                break
            expert[twins] = stored(base[twins] + 0.3 * random.normal(size=np.count_nonzero(twins)))
    if kind(name) == 4:
        experts = experts[:1] * 3
    return [base, *experts]


def write(folder):
    """Writes f32 and bf16 with base, A, B and C each."""
    for dtype in ("F32", "BF16"):
        random = np.random.default_rng(20)
        all_four = {name: draw(random, name, shape, dtype == "BF16") for name, shape in shapes().items()}
        for index, label in enumerate(["base", "A", "B", "C"]):
            target = folder / dtype.lower() / label
            tensors.write(target / "model.safetensors", {n: v[index] for n, v in all_four.items()}, dtype)
            config = CONFIG | {"torch_dtype": "float32" if dtype == "F32" else "bfloat16"}
            (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
