"""Compares every method of the library that is not random with mergekit 0.1.5, on the zoo in float32 with some noise.

Prints for each run the largest difference of an element, beside the largest of its tensor, and how many elements differ by more
than 1e-6 of that. Needs mergekit 0.1.5, torch and NumPy; the tests do not.
Use: python check_with_mergekit.py PROGRAM FOLDER    (FOLDER is filled with models, 10 MB each)
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import torch
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import MergeOptions, run_merge

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import tensors  # noqa: E402

PROJECT = HERE.parents[3]
EXPERTS = ["math", "finance", "law"]
W = [0.5, 0.3, 0.2]
# Method, experts, mergekit's parameters, each expert's parameters of mergekit, the program's options.
RUNS = [
    ("average", EXPERTS, "linear", {}, {"weight": W}, {"weights": W}),
    ("slerp", ["law"], "slerp", {"t": 0.3}, {}, {"t": 0.3}),
    ("nuslerp", ["math", "law"], "nuslerp", {}, {"weight": [0.7, 0.3]}, {"weights": [0.7, 0.3]}),
    ("nuslerp", ["math", "law"], "nuslerp", {"nuslerp_flatten": False}, {"weight": W[:2]}, {"weights": W[:2], "scope": "row"}),
    ("multislerp", EXPERTS, "multislerp", {}, {"weight": W}, {"weights": W}),
    ("karcher", EXPERTS, "karcher", {}, {}, {}),
    ("task_arithmetic", EXPERTS, "task_arithmetic", {"lambda": 0.6}, {"weight": W}, {"weights": W, "lambda": 0.6}),
    ("ties", EXPERTS, "ties", {}, {"weight": W, "density": 0.3}, {"weights": W, "density": 0.3}),
    ("ties", EXPERTS, "ties", {"rescale": True, "normalize": False}, {"weight": [1, -0.5, 0.7], "density": [0.1, 0.5, 1]},
     {"weights": [1, -0.5, 0.7], "density": [0.1, 0.5, 1], "rescale": "l1", "normalize": False}),
    ("dare", EXPERTS, "dare_linear", {}, {"weight": W, "density": 1}, {"weights": W, "rate": 0, "lambda": 1}),
    ("dare_ties", EXPERTS, "dare_ties", {}, {"weight": W, "density": 1}, {"weights": W, "rate": 0, "normalize": False}),
    ("breadcrumbs", EXPERTS, "breadcrumbs", {}, {"weight": W, "density": 0.7, "gamma": 0.02},
     {"weights": W, "density": 0.7, "gamma": 0.02, "lambda": 1}),
    ("breadcrumbs_ties", EXPERTS, "breadcrumbs_ties", {}, {"weight": W, "density": 0.99, "gamma": 0.05},
     {"weights": W, "density": 0.99, "gamma": 0.05, "normalize": False}),
    ("sce", EXPERTS, "sce", {}, {}, {}),
    ("sce", EXPERTS, "sce", {"select_topk": 0.3}, {}, {"select_topk": 0.3}),
    ("ram", EXPERTS, "ram", {"epsilon": 0.001}, {}, {"epsilon": 0.001}),
    ("ramplus_tl", EXPERTS, "ramplus_tl", {"epsilon": 0.003, "alpha": 5.0}, {}, {"epsilon": 0.003, "alpha": 5}),
    ("model_stock", EXPERTS, "model_stock", {}, {}, {"extrapolate": True}),
    ("model_stock", EXPERTS, "model_stock", {"filter_wise": True}, {}, {"extrapolate": True, "scope": "row"}),
    ("nearswap", ["law"], "nearswap", {"t": 0.001}, {}, {"t": 0.001}),
    ("arcee_fusion", ["law"], "arcee_fusion", {}, {}, {}),
    ("passthrough", ["law"], "passthrough", {}, {"scale": [0.7]}, {"scale": 0.7}),
]


def prepare(folder):
    """The zoo with numbers of float32, so that hardly any two are equal."""
    random = np.random.default_rng(7)
    for label in ["base", *EXPERTS]:
        source, target = PROJECT / "recipes" / "zoo" / label, folder / label
        target.mkdir(parents=True, exist_ok=True)
        config = json.loads((source / "config.json").read_text())
        key = "dtype" if "dtype" in config else "torch_dtype"
        (target / "config.json").write_text(json.dumps(config | {key: "float32"}))
        model = tensors.read(source)
        noisy = {name: (value + random.normal(size=value.shape) * 1e-4).astype(np.float32) for name, value in model.items()}
        tensors.write(target / "model.safetensors", noisy)


def with_mergekit(folder, experts, method, options, per_expert):
    entries = [{"model": str(folder / label)} for label in experts]
    for key, value in per_expert.items():
        values = value if isinstance(value, list) else [value] * len(experts)
        for entry, each in zip(entries, values):
            entry.setdefault("parameters", {})[key] = each
    config = {"merge_method": method, "models": entries, "parameters": options, "dtype": "float32"}
    if method not in ("linear", "karcher", "passthrough"):
        config["base_model"] = str(folder / "base")
        if method in ("slerp", "nearswap", "arcee_fusion"):
            config["models"].insert(0, {"model": str(folder / "base")})
    if method == "passthrough":
        config = {"merge_method": method, "dtype": "float32", "slices": [
            {"sources": [entries[0] | {"layer_range": [0, 6]}]}]}
    out = folder / "by-mergekit"
    shutil.rmtree(out, ignore_errors=True)
    run_merge(MergeConfiguration.model_validate(yaml.safe_load(yaml.safe_dump(config))), str(out), MergeOptions(copy_tokenizer=False))
    return tensors.read(out)


def with_program(program, folder, method, experts, options):
    paths = ",".join(str(folder / label) for label in experts)
    single = method in ("nearswap", "arcee_fusion", "passthrough")
    words = ["--set", ("expert=" if single else "experts=") + paths]
    if method not in ("average", "karcher", "passthrough"):
        words += ["--set", f"base={folder / 'base'}"]
    for key, value in options.items():
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value).lower()
        words += ["--set", f"{key}={text}"]
    out = folder / "by-program"
    recipe = PROJECT / "recipes" / f"{method}.lua"
    subprocess.run([program, "run", recipe, "--out", out, "--force", "--quiet", *words], check=True)
    return tensors.read(out)


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    torch.set_grad_enabled(False)
    prepare(folder)
    for method, experts, theirs, options, per_expert, own in RUNS:
        a = with_mergekit(folder, experts, theirs, options, per_expert)
        b = with_program(program, folder, method, experts, own)
        assert a.keys() == b.keys(), method
        worst, differing, count = 0.0, 0, 0
        for name in a:
            distance = np.abs(a[name].astype(np.float64) - b[name]) / max(np.max(np.abs(a[name])), 1e-30)
            worst = max(worst, float(distance.max()))
            differing += int(np.sum(distance > 1e-6))
            count += distance.size
        print(f"{theirs:18} {str(options | per_expert)[:60]:60} {worst:.1e}, {differing} of {count} differ by more than 1e-6")


if __name__ == "__main__":
    main()
