"""How far bfloat16 merges of dppa-run and of mergekit 0.1.5 are from the same formulas in float64: the table of docs/performance.md.

Three experts of a base of 4 tensors of 60 x 101 numbers; weights of 0.02, deltas of 0.002 (deviations), half of whose square is
common; parameters that mean the
same on both sides. Printed are, as shares of the mean square of the change (of the numbers where there is no base), the root of
the mean square of the error and its largest, for each side and for the float64 result rounded once, which nothing can beat in
bfloat16. mergekit computes in the models' type, its default. Random methods draw mergekit's numbers on all sides. Needs mergekit
0.1.5, torch and NumPy. Use: python accuracy.py PROGRAM
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
sys.path.append(str(HERE.parent / "library"))
import generate  # noqa: E402
import models  # noqa: E402
import oracle  # noqa: E402
import tensors  # noqa: E402

W = [0.5, 0.3, 0.2]
# Where signs are elected: sums that are 0 are so in any arithmetic.
E = [0.5, 0.375, 0.25]
SEED = 42
NAMES = [f"model.layers.{layer}.mlp.up_proj.weight" for layer in range(4)]


def write(folder):
    random = np.random.default_rng(11)
    base = {name: tensors.round_bf16(0.02 * random.normal(size=(60, 101))) for name in NAMES}
    common = {name: 0.0014 * random.normal(size=x.shape) for name, x in base.items()}
    for label in ["base", "A", "B", "C"]:
        far = {n: (label != "base") * (c + 0.0014 * random.normal(size=c.shape)) for n, c in common.items()}
        moved = {name: tensors.round_bf16(x + far[name]) for name, x in base.items()}
        tensors.write(folder / label / "model.safetensors", moved, "BF16")
        config = models.CONFIG | {"num_hidden_layers": 4, "torch_dtype": "bfloat16"}
        (folder / label / "config.json").write_text(json.dumps(config))


class Uniform:
    """The numbers of NumPy's own MT19937, in order."""

    def __init__(self):
        self.bits = np.random.MT19937()
        self.bits._legacy_seeding(SEED)

    def __call__(self, shape):
        return np.array([(int(self.bits.random_raw()) & 0xFFFFFF) * 2.0 ** -24 for _ in range(int(np.prod(shape)))]).reshape(shape)


def elected(deltas, weights, normalize, plain=False):
    votes = np.stack(deltas if plain else [w * d for w, d in zip(weights, deltas)])
    agree = np.sign(votes) == np.where(votes.sum(0) >= 0, 1, -1)
    votes = np.stack([w * d for w, d in zip(weights, deltas)])
    divisor = (np.reshape(weights, (-1, 1, 1)) * agree).sum(0)
    return (votes * agree).sum(0) / (np.where(divisor == 0, 1, divisor) if normalize else 1)


def fusion(base, x):
    p, q = [np.exp(v) / np.exp(v).sum(axis=-1, keepdims=True) for v in (x, base)]
    importance = np.abs(x - base) * np.sum(p * np.log(p / q), axis=-1, keepdims=True)
    low, middle, high = (np.sort(importance.ravel())[int(part * (x.size - 1))] for part in (0.25, 0.5, 0.75))
    return np.where(importance >= middle + 1.5 * (high - low), x, base)


def combine(deltas, elect, normalize):
    return elected(deltas, E, normalize) if elect else oracle.weighted_sum(deltas, W, normalize)


def exact(method, b, x, draw):
    """The formula on one tensor, in float64."""
    wide = [v.astype(np.float64) for v in x]
    d = [v - b.astype(np.float64) for v in wide]
    match method:
        case "average":
            return oracle.weighted_sum(wide, W, True)
        case "slerp":
            return oracle.arc(b.astype(np.float64), wide[0], 0.3)
        case "nuslerp":
            return b + oracle.nuslerp(d[0], d[1], [0.7, 0.3], "tensor")
        case "multislerp":
            return b + oracle.multislerp(d, W, True)
        case "karcher":
            return oracle.karcher(wide, [1, 1, 1])
        case "task_arithmetic":
            return b + 0.6 * combine(d, False, False)
        case "ties":
            return b + combine([oracle.magnitude(v, 0.3, "none") for v in d], True, True)
        case "dare" | "dare_ties":
            return b + combine([oracle.at_random(v, 0.5, "l1", draw) for v in d], method == "dare_ties", False)
        case "della" | "della_linear":
            return b + combine([oracle.magprune(v, 0.5, 0.25, "l1", draw) for v in d], method == "della", False)
        case "breadcrumbs" | "breadcrumbs_ties":
            return b + combine([oracle.breadcrumbs(v, 0.7, 0.02, "none") for v in d], method == "breadcrumbs_ties", False)
        case "sce":
            energies = [np.mean(v**2) for v in d]
            return b + elected(d, [e / sum(energies) for e in energies], True, plain=True)
        case "ram":
            return b + oracle.ram(d, 3e-4)
        case "ramplus_tl":
            return b + oracle.ram(d, 3e-4, 0.1, 0.2)
        case "model_stock":
            return b + oracle.model_stock(d, "tensor", True)
        case "nearswap":
            return oracle.nearswap(b, wide[0], 0.001)
        case "arcee_fusion":
            return fusion(b.astype(np.float64), wide[0])
        case "passthrough":
            return 0.7 * wide[0]


