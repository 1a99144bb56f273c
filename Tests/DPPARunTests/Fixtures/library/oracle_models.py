"""The library's merge methods that look at a whole model, or that are published since mergekit's, in float64 NumPy.

Each takes the base and the experts as {tensor: array} and gives the merged model; what is measured over the model is measured
on one vector of all its elements, tensors in order. Nothing is shared with the recipes; `near` is as in oracle.py.
"""

import math

import numpy as np

import oracle


def layer(name):
    return int(name.split(".layers.")[1].split(".")[0]) if ".layers." in name else None


class Models:
    """The deltas of a merge, as one vector each."""

    def __init__(self, base, experts):
        self.base = base
        self.names = sorted(name for name in base if base[name].size)
        self.deltas = [self.vector({n: x[n] - base[n] for n in base}) for x in experts]
        self.experts = [self.vector(x) for x in experts]

    def vector(self, tensors):
        return np.concatenate([np.asarray(tensors[n], np.float64).ravel() for n in self.names])

    def per_tensor(self, number):
        return np.concatenate([np.full(self.base[n].size, number(n)) for n in self.names])

    def tensors(self, vector):
        result, start = {}, 0
        for name in self.names:
            size = self.base[name].size
            result[name] = vector[start:start + size].reshape(self.base[name].shape)
            start += size
        return result

    def spans(self):
        start = 0
        for name in self.names:
            yield slice(start, start + self.base[name].size)
            start += self.base[name].size

    def plus(self, delta):
        return self.tensors(self.vector(self.base) + delta)


def summed(deltas, weights):
    return sum(w * d for w, d in zip(weights, deltas))


def lines(m, o, weights):
    merged = summed(m.deltas, weights)
    size = len(m.deltas) * np.abs(merged).sum()
    alpha = o.get("alpha", np.abs(sum(m.deltas)).sum() / size if size > 0 else 1)
    last = max(layer(n) or 0 for n in m.names)
    return m.plus(m.per_tensor(lambda n: alpha + o.get("beta", 0.5) * (layer(n) or 0) / last) * merged)


def consensus(m, o, weights):
    merged, needed = summed(m.deltas, weights), 0
    threshold = o.get("threshold", 0.4)
    for d, t in zip(m.deltas, threshold if isinstance(threshold, list) else [threshold] * len(m.deltas)):
        oracle.near(np.abs(d), t * np.abs(merged - d), "a threshold")
        needed = needed + (np.abs(d) > t * np.abs(merged - d))
    return m.plus(o.get("lambda", 1) * np.where(needed >= o.get("agree", 2), merged, 0))


def emr(m, o):
    g = np.where(sum(m.deltas) > 0, 1, -1)
    return m.plus(o.get("lambda", 1) * g * np.max([np.where(d * g > 0, np.abs(d), 0) for d in m.deltas], axis=0))


def magmax(m, o):
    merged = np.zeros(m.deltas[0].size)
    for place in range(merged.size):
        merged[place] = sorted((abs(d[place]), i, d[place]) for i, d in enumerate(m.deltas))[-1][2]
    return m.plus(o.get("lambda", 0.5) * merged)


def localize_and_stitch(m, o, each):
    inside = m.per_tensor(lambda n: layer(n) is not None or o.get("outside", "drop") == "localize") > 0
    total, meeting = 0, 0
    for i, d in enumerate(m.deltas):
        mask = np.zeros(d.size, bool)
        mask[inside] = oracle.largest(np.abs(d[inside]), oracle.whole(each("density", 0.05)[i] * np.count_nonzero(inside)))
        total, meeting = total + np.where(mask, d, 0), meeting + mask
    return m.plus(total / np.maximum(meeting, 1))


def unit(x, low, high):
    return (x - low) / (high - low) if high > low else np.zeros(x.shape)


def pcb(m, o, each):
    n, clip = m.deltas[0].size, o.get("clip", 1e-4)
    total, weight = 0, 0
    for i, d in enumerate(m.deltas):
        ordered = np.sort(np.abs(d))
        a = np.clip(np.abs(d), ordered[int(n * clip)], ordered[int(n * (1 - clip) - 1)])
        p = np.exp(len(m.deltas) * unit(a, a.min(), a.max()) ** 2) * np.tanh(d * sum(m.deltas))
        p = np.maximum(p, np.sort(p)[min(n - 1, oracle.whole(n * (1 - each("density", 0.1)[i])))])
        s = unit(p, p.min(), p.max())
        total, weight = total + s * np.sign(d) * a, weight + s
    return m.plus(o.get("lambda", 1) * total / np.maximum(weight, 1e-12))


def magic(m, o, weights):
    merged = summed(m.deltas, weights)
    for span in m.spans():
        mean, size = np.mean([oracle.norm(d[span]) for d in m.deltas]), oracle.norm(merged[span])
        if size > 1e-6 * mean:
            merged[span] *= o.get("rho", 1) * mean / size
    return m.plus(merged)


def fisher(m, o, weights):
    """Importances are the squared changes, as in the recipe that is given no files."""
    importance = [d**2 for d in m.deltas]
    if o.get("normalize"):
        importance = [f / oracle.norm(f) if f.any() else f for f in importance]
    total = sum(w * f for w, f in zip(weights, importance))
    plain = summed(m.experts, weights) / sum(weights)
    weighted = sum(w * f * x for w, f, x in zip(weights, importance, m.experts))
    return m.tensors(np.divide(weighted, total, out=plain, where=total > 0))


def ties(m, o, each, weights):
    """As the authors' program has it: trimmed over the model, elected without weights, cancelled signs those of most elements."""
    trimmed = []
    for i, d in enumerate(m.deltas):
        mask = np.zeros(d.size, bool)
        spans = [slice(None)] if o.get("scope") == "model" else list(m.spans())
        for span in spans:
            size = np.abs(d[span])
            mask[span] = oracle.largest(size, max(1, oracle.whole(each("density", 0.2)[i] * size.size)))
        trimmed.append(np.where(mask, d, 0))
    votes = sum(trimmed)
    signs = np.sign(votes)
    signs = np.where(signs == 0, 1 if signs.sum() >= 0 else -1, signs)
    agree = [np.where(signs > 0, t > 0, t < 0) for t in trimmed]
    mixed = sum(w * np.where(a, t, 0) for w, a, t in zip(weights, agree, trimmed))
    divisor = sum(w * a for w, a in zip(weights, agree))
    assert np.all((divisor != 0) | ~np.any(agree, axis=0))
    return m.plus(o.get("lambda", 1) * mixed / np.where(divisor == 0, 1, divisor))


def compute(method, o, base, experts):
    """What a method must make of models; options that are not given have the method's default."""
    m = Models(base, experts)
    if math.isinf(sum(np.abs(d).sum() for d in m.deltas)):
        raise ValueError("models must be finite")

    def each(key, default):
        value = o.get(key, default)
        return value if isinstance(value, list) else [value] * len(experts)

    weights = each("weights", 1.0)
    match method:
        case "lines" | "consensus" | "magic" | "fisher":
            return globals()[method](m, o, weights)
        case "emr" | "magmax":
            return globals()[method](m, o)
        case "localize_and_stitch" | "pcb":
            return globals()[method](m, o, each)
        case "ties":
            return ties(m, o, each, weights)
