"""Writes models of odd shapes, cases.json with methods and options, and expected.safetensors with what they must give (oracle.py, oracle_models.py).

The models have float32 numbers of few bits, so that deltas are exact and many are equal; expert C lacks no tensor but changes
none of layer 1, `twin` equals A, `mirror` is as far on the other side of the base, and `same` is the base. Expected is CASE/TENSOR, rounded once to float32. Needs NumPy.
Use: python generate.py
"""

import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import methods  # noqa: E402
import oracle  # noqa: E402
import oracle_models  # noqa: E402
import tensors  # noqa: E402

SHAPES = {
    "model.embed_tokens.weight": (7, 3),
    "model.layers.0.input_layernorm.weight": (5,),
    "model.layers.0.mlp.down_proj.weight": (1, 1),
    "model.layers.0.mlp.gate.scale": (),
    "model.layers.0.mlp.stacked.weight": (2, 3, 4),
    "model.layers.0.mlp.up_proj.weight": (11, 13),
    "model.layers.1.self_attn.q_proj.weight": (9, 5),
    "model.void.weight": (0, 3),
}
THREE = ["A", "B", "C"]
W = [0.5, 0.3, 0.2]
MIXED = [0.9, -0.4, 0.7]


def models():
    random = np.random.default_rng(20240229)
    base = {name: np.round(random.normal(size=shape) * 256).astype(np.float32) / 256 for name, shape in SHAPES.items()}
    result = {"base": base, "same": base}
    for label in THREE:
        result[label] = {}
        for name, shape in SHAPES.items():
            delta = np.round(random.normal(size=shape) * 200) * (random.uniform(size=shape) > 0.15) / 1024
            if label == "C" and ".layers.1." in name:
                delta = delta * 0
            result[label][name] = (base[name] + delta).astype(np.float32)
    mirror = {name: (base[name] - (value - base[name])).astype(np.float32) for name, value in result["A"].items()}
    return result | {"twin": result["A"], "mirror": mirror}


def compute(method, o, base, experts, labels, name):
    """What a method must make of one tensor; options that are not given have the method's default."""
    n = len(experts)
    deltas = oracle.deltas_of(base, experts)

    def each(key, default):
        value = o.get(key, default)
        return value if isinstance(value, list) else [value] * n

    weights, scale, how = each("weights", 1.0), o.get("lambda", 1), o.get("rescale", "none")
    wide = [x.astype(np.float64) for x in experts]
    vectors = deltas if o.get("vectors", "deltas") == "deltas" else wide
    start = base if o.get("vectors", "deltas") == "deltas" else 0

    def draw(label):
        return lambda shape: methods.uniform(shape, o.get("seed", 0), label, name)

    match method:
        case "nuslerp":
            return start + oracle.nuslerp(vectors[0], vectors[1], weights, o.get("scope", "tensor"))
        case "multislerp":
            return start + oracle.multislerp(vectors, weights, o.get("normalize", True))
        case "karcher":
            return oracle.karcher(wide, weights, o.get("max_iter", 10), o.get("tol", 1e-5))
        case "sce":
            return base + scale * oracle.sce(deltas, o.get("select_topk", 1))
        case "ram":
            return base + scale * oracle.ram(deltas, o.get("epsilon", 1e-5))
        case "ramplus_tl":
            return base + scale * oracle.ram(deltas, o.get("epsilon", 1e-5), o.get("r", 0.1), o.get("alpha", 0.2))
        case "model_stock":
            return base + oracle.model_stock(deltas, o.get("scope", "tensor"), o.get("extrapolate", False))
        case "nearswap":
            return oracle.nearswap(base, experts[0], o.get("t", 0.001))
        case "arcee_fusion":
            return oracle.arcee_fusion(base, experts[0], o.get("spread", 1.5))
        case "passthrough":
            return o.get("scale", 1) * wide[0]
    family, _, ending = method.partition("_")
    elects = ending == "ties" or method in ("ties", "della")
    normalize = o.get("normalize", elects)
    parts = []
    for i, delta in enumerate(deltas):
        match family:
            case "ties":
                parts.append(oracle.magnitude(delta, each("density", 0.2)[i], how))
            case "dare":
                density = 1 - each("rate", 0.8)[i]
                how = o.get("rescale", "inverse")
                parts.append(oracle.at_random(delta, density, how, draw(labels[i]), each("q", None)[i]))
            case "della":
                parts.append(oracle.magprune(
                    delta, each("density", 0.7)[i], each("epsilon", 0.07)[i], o.get("rescale", "inverse"), draw(labels[i])))
            case "breadcrumbs":
                parts.append(oracle.breadcrumbs(delta, each("density", 0.9)[i], each("gamma", 0.01)[i], how))
            case "task":
                parts.append(delta)
    if not elects:
        return base + scale * oracle.weighted_sum(parts, weights, normalize)
    return base + scale * oracle.elected(parts, weights, normalize, plain=o.get("vote") == "plain")


