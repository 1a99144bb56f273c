"""The library's merge methods that look at a whole model, in float64 NumPy.

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
        case "ties":
            return ties(m, o, each, weights)
