"""Writes the inputs of the golden vectors as models, and golden.json with what mergekit 0.1.5 computes for them.

Cases named after a method of mergekit hold its numbers (torch 2.15.0, CPU, 9 significant digits); this script checks its own
formulas against them. The dare cases are the formulas alone with this project's random stream, because mergekit's stream is
another one. A case says which models, with which options, and how far a result may be off in units in the last place of
the output dtype (`ulp`). Needs NumPy. Use: python generate.py
"""

import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import methods  # noqa: E402
import tensors  # noqa: E402

NAME = "model.layers.0.mlp.up_proj.weight"
WEIGHTS = [0.5, 0.3, 0.2]
BASE = [[1, -2, 0.5, 3], [-1.5, 0.25, 2, -0.75]]
DELTAS = {
    "A": [[0.1, -0.4, 0.3, -0.2], [0.9, -0.5, 0.05, 0.7]],
    "B": [[-0.3, -0.1, 0.6, 0.15], [0.25, 0.8, -0.45, 0.02]],
    "C": [[0.22, 0.35, -0.7, -0.05], [0.4, -0.12, 0.33, -0.6]],
}
MERGEKIT = {
    "linear": "1.00399995 -2.16000009 .689999998 2.93499994 -.895000041 .215999991 1.95599997 -.513999999",
    "task_arithmetic": "1.00400007 -2.16000009 .689999998 2.93499994 -.895000041 .215999991 1.95599997 -.514000058",
    "ties": ".699999988 -2.4000001 1.10000002 3 -.742857158 -.25 1.54999995 -.0500000119",
    "ties_rescale": ".627441883 -2.50400019 1.24511623 3 -.535574973 -.379999995 1.44116282 .131999969",
    "slerp": "1.03994763 -2.14072251 .596007764 2.96777487 -1.24057901 .100315697 2.03427505 -.544255614",
    "ties_bf16_arithmetic": ".69921875 -2.40625 1.1015625 3 -.74609375 -.25 1.546875 -.05078125",
}
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4, "intermediate_size": 2,
    "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 4, "torch_dtype": "float32",
}


def parse(text):
    return np.array([float(number) for number in text.split()], np.float32).reshape(2, 4)


def ulps(got, expected):
    """The largest distance in units in the last place of the expected float32 numbers."""
    return float(np.max(np.abs(got.astype(np.float64) - expected) / np.spacing(np.abs(expected))))


def ties_in_bf16(base, experts, density):
    """TIES as mergekit does it on bfloat16 tensors: every operation rounds to bfloat16; sums over models only once."""
    r, total = tensors.round_bf16, methods.in_order
    deltas = [r(x - base) for x in experts]
    kept = [np.where(methods.top(np.abs(d), density), d, np.float32(0)) for d in deltas]
    weights = [r(np.float32(w)) for w in WEIGHTS]
    e = [r(d * w) for d, w in zip(kept, weights)]
    majority = np.where(r(total(e)) >= 0, 1, -1)
    agree = [np.sign(x) == majority for x in e]
    mixed = r(total([np.where(m, x, np.float32(0)) for m, x in zip(agree, e)]))
    divisor = r(total([np.where(m, w, np.float32(0)) for m, w in zip(agree, weights)]))
    return r(base + r(mixed / np.where(divisor == 0, np.float32(1), divisor)))


def inputs(dtype):
    """Base and experts as stored; an expert is the sum in float32."""
    base = np.array(BASE, np.float32)
    models = {"base": base} | {name: base + np.array(delta, np.float32) for name, delta in DELTAS.items()}
    return {name: tensors.round_bf16(value) if dtype == "BF16" else value for name, value in models.items()}


