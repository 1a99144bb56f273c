"""Writes small models and what mergekit 0.1.5 makes of them: cases.json and expected*.safetensors, one vector a case.

Each case is a whole run of mergekit on a processor, by its own executor, so that the order in which it draws random numbers is in
it; a vector is all tensors of the result, in bytewise order of their names. `exact`: bit for bit, because all that is done is
done element by element. Needs mergekit 0.1.5, torch and NumPy; the tests do not. Use: python generate.py
"""

import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import torch
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import MergeOptions, run_merge

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import models  # noqa: E402
import tensors  # noqa: E402

W = [0.5, 0.3, 0.2]
MIXED = [1, -0.5, 0.7]
CANCEL = [0.75, -0.25, -0.5]

CASES = []


def case(method, own=None, shared=None, each=None, *, theirs=None, experts="ABC", dtypes=("f32", "bf16"), exact=True, seed=None,
         without_base=False):
    """A run for each working type: the program's options, mergekit's parameters, and those for each model."""
    for dtype in dtypes:
        CASES.append({
            "method": method, "theirs": theirs or method, "options": own or {}, "shared": shared or {}, "each": each or {},
            "experts": experts, "models": dtype, "exact": exact, "seed": seed, "without_base": without_base})


def both(method, own, each, shared=None, rename=None, **more):
    """The same parameters on both sides, but for the names of weights."""
    theirs = {"weight" if k == "weights" else k: v for k, v in each.items()}
    case(method, {**each, **(own or {})}, shared, theirs, theirs=rename, **more)


def elsewhere_one(density):
    """A density for all tensors of more than one element, at which mergekit's DELLA fails."""
    return [{"filter": "model.norm", "value": 1}, {"value": density}]