CASES = [
    ("nuslerp", ["A", "B"], {}),
    ("nuslerp", ["A", "B"], {"weights": [0.7, 0.3], "vectors": "models"}),
    ("nuslerp", ["A", "B"], {"weights": [0.7, 0.3], "scope": "row"}),
    ("nuslerp", ["A", "C"], {"weights": [1.5, 0.5], "scope": "column"}),
    ("nuslerp", ["A", "twin"], {}),
    ("nuslerp", ["A", "same"], {"weights": [0.25, 0.75]}),
    ("nuslerp", ["same", "same"], {"scope": "row"}),
    ("multislerp", THREE, {}),
    ("multislerp", THREE, {"weights": W, "vectors": "models"}),
    ("multislerp", THREE, {"weights": [1, 2, 0.5], "normalize": False}),
    ("multislerp", THREE, {"weights": MIXED}),
    ("multislerp", ["A"], {"weights": [0.3]}),
    ("multislerp", ["same", "same", "A"], {"weights": [1, 1, 0]}),
    ("multislerp", ["A", "twin"], {}),
    ("karcher", THREE, {}),
    ("karcher", ["base", *THREE], {"max_iter": 3}),
    ("karcher", ["A", "twin", "B"], {"weights": [0.2, 0.3, 1.5]}),
    ("karcher", ["A"], {}),
    ("karcher", THREE, {"max_iter": 0}),
    ("karcher", THREE, {"weights": [0, 1, 0]}),
    ("ties", THREE, {"density": 0.5, "weights": MIXED, "rescale": "inverse"}),
    ("ties", THREE, {"density": [0, 0.3, 1], "weights": [1, -1, 2], "rescale": "l1", "lambda": 0.7}),
    ("dare_ties", THREE, {}),
    ("dare_ties", THREE, {"rate": [0.3, 0.5, 0], "weights": W, "normalize": False, "seed": 3}),
    ("dare_ties", THREE, {"rate": 0.4, "weights": MIXED, "rescale": "l1", "lambda": 0.7, "seed": 9}),
    ("dare_ties", ["A", "same"], {"rate": 1}),
    ("dare_ties", THREE, {"rate": 0, "weights": [1, -1, 2]}),
    ("della", THREE, {}),
    ("della", THREE, {"density": 0.5, "epsilon": 0.15, "weights": W, "seed": 42}),
    ("della", THREE, {"density": [0.9, 0.1, 0.5], "epsilon": 0.3, "weights": MIXED, "rescale": "l1", "normalize": False}),
    ("della", THREE, {"density": 0}),
    ("della", ["A", "same"], {"density": 1, "epsilon": 0.2}),
    ("della", THREE, {"density": 0.6, "rescale": "none", "lambda": 1.1, "seed": 5}),
    ("della_linear", THREE, {}),
    ("della_linear", THREE, {"density": [0.3, 0.6, 0.8], "epsilon": [0.1, 0.2, 0.9], "weights": W, "normalize": True}),
    ("della_linear", THREE, {"density": 1, "weights": [1, -1, 0]}),
    ("breadcrumbs", THREE, {}),
    ("breadcrumbs", THREE, {"density": 0.5, "gamma": 0.25, "weights": W}),
    ("breadcrumbs", THREE, {"density": [1, 0, 0.29], "gamma": [0.5, 0.1, 0.9], "rescale": "l1", "lambda": 0.5}),
    ("breadcrumbs", THREE, {"density": 0.4, "gamma": 0, "weights": MIXED, "rescale": "inverse", "normalize": True}),
    ("breadcrumbs", THREE, {"weights": [1, -1, 0]}),
    ("breadcrumbs_ties", THREE, {}),
    ("breadcrumbs_ties", THREE, {"density": 0.5, "gamma": 0.25, "weights": W, "normalize": False}),
    ("breadcrumbs_ties", ["A", "twin", "same"], {"density": 0.6, "gamma": 0.1, "weights": MIXED, "lambda": 0.8}),
    ("sce", THREE, {}),
    ("sce", THREE, {"select_topk": 0.5}),
    ("sce", THREE, {"select_topk": 0.13, "lambda": 1.2}),
    ("sce", THREE, {"select_topk": 0}),
    ("sce", ["A", "twin"], {"select_topk": 0.9}),
    ("sce", ["same", "same"], {}),
    ("sce", ["A", "same"], {"select_topk": 1}),
    ("ram", THREE, {}),
    ("ram", THREE, {"epsilon": 0.1001, "lambda": 0.8}),
    ("ram", ["A", "twin", "same"], {"epsilon": 0}),
    ("ramplus_tl", THREE, {}),
    ("ramplus_tl", THREE, {"r": 0.5, "alpha": 0.7, "epsilon": 0.1501}),
    ("ramplus_tl", ["same", "A"], {"r": 1, "alpha": 3}),
    ("model_stock", THREE, {"extrapolate": True}),
    ("model_stock", THREE, {}),
    ("model_stock", ["A", "B"], {"scope": "row"}),
    ("model_stock", ["A", "B"], {"scope": "row", "extrapolate": True}),
    ("model_stock", ["A", "twin", "B"], {}),
    ("model_stock", ["A", "same"], {"extrapolate": True}),
    ("nearswap", ["A"], {}),
    ("nearswap", ["A"], {"t": 0.1}),
    ("nearswap", ["B"], {"t": 0}),
    ("nearswap", ["same"], {"t": 0.3}),
    ("arcee_fusion", ["A"], {}),
    ("arcee_fusion", ["B"], {"spread": 0.4}),
    ("arcee_fusion", ["C"], {"spread": 0}),
    ("arcee_fusion", ["same"], {}),
    ("passthrough", ["A"], {}),
    ("passthrough", ["A"], {"scale": -0.7}),
    ("passthrough", ["B"], {"scale": 0}),
    ("ties", THREE, {"scope": "model", "vote": "majority"}),
    ("ties", ["A", "B", "C", "twin"], {"scope": "model", "vote": "majority", "density": [0.6, 0.1, 0.3, 0.6], "lambda": 0.9}),
    ("ties", ["A", "mirror", "C"], {"vote": "majority", "density": 1}),
    ("ties", THREE, {"density": 0.4, "weights": W, "rescale": "l2"}),
    ("dare", THREE, {"rate": 0.6, "q": 0.7, "weights": W, "seed": 2, "lambda": 1}),
    ("dare", THREE, {"rate": [0.9, 0.5, 0], "q": [0.25, 0.5, 1], "lambda": 1}),
    ("dare_ties", THREE, {"rate": 0.8, "q": 0.5, "vote": "plain", "weights": W}),
    ("della", THREE, {"density": 0.5, "vote": "plain", "weights": W, "rescale": "l2"}),
    ("lines", THREE, {}),
    ("lines", THREE, {"weights": MIXED, "beta": 0.3}),
    ("lines", ["A"], {"alpha": 0.25, "beta": 0.75}),
    ("lines", ["same", "same"], {}),
    ("consensus", THREE, {}),
    ("consensus", THREE, {"threshold": [0.2, 0.6, 1], "weights": [1, 1.5, 0.7], "lambda": 0.7}),
    ("consensus", THREE, {"agree": 0}),
    ("consensus", ["A", "twin", "B"], {"agree": 3, "threshold": 0.31}),
    ("emr", THREE, {}),
    ("emr", ["A", "mirror"], {"lambda": 0.8}),
    ("magmax", THREE, {}),
    ("magmax", ["A", "mirror", "B"], {"lambda": 1}),
    ("localize_and_stitch", THREE, {}),
    ("localize_and_stitch", THREE, {"density": [0.3, 0, 0.13], "outside": "localize"}),
    ("localize_and_stitch", ["A", "twin"], {"density": 1}),
    ("pcb", THREE, {}),
    ("pcb", THREE, {"density": [0.5, 1, 0.2], "clip": 0.05, "lambda": 1.4}),
    ("pcb", ["A", "same"], {"density": 0.3, "clip": 0}),
    ("magic", THREE, {}),
    ("magic", ["A", "mirror"], {"weights": [1, 0.5], "rho": 0.8}),
    ("magic", ["A", "mirror"], {}),
    ("fisher", THREE, {}),
    ("fisher", THREE, {"weights": W, "normalize": True}),
]

