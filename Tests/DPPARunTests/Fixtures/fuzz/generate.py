"""Writes the fuzzer's models, recipes and expected results: base/, a/, b/, cases.json, expected.safetensors.

A case of cases.json is {name, recipe, kind, tolerance, stride, nodes}. The recipe returns a model; its float32 output must be
equal, as numbers, to the tensors `name/tensor` of expected.safetensors, or, for tensors that `tolerance` names, differ by at
most that much. Of tensors that `stride` names only the elements at flat indices 0, stride, 2 stride, … are kept. An output has all
tensors of the base. The recipe's file belongs beside the folders base, a and b.

Cases with doubtful decisions are never written (see numbers_with_bounds.py). Needs NumPy. Use: python generate.py
"""

import json
import pathlib
import random
import re
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import tensors as files  # noqa: E402
from expressions import GROUPS, LATER, NAMED, make_groups, random_expression  # noqa: E402
from numbers_with_bounds import Unclear  # noqa: E402
from recipe import Dppa, Recipe  # noqa: E402

RANDOM_CASES = 120
STRIDE = 61
SHAPES = {
    "model.embed_tokens.weight": (90, 100),
    "model.layers.0.input_layernorm.weight": (13,),
    "model.layers.0.mlp.down_proj.weight": (13, 5),
    "model.layers.0.self_attn.q_proj.weight": (7, 13),
    "model.layers.1.input_layernorm.weight": (13,),
    "model.layers.1.mlp.down_proj.weight": (13, 19),
    "model.layers.1.self_attn.k_proj.weight": (1, 1),
    "model.layers.1.self_attn.q_proj.weight": (17, 9),
    "model.layers.2.mlp.down_proj.weight": (31, 3),
    "model.layers.2.mlp.up_proj.weight": (0, 13),
    "model.layers.2.self_attn.q_proj.weight": (3, 33),
    "model.norm.weight": (13,),
    "model.patch_embed.weight": (3, 2, 5),
}
LINEARS = [name for name in SHAPES if "_proj" in name]
# Names that compute nothing of values, or that have oracles of their own.
ELSEWHERE = {
    # Whole matrices: Fixtures/spectral.
    "block", "cumsum", "gram", "hstack", "matmul", "polar", "solve", "spread_columns", "spread_rows", "svd", "transpose",
    "vstack", "whole",
    # Opening models and a serial stream: tests of their own.
    "family", "mt19937",
    "bernoulli", "facts", "gradient", "inputs", "json", "label", "method", "models", "named", "option", "options", "report",
    "save", "score", "space", "tensors", "uniform", "value", "weight_sum",
}
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 13, "intermediate_size": 19,
    "num_hidden_layers": 3, "num_attention_heads": 1, "vocab_size": 90, "torch_dtype": "float32",
}


def make_models():
    """The base has bfloat16 numbers and b is stored as bfloat16, so that b's deltas have many equal sizes; a's have none.

    In b one tensor is as in the base and a third of the elements of another; the deltas of a have heavy tails.
    """
    rng = np.random.default_rng(20240607)
    base = {n: files.round_bf16(rng.normal(0, 0.4, shape).astype(np.float32)) for n, shape in SHAPES.items()}
    a, b = {}, {}
    for number, (name, shape) in enumerate(SHAPES.items()):
        tail = rng.standard_t(3, shape) * 0.02 * (1 + number % 4)
        a[name] = base[name] + tail.astype(np.float32)
        step = rng.integers(-6, 7, shape) * 2.0**-6
        b[name] = files.round_bf16(base[name] + step.astype(np.float32))
    b["model.layers.2.self_attn.q_proj.weight"] = base["model.layers.2.self_attn.q_proj.weight"].copy()
    b["model.layers.1.mlp.down_proj.weight"][::3] = base["model.layers.1.mlp.down_proj.weight"][::3]
    return {"base": base, "a": a, "b": b}


def outcome(node, base):
    """{tensor: (values, largest bound)} of a result, which must be a model, finite, and not the base itself."""
    field = node.field
    if field.space != "model" or set(field.domain) != set(base):
        raise Unclear("not a whole model")
    result, differs = {}, 0
    for name in field.domain:
        value, bound = field.data[name]
        scale = float(np.max(np.abs(value), initial=0))
        if scale > 1e4 or np.max(bound, initial=0) > 1e-4 * max(scale, 1):
            raise Unclear("too large or too vague")
        result[name] = (np.asarray(value, np.float32).reshape(SHAPES[name]), float(np.max(bound, initial=0)))
        differs += int(np.sum(result[name][0] != base[name]))
    if differs == 0:
        raise Unclear("nothing happens")
    return result


def reduces(node):
    """Whether a coarser value or a choice enters the expression."""
    return any("dppa.top" in n.text or n.field.scope != "element" for n in Recipe(node).order)


def untried(cases):
    """The functions of values that docs/reference.md has and no recipe uses."""
    text = (HERE.parents[3] / "docs" / "reference.md").read_text()
    names = re.findall(r"^### `(?:dppa\.|\w+:)(\w+)\(", text.split("## Modules")[0], re.MULTILINE)
    recipes = "".join(case["recipe"] for case in cases)
    return [name for name in names if name not in ELSEWHERE and not re.search(rf"[.:]{name}\b", recipes)]


def main():
    models = make_models()
    for label, tensors in models.items():
        dtype = "BF16" if label == "b" else "F32"
        files.write(HERE / label / "model.safetensors", tensors, dtype)
        config = CONFIG | {"torch_dtype": "bfloat16" if label == "b" else "float32"}
        (HERE / label / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    dppa = Dppa(models, LINEARS)
    groups = make_groups(dppa)
    lua = {name: body for name, (body, _) in GROUPS.items()}
    cases, expected, operations, refused = [], {}, {}, 0

    def add(name, node):
        recipe = Recipe(node, lua)
        result = outcome(node, models["base"])
        tolerance = {tensor: bound * 1.01 for tensor, (_, bound) in result.items() if bound > 0}
        cases.append({
            "name": name, "recipe": recipe.text(), "kind": "model", "tolerance": tolerance,
            "stride": {"model.embed_tokens.weight": STRIDE}, "nodes": len(recipe.order)})
        for tensor, (value, _) in result.items():
            step = STRIDE if tensor == "model.embed_tokens.weight" else 1
            expected[f"{name}/{tensor}"] = value.ravel()[::step]
        for item in recipe.order:
            word = item.text.split("(")[0] if item.text.startswith("dppa") else item.text
            operations[word[:24]] = operations.get(word[:24], 0) + 1

    for name, function in NAMED.items():
        add(name, function(dppa, groups))
    seed = 0
    while len(cases) < len(NAMED) + RANDOM_CASES:
        seed += 1
        try:
            node = random_expression(random.Random(seed), dppa, groups)
            if 5 <= len(Recipe(node).order) <= 15 and reduces(node):
                add(f"random_{seed}", node)
        except Unclear:
            refused += 1
    for name, function in LATER.items():
        add(name, function(dppa, groups))
    missing = untried(cases)
    if missing:
        sys.exit(f"no recipe uses {', '.join(missing)}: write an expression in LATER of expressions.py")
    files.write_json(HERE / "cases.json", cases)
    files.write(HERE / "expected.safetensors", expected)
    exact = sum(not case["tolerance"] for case in cases)
    print(f"{len(cases)} cases, {exact} of them exact everywhere; {refused} expressions refused")
    print(", ".join(f"{word} {count}" for word, count in sorted(operations.items(), key=lambda item: -item[1])))


if __name__ == "__main__":
    main()
