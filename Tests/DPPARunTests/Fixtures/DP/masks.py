"""Masks of Dynamically Pruning on the zoo, by PyTorch and NumPy alone.

    python masks.py ZOO OUT.json

"reference": what the authors' program computes (docs: bfloat16 at every step), compared here with ZOO/reference.json.
"exact": float32 deltas, shares of outliers in float64, and exactly floor(density * n) elements, ties to the lowest index.
Each mask is given by its number of kept elements and the SHA-256 of its bits (flat order, least significant bit first).
"""
import hashlib, json, pathlib, re, sys
import numpy as np
import torch
from safetensors.torch import load_file

EXPERTS, RATES, LAMBDA, M_LAYER, M_LINEAR = ("math", "finance", "law"), (0.9, 0.8), 0.08, 3, 5
LINEAR = re.compile(r"model\.layers\.(\d+)\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)\.weight")


def mean_bf16(magnitude):
    return magnitude.double().mean().to(torch.bfloat16)


def layer_outliers(magnitude):
    """D: percent of elements whose |delta| / mean, rounded to bfloat16, exceeds the layer multiple."""
    return 100 * int((magnitude / mean_bf16(magnitude) > M_LAYER).sum()) / magnitude.numel()


def linear_outliers(magnitude):
    """E: percent of elements whose |delta| exceeds mean * multiple rounded to bfloat16."""
    return 100 * int((magnitude > mean_bf16(magnitude) * M_LINEAR).sum()) / magnitude.numel()


def scaled(x):
    largest = np.abs(x).max()
    return x * LAMBDA / largest if largest > 0 else np.zeros_like(x)


def offsets(magnitudes):
    """Steps 1 and 2: (D per layer, E per linear, A + B per linear); linears in the order of `magnitudes`."""
    layer_of = {name: int(LINEAR.fullmatch(name)[1]) for name in magnitudes}
    layers = sorted(set(layer_of.values()))
    d = np.array([layer_outliers(torch.cat([m.flatten() for n, m in magnitudes.items() if layer_of[n] == i]))
                  for i in layers])
    a = scaled(d - d.mean())
    e = np.array([linear_outliers(m) for m in magnitudes.values()])
    count = np.array([m.numel() for m in magnitudes.values()], dtype=np.float64)
    share = e / e.mean() if e.mean() > 0 else np.zeros_like(e)
    b = scaled(share - (share * count).sum() / count.sum())
    both = {name: (a[layers.index(layer_of[name])], b[k]) for k, name in enumerate(magnitudes)}
    return d.tolist(), dict(zip(magnitudes, e.tolist())), both


def prune(magnitude, density):
    """Step 4: the threshold and the mask of the elements above it."""
    n = magnitude.numel()
    ordered = magnitude.flatten().float().sort().values  # bfloat16 values, exact in float32
    threshold = ordered[min(int(n * (1 - density)), n - 1)]
    return threshold.item(), magnitude.float() > threshold


def digest(mask):
    return hashlib.sha256(np.packbits(mask.flatten(), bitorder="little").tobytes()).hexdigest()


def exact(tuned, base, rate):
    """The same schedule without bfloat16, and an exact count."""
    size = {n: (tuned[n].float() - base[n].float()).abs().numpy() for n in sorted(tuned) if LINEAR.fullmatch(n)}
    layer_of = {n: int(LINEAR.fullmatch(n)[1]) for n in size}

    def percent(values, multiple):
        return 100 * np.mean(values > np.float32(multiple * np.mean(values, dtype=np.float64)))
    layers = sorted(set(layer_of.values()))
    d = np.array([percent(np.concatenate([v.flatten() for n, v in size.items() if layer_of[n] == i]), M_LAYER)
                  for i in layers])
    a = scaled(d - d.mean())
    e = np.array([percent(v, M_LINEAR) for v in size.values()])
    count = np.array([v.size for v in size.values()], dtype=np.float64)
    share = e / e.mean()
    b = scaled(share - (share * count).sum() / count.sum())
    result = {}
    for k, (name, values) in enumerate(size.items()):
        density = float(np.clip(1 - rate + a[layers.index(layer_of[name])] + b[k], 0, 1))
        kept = 0 if density <= 0 else max(1, int(np.floor(density * values.size)))
        mask = np.zeros(values.size, dtype=bool)
        mask[np.argsort(-values.flatten(), kind="stable")[:kept]] = True
        result[name] = dict(density=density, kept=kept, sha256=digest(mask))
    return result


def compare(worst, failures, expert, rate, entry, layers, linear_percent, reference):
    def note(key, ours, theirs, limit):
        worst[key] = max(worst.get(key, 0), abs(ours - theirs))
        if abs(ours - theirs) > limit:
            failures.append((expert, rate, key, ours, theirs))
    for ours, theirs in zip(layers, reference["layer_outlier_percent"], strict=True):
        note("layer outlier percent", ours, theirs, 1e-9)
    assert set(reference["linears"]) == set(entry["tensors"])
    for name, theirs in reference["linears"].items():
        ours = entry["tensors"][name]
        note("linear outlier percent", linear_percent[name], theirs["outlier_percent"], 1e-9)
        note("density before clamping", ours["density_wanted"], theirs["density"], 1e-6)
        note("threshold", ours["threshold"], theirs["threshold"], 0)
        note("kept", ours["kept"], theirs["kept"], 0)


def main(zoo, out_json):
    reference = json.loads((zoo / "reference.json").read_text())["dp"]
    base = load_file(zoo / "base" / "model.safetensors")
    experts, worst, failures = {}, {}, []
    for expert in EXPERTS:
        tuned = load_file(zoo / expert / "model.safetensors")
        magnitudes = {n: (tuned[n] - base[n]).abs() for n in sorted(tuned) if LINEAR.fullmatch(n)}
        assert all(m.dtype == torch.bfloat16 for m in magnitudes.values())
        layers, linear_percent, both = offsets(magnitudes)
        experts[expert] = dict(layer_outlier_percent=layers, rates={}, tensors={
            n: dict(elements=m.numel(), outlier_percent=linear_percent[n]) for n, m in magnitudes.items()})
        for rate in RATES:
            entry = experts[expert]["rates"][str(rate)] = dict(clamped=[], tensors={})
            for name, magnitude in magnitudes.items():
                wanted = float((1 - rate) + both[name][0] + both[name][1])
                density = min(max(wanted, 0.0), 1.0)
                if density != wanted:
                    entry["clamped"].append(name)
                threshold, mask = prune(magnitude, density)
                entry["tensors"][name] = dict(density=density, density_wanted=wanted, threshold=threshold,
                                              kept=int(mask.sum()), sha256=digest(mask.numpy()))
            entry["exact"] = exact(tuned, base, rate)
            compare(worst, failures, expert, rate, entry, layers, linear_percent, reference[expert][str(rate)])
            print(expert, rate, "kept", sum(t["kept"] for t in entry["tensors"].values()), "of",
                  sum(m.numel() for m in magnitudes.values()), "clamped", entry["clamped"])
    print("largest differences from reference.json:", worst)
    about = {"lambda": LAMBDA, "layer_multiple": M_LAYER, "linear_multiple": M_LINEAR}
    out_json.write_text(json.dumps(dict(about=about, experts=experts), indent=1) + "\n")
    assert not failures, failures[:10]
    print("agrees with reference.json")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
