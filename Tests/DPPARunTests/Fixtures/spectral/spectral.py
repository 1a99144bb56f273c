"""Merged deltas of the spectral methods by NumPy in float64, and the models that they are of.

    python spectral.py

Writes base, A, B and C, three experts over matrices of odd shapes, two.base, E and F, the 4 x 4 example of the papers'
programs, and expected.json: by method and options the merged tensors, of the odd shapes and of the example.
"""

import json
import os

import numpy as np
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-6


def svd(x, rank=None, tolerance=0.0):
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    k = len(s) if rank is None else min(rank, len(s))
    u, s, vt = u[:, :k].copy(), s[:k].copy(), vt[:k].copy()
    if k:
        zero = s <= tolerance * s[0]
        u[:, zero], s[zero], vt[zero] = 0, 0, 0
    return u, s, vt


def own(x, rank, least):
    u, s, vt = svd(x, rank)
    has = s > least
    return u * has, s * has, vt * has[:, None]


def polar(x):
    u, s, vt = svd(x, tolerance=TOLERANCE)
    return u @ vt


def iso_c(d):
    u, s, vt = svd(sum(d), tolerance=TOLERANCE)
    return s.mean() * u @ vt


def iso_cts(d, common=0.8):
    n, r = len(d), min(d[0].shape)
    k = round((r - int(r * common)) / n)
    uc, sc, vc = svd(sum(d), r - k * n, TOLERANCE)
    parts = [own(x - uc @ (uc.T @ x), k, TOLERANCE * max(sc, default=0)) for x in d] + [(uc, sc, vc)]
    u, s, vt = (np.concatenate([p[i] for p in parts], axis=a) for i, a in ((0, 1), (1, 0), (2, 0)))
    return s.mean() * polar(u) @ polar(vt)


def tsv(d):
    k = min(d[0].shape) // len(d)
    if k == 0:
        return sum(d) / len(d)
    parts = [svd(x, k, TOLERANCE) for x in d]
    u, s, vt = (np.concatenate([p[i] for p in parts], axis=a) for i, a in ((0, 1), (1, 0), (2, 0)))
    return polar(u) @ np.diag(s) @ polar(vt)


def star_one(x, eta):
    u, s, vt = svd(x)
    if s.sum() == 0:
        return x
    rho = int(np.argmax(np.cumsum(s) >= eta * s.sum())) + 1
    return u[:, :rho] @ np.diag(s[:rho] * (s.sum() / s[:rho].sum())) @ vt[:rho]


def star(d, eta=0.4):
    return sum(star_one(x, eta) for x in d) / len(d)


def subspace_boosting(d, beta=0.01):
    u, s, vt = svd(sum(d), tolerance=TOLERANCE)
    if s.sum() == 0:
        return sum(d)
    j = int(np.argmax(np.cumsum(s) / s.sum() >= beta))
    return u @ np.diag(np.maximum(s, s[j])) @ vt


def svc(d, alpha=0.1):
    u, s, vt = svd(sum(d), tolerance=TOLERANCE)
    a = u.T @ sum(d)
    total = 0
    for x in d:
        own = u.T @ x
        total = total + np.maximum(alpha, (a * own).sum(1) / np.maximum((own * own).sum(1), 1e-12))
    return u @ (a * (len(d) / total)[:, None])


def disjoint_mean(parts):
    count = sum((p != 0).astype(float) for p in parts)
    return sum(parts) / np.maximum(count, 1)


def knots(d, scale=1.0):
    n, w = len(d), d[0].shape[1]
    u, s, vt = svd(np.concatenate(d, axis=1), tolerance=TOLERANCE)
    v = [np.where(np.abs(x) > 1e-12, x, 0) for x in (vt[:, i * w:(i + 1) * w] for i in range(n))]
    elected = np.where(sum(v) >= 0, 1, -1)
    return scale * u @ disjoint_mean([s[:, None] * np.where(np.sign(x) == elected, x, 0) for x in v])


def drm(d, drop=0.3, cut=0.01, axis="h"):
    if axis == "v":
        return drm([x.T for x in d], drop, cut).T
    n, w = len(d), d[0].shape[1]
    u, s, vt = np.linalg.svd(np.concatenate(d, axis=1), full_matrices=False)
    keep = s > cut * s[0]
    u, s, vt = u[:, keep], s[keep], vt[keep]
    parts, lengths = [], []
    for i in range(n):
        v = vt[:, i * w:(i + 1) * w]
        v = np.where(np.abs(v) > 1e-12, v, 0)
        length = np.linalg.norm(v, axis=1, keepdims=True)
        parts.append(np.divide(v, length, out=np.zeros_like(v), where=length > 0))
        lengths.append(length)
    entries = np.concatenate([p.ravel() for p in parts])
    k = len(entries) - round(len(entries) * (1 - drop))
    if k > 0:
        least = np.sort(np.abs(entries))[k - 1]
        parts = [np.where(np.abs(p) >= least, p, 0) for p in parts]
    parts = [p * s[:, None] * l for p, l in zip(parts, lengths)]
    elected = np.where(sum(parts) >= 0, 1, -1)
    return u @ disjoint_mean([np.where(np.sign(p) == elected, p, 0) for p in parts])