def main():
    methods.check_philox()
    cases = []

    def case(name, dtype, method, options, result, ulp, source):
        stored = tensors.round_bf16(result) if dtype == "BF16" else result
        cases.append({
            "name": name, "models": dtype.lower(), "method": method, "options": options, "tensor": NAME, "shape": [2, 4],
            "expected": [float(value) for value in stored.ravel()], "ulp": ulp, "source": source})

    for dtype in ("F32", "BF16"):
        models = inputs(dtype)
        for name, value in models.items():
            folder = HERE / dtype.lower() / name
            tensors.write(folder / "model.safetensors", {NAME: value}, dtype)
            config = CONFIG | {"torch_dtype": "bfloat16" if dtype == "BF16" else "float32"}
            (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        base, experts = models["base"], [models[name] for name in "ABC"]
        three = {"base": "base", "experts": ["A", "B", "C"], "weights": WEIGHTS}
        runs = {
            "linear": ("average", {"experts": ["A", "B", "C"], "weights": WEIGHTS}, methods.average(experts, WEIGHTS)),
            "task_arithmetic": ("task_arithmetic", three | {"lambda": 1}, methods.task_arithmetic(base, experts, WEIGHTS)),
            "ties": ("ties", three | {"density": 0.5, "lambda": 1}, methods.ties(base, experts, WEIGHTS, 0.5)),
            "ties_rescale": (
                "ties", three | {"density": 0.5, "lambda": 1, "rescale": True},
                methods.ties(base, experts, WEIGHTS, 0.5, rescale=True)),
            "slerp": ("slerp", {"base": "base", "experts": ["A"], "t": 0.3}, methods.slerp(base, experts[0], 0.3)),
        }
        for name, (method, options, result) in runs.items():
            if dtype == "F32":
                expected = parse(MERGEKIT[name])
                # One rounding of a product of sums may fall differently: the sums are float32 there, float64 here; and
                # mergekit's linear may or may not fuse its multiplication and addition.
                ulp = 1 if name in ("ties_rescale", "slerp", "linear") else 0
                distance = ulps(result, expected)
                print(f"{name:18} {distance:.2f} ulp from mergekit")
                assert distance <= ulp, name
                case(name, dtype, method, options, expected, ulp, "mergekit 0.1.5")
            case(f"{name}_{dtype.lower()}_formula", dtype, method, options, result, 1 if name in ("ties_rescale", "slerp") else 0,
                 "methods.py: float32 arithmetic, rounded once to the output dtype")
        for consensus in (False, True):
            for rescale in ("inverse", "l1"):
                name = f"dare_{'ties' if consensus else 'linear'}_{rescale}_{dtype.lower()}"
                result = methods.dare(base, experts, WEIGHTS, 0.5, "ABC", NAME, 42, 1.0, rescale, consensus)
                options = three | {"rate": 0.5, "seed": 42, "lambda": 1, "rescale": rescale, "consensus": consensus}
                case(name, dtype, "dare", options, result, 1 if rescale == "l1" else 0, "methods.py: formulas with Philox")

    models = inputs("BF16")
    result = ties_in_bf16(models["base"], [models[name] for name in "ABC"], 0.5)
    expected = parse(MERGEKIT["ties_bf16_arithmetic"])
    print(f"ties in bfloat16   {ulps(result, expected) / 65536:.2f} ulp from mergekit")
    assert np.array_equal(result, expected)
    options = {"base": "base", "experts": ["A", "B", "C"], "weights": WEIGHTS, "density": 0.5, "lambda": 1}
    case("ties_bf16_arithmetic", "BF16", "ties", options, expected, 0,
         "mergekit 0.1.5: every operation rounds to bfloat16; a recipe needs round_to after each")
    streams = {stream: [float(u) for u in methods.uniform((9,), 42, stream, NAME)] for stream in "ABC"}
    tensors.write_json(HERE / "golden.json", {
        "uniform": {"seed": 42, "tensor": NAME, "first": streams},
        "hash64": {text: f"{methods.hash64(text.encode()):016x}" for text in ("", "a", "foobar", NAME)},
        "cases": cases})
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