def lua(value):
    """A value as a recipe writes it."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{ " + ", ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + " }"
        case list():
            return "{ " + ", ".join(map(lua, value)) + " }"
    return json.dumps(value)


F32 = ("f32",)
both("average", {}, {"weights": W}, rename="linear", exact=False)
both("average", {"normalize": False}, {"weights": MIXED}, {"normalize": False}, rename="linear", exact=False)
case("slerp", {"t": 0.3}, {"t": 0.3}, experts="A", exact=False)
case("slerp", {"t": 0.9}, {"t": 0.9}, experts="B", exact=False, dtypes=F32)
both("nuslerp", {}, {"weights": [0.7, 0.3]}, experts="AC", exact=False, dtypes=F32)
both("nuslerp", {"scope": "row"}, {"weights": [1, 3]}, {"nuslerp_flatten": False}, experts="AC", exact=False, dtypes=F32)
both("nuslerp", {"scope": "column"}, {"weights": [1, 3]}, {"nuslerp_flatten": False, "nuslerp_row_wise": True}, experts="AC",
     exact=False, dtypes=F32)
both("nuslerp", {}, {"weights": [0.5, -0.5]}, experts="AC", exact=False, dtypes=F32)
both("nuslerp", {"vectors": "models"}, {"weights": [2, 1]}, experts="AC", exact=False, dtypes=F32, without_base=True)
# Of three unchanged tensors mergekit's multislerp fails, so those are two.
both("multislerp", {}, {"weights": [0.7, 0.3]}, experts="AC", exact=False, dtypes=F32)
both("multislerp", {"normalize": False, "vectors": "models"}, {"weights": MIXED}, {"normalize_weights": False}, exact=False,
     dtypes=F32, without_base=True)
both("multislerp", {}, {"weights": [1]}, experts="A", exact=True, dtypes=F32)
case("karcher", exact=False, dtypes=F32)
case("karcher", {"max_iter": 1, "tol": 0.01}, {"max_iter": 1, "tol": 0.01}, exact=False, dtypes=F32, experts="AC")
both("task_arithmetic", {"lambda": 0.6}, {"weights": W}, {"lambda": 0.6})
both("task_arithmetic", {"normalize": True}, {"weights": MIXED}, {"normalize": True})
both("task_arithmetic", {"normalize": True}, {"weights": CANCEL}, {"normalize": True})
both("ties", {}, {"weights": W, "density": 0.29})
both("ties", {"lambda": 1.3}, {"weights": MIXED, "density": [0, 0.5, 1]}, {"lambda": 1.3})
both("ties", {"rescale": "l1", "normalize": False}, {"weights": MIXED, "density": 0.3}, {"rescale": True, "normalize": False},
     exact=False)
both("ties", {}, {"weights": CANCEL})
for method, theirs in (("dare", "dare_linear"), ("dare_ties", "dare_ties")):
    for number, (weights, density, seed) in enumerate([(W, [0.5, 0.3, 1], 42), (MIXED, [0, 0.9, 0.25], 5)]):
        rate = [round(1 - d, 9) for d in density]
        case(method, {"weights": weights, "rate": rate, "seed": seed}, {}, {"weight": weights, "density": density},
             theirs=theirs, exact=False, seed=seed)
        case(method, {"weights": weights, "rate": rate, "seed": seed, "rescale": "none", "normalize": True},
             {"rescale": False, "normalize": True}, {"weight": weights, "density": density}, theirs=theirs, seed=seed)
for method in ("della", "della_linear"):
    for weights, density, epsilon, seed in [(W, [0.5, 0.3, 1], 0.15, 42), (MIXED, [0, 0.7, 0.4], [0.2, 0.05, 0.3], 7)]:
        own = {"weights": weights, "density": [{"model.norm.weight": 1, "rest": d} for d in density], "epsilon": epsilon,
               "seed": seed}
        each = {"weight": weights, "density": [elsewhere_one(d) for d in density], "epsilon": epsilon}
        case(method, own, {}, each, exact=False, seed=seed)
        case(method, {**own, "rescale": "none"}, {"rescale": False}, each, seed=seed)
for method in ("breadcrumbs", "breadcrumbs_ties"):
    both(method, {}, {"weights": W, "density": 0.7, "gamma": 0.02})
    both(method, {"normalize": True}, {"weights": MIXED, "density": [0, 0.9, 1], "gamma": [0.1, 0.3, 0.5]}, {"normalize": True})
    both(method, {"rescale": "l1"}, {"weights": MIXED, "density": 0.5}, {"rescale": True}, exact=False)
case("sce", exact=False, dtypes=F32)
case("sce", {"select_topk": 0.3}, {"select_topk": 0.3}, exact=False, dtypes=F32)
case("ram", exact=True)
case("ram", {"epsilon": 0.2}, {"epsilon": 0.2})
case("ramplus_tl", exact=True)
case("ramplus_tl", {"epsilon": 0.2, "r": 0.3, "alpha": 2}, {"epsilon": 0.2, "r": 0.3, "alpha": 2.0})
case("model_stock", exact=False, dtypes=F32)
case("model_stock", {"scope": "row"}, {"filter_wise": True}, exact=False, dtypes=F32)
case("nearswap", {"t": 0.1}, {"t": 0.1}, experts="A")
case("nearswap", {"t": 1e-7}, {"t": 1e-7}, experts="B")
case("arcee_fusion", experts="A", exact=False, dtypes=F32)
case("passthrough", {"scale": 0.7}, {}, {"scale": 0.7}, experts="A")


def configuration(entry):
    """The case as mergekit reads it."""
    folder = HERE / entry["models"]
    inputs = [{"model": str(folder / label)} for label in entry["experts"]]
    for key, value in entry["each"].items():
        values = value if isinstance(value, list) else [value] * len(inputs)
        for model, each in zip(inputs, values):
            model.setdefault("parameters", {})[key] = each
    config = {
        "merge_method": entry["theirs"], "models": inputs, "parameters": entry["shared"],
        "dtype": "float32" if entry["models"] == "f32" else "bfloat16"}
    if entry["theirs"] not in ("linear", "karcher", "passthrough") and not entry["without_base"]:
        config["base_model"] = str(folder / "base")
        if entry["theirs"] in ("slerp", "nearswap", "arcee_fusion"):
            config["models"].insert(0, {"model": str(folder / "base")})
    return MergeConfiguration.model_validate(yaml.safe_load(yaml.safe_dump(config)))


def result(entry):
    """What mergekit writes: {name: array}."""
    with tempfile.TemporaryDirectory() as out:
        options = MergeOptions(copy_tokenizer=False, random_seed=entry["seed"], quiet=True, write_model_card=False)
        run_merge(configuration(entry), out, options)
        return tensors.read(out)


def name(entry):
    return f"{entry['method']} {entry['models']} {entry['experts']} {lua(entry['options'])}"


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    for dtype in ("f32", "bf16"):
        shutil.rmtree(HERE / dtype, ignore_errors=True)
    models.write(HERE)
    expected, listed = {"F32": {}, "BF16": {}}, []
    for entry in CASES:
        vector = np.concatenate([value.ravel() for value in result(entry).values()])
        assert np.isfinite(vector).all(), name(entry)
        half = entry["models"] == "bf16" and entry["method"] not in ("ramplus_tl",)
        if half:
            assert np.array_equal(vector, tensors.round_bf16(vector)), name(entry)
        label = f"{len(listed):02}"
        expected["BF16" if half else "F32"][label] = vector
        listed.append({"name": label} | {k: entry[k] for k in ("method", "models", "experts", "exact")}
                      | {"options": lua(entry["options"]), "dtype": "bf16" if half else "f32"})
        print(name(entry), flush=True)
    for dtype, vectors in expected.items():
        tensors.write(HERE / f"expected_{dtype.lower()}.safetensors", vectors, dtype)
    tensors.write_json(HERE / "cases.json", listed)


if __name__ == "__main__":
    main()
