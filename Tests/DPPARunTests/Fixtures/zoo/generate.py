"""Writes zoo.json: what merges of the zoo must be, computed tensor by tensor by ../methods.py (there the formulas and their order).

Arithmetic is float32, outputs are rounded once to bfloat16. For every run: `options`, and for every tensor the SHA-256 of its
bytes. Runs that are `exact` must have these bytes. The others scale tensors by sums over whole tensors, whose last bits may
differ before they are rounded: there `samples` holds 64 elements at even distances (from flat index 0, distance
max(1, n // 64)) as four hexadecimal digits of bfloat16 each, and 1 ulp is allowed.
Needs NumPy. Use: python generate.py [ZOO]    (default: recipes/zoo of the project)
"""

import hashlib
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import methods  # noqa: E402
import tensors  # noqa: E402

EXPERTS = ["math", "finance", "law"]
ONES = [1.0, 1.0, 1.0]
RUNS = {
    "average": {"method": "average", "exact": True, "options": {"experts": EXPERTS, "weights": ONES}},
    "average_weighted": {"method": "average", "exact": True, "options": {"experts": EXPERTS, "weights": [0.5, 0.3, 0.4]}},
    "task_arithmetic": {
        "method": "task_arithmetic", "exact": True,
        "options": {"base": "base", "experts": EXPERTS, "weights": ONES, "lambda": 0.6}},
    "ties": {
        "method": "ties", "exact": True,
        "options": {"base": "base", "experts": EXPERTS, "weights": ONES, "density": 0.2, "lambda": 1.0, "normalize": True}},
    "ties_weighted": {
        "method": "ties", "exact": True,
        "options": {
            "base": "base", "experts": EXPERTS, "weights": [0.9, 0.5, 0.7], "density": 0.35, "lambda": 0.8,
            "normalize": True}},
    "dare": {
        "method": "dare", "exact": True,
        "options": {
            "base": "base", "experts": EXPERTS, "weights": ONES, "rate": 0.8, "lambda": 0.6, "seed": 0,
            "rescale": "inverse"}},
    "dare_seed_7": {
        "method": "dare", "exact": True,
        "options": {
            "base": "base", "experts": EXPERTS, "weights": [0.5, 0.3, 0.2], "rate": 0.3, "lambda": 1.0, "seed": 7,
            "rescale": "inverse"}},
    "dare_l1": {
        "method": "dare", "exact": False,
        "options": {
            "base": "base", "experts": EXPERTS, "weights": ONES, "rate": 0.8, "lambda": 0.6, "seed": 0, "rescale": "l1"}},
    "slerp": {"method": "slerp", "exact": False, "options": {"base": "math", "experts": ["law"], "t": 0.3}},
    "slerp_from_base": {"method": "slerp", "exact": False, "options": {"base": "base", "experts": ["finance"], "t": 0.5}},
}


def merge(models, name, method, options):
    """One tensor of the merged model, float32."""
    experts = [models[label][name] for label in options["experts"]]
    base = models[options["base"]][name] if "base" in options else None
    match method:
        case "average":
            return methods.average(experts, options["weights"])
        case "task_arithmetic":
            return methods.task_arithmetic(base, experts, options["weights"], options["lambda"])
        case "ties":
            return methods.ties(
                base, experts, options["weights"], options["density"], options["lambda"], options["normalize"])
        case "dare":
            return methods.dare(
                base, experts, options["weights"], options["rate"], options["experts"], name, options["seed"],
                options["lambda"], options["rescale"])
        case "slerp":
            return methods.slerp(base, experts[0], options["t"])
    raise ValueError(method)


def main():
    methods.check_philox()
    zoo = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[3] / "recipes" / "zoo"
    models = {name: tensors.read(zoo / name) for name in ["base", *EXPERTS]}
    names = list(models["base"])
    result = {}
    for title, run in RUNS.items():
        entry = run | {"output_dtype": "bf16", "sha256": {}}
        if not run["exact"]:
            entry |= {"ulp": 1, "samples": {}}
        changed = 0
        for name in names:
            merged = merge(models, name, run["method"], run["options"])
            assert merged.dtype == np.float32 and np.isfinite(merged).all(), (title, name)
            bits = tensors.to_bf16(merged)
            changed += int(np.sum(tensors.from_bf16(bits) != models["base"][name]))
            entry["sha256"][name] = hashlib.sha256(bits.tobytes()).hexdigest()
            if not run["exact"]:
                flat = bits.ravel()[:: max(1, bits.size // 64)][:64]
                entry["samples"][name] = "".join(f"{value:04x}" for value in flat)
        result[title] = entry
        print(f"{title:18} {len(names)} tensors, {changed} elements differ from the base")
    for title in ("slerp", "slerp_from_base"):
        a, c = models[RUNS[title]["options"]["base"]], models[RUNS[title]["options"]["experts"][0]]
        cosines = sorted(methods.slerp_cosine(a[name], c[name]) for name in names)
        near = min(abs(cosine - 0.9995) for cosine in cosines)
        linear = sum(cosine > 0.9995 for cosine in cosines)
        print(f"{title}: cosines {cosines[0]:.6f} ... {cosines[-1]:.6f}, {linear} of {len(names)} linear, "
              f"nearest to 0.9995 by {near:.1e}")
        assert near > 1e-7
    tensors.write_json(HERE / "zoo.json", result)


if __name__ == "__main__":
    main()
