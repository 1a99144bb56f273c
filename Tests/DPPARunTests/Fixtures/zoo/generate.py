"""Writes zoo.json: what merges of the zoo must be, computed tensor by tensor by ../methods.py (there the formulas and their order).

Arithmetic is float32, outputs are rounded once to bfloat16. For every run: `options`, and for every tensor the SHA-256 of its
bytes. Runs that are `exact` must have these bytes. The others scale tensors by factors measured over whole tensors, which may
be an ulp of float32 off: where an element of the output hangs on that, `either` has its flat index with all bits of bfloat16
that it may have, and it counts as 0 in the SHA-256. So every element of every tensor is bounded, nearly all to the bit.
Needs NumPy. Use: python generate.py [ZOO]    (default: recipes/zoo of the project)
"""

import hashlib
import itertools
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


def either(models, name, run, bits):
    """What hangs on the last bit of a measured factor: {flat index: all bits that it may have}."""
    methods.slips[:] = [0] * 9
    merge(models, name, run["method"], run["options"])
    count = 9 - len(methods.slips)
    variants = [bits.ravel()]
    for slips in itertools.product((-1, 0, 1), repeat=count):
        methods.slips[:] = slips
        variants.append(tensors.to_bf16(merge(models, name, run["method"], run["options"])).ravel())
    methods.slips.clear()
    variants = np.stack(variants)
    places = np.nonzero((variants != variants[0]).any(axis=0))[0]
    return {str(place): [f"{value:04x}" for value in np.unique(variants[:, place])] for place in places}


def main():
    methods.check_philox()
    zoo = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[3] / "recipes" / "zoo"
    models = {name: tensors.read(zoo / name) for name in ["base", *EXPERTS]}
    names = list(models["base"])
    result = {}
    for title, run in RUNS.items():
        entry = run | {"output_dtype": "bf16", "sha256": {}}
        if not run["exact"]:
            entry["either"] = {}
        changed = 0
        for name in names:
            merged = merge(models, name, run["method"], run["options"])
            assert merged.dtype == np.float32 and np.isfinite(merged).all(), (title, name)
            bits = tensors.to_bf16(merged)
            changed += int(np.sum(tensors.from_bf16(bits) != models["base"][name]))
            if not run["exact"]:
                found = either(models, name, run, bits)
                if found:
                    entry["either"][name] = found
                    bits.ravel()[[int(index) for index in found]] = 0
            entry["sha256"][name] = hashlib.sha256(bits.tobytes()).hexdigest()
        result[title] = entry
        open_bits = sum(len(found) for found in entry.get("either", {}).values())
        print(f"{title:18} {len(names)} tensors, {changed} elements differ from the base, {open_bits} hang on an ulp")
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