WEIGHT, ELECTION = {"weight": W}, {"weight": E}
# Method, mergekit's name, experts, its parameters and those of each model, the program's options, the type written.
RUNS = [
    ("average", "linear", "ABC", {}, WEIGHT, {"weights": W}),
    ("slerp", "slerp", "A", {"t": 0.3}, {}, {"t": 0.3}),
    ("nuslerp", "nuslerp", "AB", {}, {"weight": [0.7, 0.3]}, {"weights": [0.7, 0.3]}),
    ("multislerp", "multislerp", "ABC", {}, WEIGHT, {"weights": W}),
    ("karcher", "karcher", "ABC", {}, {}, {}),
    ("task_arithmetic", "task_arithmetic", "ABC", {"lambda": 0.6}, WEIGHT, {"weights": W, "lambda": 0.6}),
    ("ties", "ties", "ABC", {}, ELECTION | {"density": 0.3}, {"weights": E, "density": 0.3}),
    ("dare", "dare_linear", "ABC", {}, WEIGHT | {"density": 0.5}, {"weights": W, "rate": 0.5, "lambda": 1}),
    ("dare_ties", "dare_ties", "ABC", {}, ELECTION | {"density": 0.5}, {"weights": E, "rate": 0.5}),
    ("della", "della", "ABC", {"normalize": False}, ELECTION | {"density": 0.5, "epsilon": 0.25},
     {"weights": E, "density": 0.5, "epsilon": 0.25, "normalize": False}),
    ("della_linear", "della_linear", "ABC", {}, WEIGHT | {"density": 0.5, "epsilon": 0.25},
     {"weights": W, "density": 0.5, "epsilon": 0.25, "lambda": 1}),
    ("breadcrumbs", "breadcrumbs", "ABC", {}, WEIGHT | {"density": 0.7, "gamma": 0.02},
     {"weights": W, "density": 0.7, "gamma": 0.02, "lambda": 1}),
    ("breadcrumbs_ties", "breadcrumbs_ties", "ABC", {}, ELECTION | {"density": 0.7, "gamma": 0.02},
     {"weights": E, "density": 0.7, "gamma": 0.02, "normalize": False}),
    ("sce", "sce", "ABC", {}, {}, {}),
    ("ram", "ram", "ABC", {"epsilon": 3e-4}, {}, {"epsilon": 3e-4}),
    ("ramplus_tl", "ramplus_tl", "ABC", {"epsilon": 3e-4}, {}, {"epsilon": 3e-4}),
    ("model_stock", "model_stock", "ABC", {}, {}, {"extrapolate": True}),
    ("nearswap", "nearswap", "A", {"t": 0.001}, {}, {"t": 0.001}),
    ("arcee_fusion", "arcee_fusion", "A", {}, {}, {}),
    ("passthrough", "passthrough", "A", {}, {"scale": 0.7}, {"scale": 0.7}),
]


def ours(program, folder, method, experts, options, dtype):
    single = method in ("nearswap", "arcee_fusion", "passthrough")
    words = ["--set", ("expert=" if single else "experts=") + ",".join(str(folder / e) for e in experts)]
    if method not in ("average", "karcher", "passthrough"):
        words += ["--set", f"base={folder / 'base'}"]
    if method in ("dare", "dare_ties", "della", "della_linear"):
        words += ["--set", "compat=mergekit", "--set", f"seed={SEED}"]
    for key, value in options.items():
        words += ["--set", f"{key}={','.join(map(str, value)) if isinstance(value, list) else str(value).lower()}"]
    recipe, out = HERE.parents[3] / "recipes" / f"{method}.lua", folder / "ours"
    subprocess.run([program, "run", recipe, "--out", out, "--force", "--quiet", "--dtype", dtype, *words], check=True)
    return tensors.read(out)


def main():
    torch.set_grad_enabled(False)
    program = pathlib.Path(sys.argv[1]).resolve()
    print("| method | rounded once | dppa-run | mergekit |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        write(folder)
        generate.HERE = folder.parent
        read = {label: tensors.read(folder / label) for label in ("base", "A", "B", "C")}
        for method, theirs, experts, shared, each, options in RUNS:
            dtype = "f32" if method in ("ramplus_tl", "arcee_fusion") else "bf16"
            entry = {"theirs": theirs, "experts": experts, "shared": shared, "each": each, "models": folder.name,
                     "without_base": False, "seed": SEED}
            draw = Uniform()
            right = [exact(method, read["base"][n], [read[e][n] for e in experts], draw) for n in NAMES]
            change = np.concatenate([(r - (0 if method in ("average", "karcher", "passthrough") else read["base"][n])).ravel()
                                     for r, n in zip(right, NAMES)])
            flat = np.concatenate([r.ravel() for r in right])
            once = flat.astype(np.float32) if dtype == "f32" else tensors.round_bf16(flat)
            cells = []
            for found in (once, ours(program, folder, method, experts, options, dtype), generate.result(entry)):
                vector = np.concatenate([found[n].ravel() for n in NAMES]) if isinstance(found, dict) else found
                error = np.abs(vector.astype(np.float64) - flat) / np.sqrt(np.mean(change ** 2))
                cells.append((np.sqrt(np.mean(error ** 2)), error.max()))
            print(f"| {theirs} | " + " | ".join(f"{100 * a:.3g} %, {100 * b:.3g} %" for a, b in cells) + " |", flush=True)
            for mine, other in zip(cells[1], cells[2]):
                assert mine <= 1.001 * other + 1e-6, theirs


if __name__ == "__main__":
    main()