# What oracle_models.py knows; of ties, what is published.
WHOLE = ["consensus", "emr", "fisher", "lines", "localize_and_stitch", "magic", "magmax", "pcb"]


def main():
    stored = models()
    for label, model in stored.items():
        tensors.write(HERE / label / "model.safetensors", model)
        (HERE / label / "config.json").write_text('{"torch_dtype": "float32"}\n')
    cases, expected = [], {}
    for number, (method, labels, options) in enumerate(CASES):
        name = f"{method}-{number}"
        whole = None
        if method in WHOLE or options.get("vote") == "majority":
            whole = oracle_models.compute(method, options, stored["base"], [stored[label] for label in labels])
        for tensor in SHAPES:
            base, experts = stored["base"][tensor], [stored[label][tensor] for label in labels]
            try:
                if whole is None:
                    result = compute(method, options, base, experts, labels, tensor)
                else:
                    result = whole.get(tensor, base)
            except oracle.Near as what:
                raise SystemExit(f"{name} {tensor} hangs on {what}: choose other options")
            assert np.shape(result) == SHAPES[tensor] and np.all(np.isfinite(result)), (name, tensor)
            if result.size:
                expected[f"{name}/{tensor}"] = result.astype(np.float32)
        cases.append({"name": name, "method": method, "experts": labels, "options": options})
    tensors.write_json(HERE / "cases.json", cases)
    tensors.write(HERE / "expected.safetensors", expected)
    print(f"{len(cases)} cases, {len(expected)} tensors")


if __name__ == "__main__":
    main()