def wudi_terms(d):
    grams = [x.T @ x / (x * x).sum() if (x * x).sum() > 0 else 0 * (x.T @ x) for x in d]
    return sum(grams), sum(x @ g for x, g in zip(d, grams))


def wudi_exact(d, ridge=0.0):
    g, b = wudi_terms(d)
    start = sum(d)
    w, q = np.linalg.eigh(g)
    inverse = np.array([1 / (x + ridge * np.trace(g) / len(g)) if x > TOLERANCE * w[-1] else 0 for x in w])
    return start + (b - start @ g) @ q @ np.diag(inverse) @ q.T


def wudi(d, steps=300, rate=1e-5):
    g, b = wudi_terms(d)
    t = sum(d).astype(float)
    m, v = np.zeros_like(t), np.zeros_like(t)
    for step in range(1, steps + 1):
        grad = 2 * (t @ g - b)
        m, v = 0.9 * m + 0.1 * grad, 0.999 * v + 0.001 * grad * grad
        t = t - rate / (1 - 0.9**step) * m / (np.sqrt(v) / np.sqrt(1 - 0.999**step) + 1e-8)
    return t


CASES = {
    "iso_c": (iso_c, {}, "sum"), "iso_cts": (iso_cts, {}, "sum"), "iso_cts common=0.5": (iso_cts, {"common": 0.5}, "sum"),
    "tsv": (tsv, {}, "mean"), "star": (star, {}, "mean"), "subspace_boosting": (subspace_boosting, {}, "sum"),
    "subspace_boosting beta=0.5": (subspace_boosting, {"beta": 0.5}, "sum"), "svc": (svc, {}, "sum"),
    "knots": (knots, {}, "mean"), "drm": (drm, {}, "mean"), "drm side=rows": (drm, {"axis": "v"}, "mean"),
    "wudi solver=exact": (wudi_exact, {}, "mean"), "wudi steps=3 rate=0.01": (wudi, {"steps": 3, "rate": 0.01}, "mean"),
}

E = np.array([[2, 0, 1, -1], [0, 1, -1, 2], [1, 1, 0, 0], [-1, 2, 1, 3]]) / 10
F = np.array([[1, -1, 0, 2], [2, 0, 1, 1], [0, -2, 1, 1], [1, 0, 0, -1]]) / 10


def main():
    random = np.random.default_rng(7)
    block = "model.layers.0."
    shapes = {
        block + "self_attn.q_proj.weight": (7, 4), block + "self_attn.k_proj.weight": (3, 6),
        block + "self_attn.v_proj.weight": (1, 1), block + "self_attn.o_proj.weight": (5, 1),
        block + "mlp.gate_proj.weight": (1, 6), block + "mlp.up_proj.weight": (6, 6),
        block + "mlp.down_proj.weight": (9, 9), block + "input_layernorm.weight": (5,), "model.embed_tokens.weight": (8, 5),
    }
    base = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    # Sums of few directions, of which rounding to float32 must leave no others.
    base[block + "mlp.up_proj.weight"] *= 0.001
    experts = []
    for _ in range(3):
        deltas = {name: 0.1 * random.normal(size=shape) for name, shape in shapes.items()}
        # One direction for each expert: the sum has rank 3.
        deltas[block + "mlp.up_proj.weight"] = 0.1 * np.outer(random.normal(size=6), random.normal(size=6))
        experts.append({name: (base[name] + delta).astype(np.float32) for name, delta in deltas.items()})
    # One that has learnt nothing in a matrix.
    experts[1][block + "self_attn.q_proj.weight"] = base[block + "self_attn.q_proj.weight"].copy()

    tensor = block + "mlp.down_proj.weight"
    two = {tensor: np.zeros((4, 4), np.float32)}
    models = {"base": base, "A": experts[0], "B": experts[1], "C": experts[2], "two.base": two}
    models |= {"E": {tensor: E.astype(np.float32)}, "F": {tensor: F.astype(np.float32)}}
    for name, tensors in models.items():
        os.makedirs(f"{here}/{name}", exist_ok=True)
        save_file(tensors, f"{here}/{name}/model.safetensors")
        with open(f"{here}/{name}/config.json", "w") as file:
            json.dump({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1}, file)

    expected = {}
    for case, (method, options, _) in CASES.items():
        merged = {}
        for name in shapes:
            d = [x[name].astype(float) - base[name].astype(float) for x in experts]
            if ".proj" in name or "_proj." in name:
                merged[name] = method(d, **options)
            elif case.startswith("subspace_boosting") or case.startswith("svc"):
                merged[name] = sum(d)  # what is not decomposed stays as it was merged
            else:
                merged[name] = sum(d) / len(d)
        expected[case] = {
            "odd": {name: np.asarray(x).ravel().tolist() for name, x in merged.items()},
            "example": np.asarray(method([E, F], **options)).ravel().tolist(),
        }
    with open(f"{here}/expected.json", "w") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main()
    np.set_printoptions(precision=6, suppress=True)
    for case, (method, options, _) in CASES.items():
        print(case, method([E, F], **options).ravel())
    print("star one", star_one(E, 0.4).ravel())
