"""The library's merge methods on single tensors, in float64 NumPy, each written from its paper or from what mergekit computes.

Nothing is shared with the recipes but the random numbers (../methods.py): sorts where they select, vectors where they work with
dot products, mergekit's longer formulas where they have shorter ones. Deltas are differences in float32, as stored models are.
`near` raises where the result hangs on the last bits of float32, so that a fixture says what must be and not what may be.
"""

import itertools
import math

import numpy as np

import methods


class Near(Exception):
    """A decision that float32 may take otherwise."""


def near(a, b, what):
    """Numbers that are compared must be equal or clearly different."""
    a, b = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    if np.any((a != b) & (np.abs(a - b) <= 1e-5 * np.maximum(np.abs(a), np.abs(b)))):
        raise Near(what)


def deltas_of(base, experts):
    return [(x - base).astype(np.float64) for x in experts]


def largest(size, k):
    """The mask of the k largest, the lowest flat index first among equals."""
    order = sorted(range(size.size), key=lambda i: (-size.ravel()[i], i))
    mask = np.zeros(size.size, bool)
    mask[order[:k]] = True
    return mask.reshape(size.shape)


def whole(x):
    return math.floor(x + 1e-6)


def rescaled(kept, delta, density, how):
    if how == "inverse":
        return np.divide(kept, density, out=np.zeros_like(kept), where=np.broadcast_to(density, kept.shape) > 0)
    if how == "l1" and np.abs(kept).sum() > 0:
        return kept * (np.abs(delta).sum() / np.abs(kept).sum())
    if how == "l2" and norm(kept) > 0:
        return kept * (norm(delta) / norm(kept))
    return kept


def magnitude(delta, density, how):
    k = max(1, whole(density * delta.size)) if density > 0 and delta.size else 0
    return rescaled(np.where(largest(np.abs(delta), k), delta, 0), delta, density, how)


def breadcrumbs(delta, density, gamma, how):
    n = delta.size
    kept = whole(density * n)
    dropped = min(whole(gamma * n), n - kept)
    size = np.abs(delta)
    mask = largest(size, dropped + kept) & ~largest(size, dropped)
    return rescaled(np.where(mask, delta, 0), delta, density, how)


def at_random(delta, p, how, draw, q=None):
    u = draw(delta.shape)
    if np.any((np.abs(u - p) < 1e-7) & (np.broadcast_to(p, u.shape) < 1)):
        raise Near("a random number")
    return rescaled(np.where(u < p, delta, 0), delta, np.broadcast_to(p if q is None else q, delta.shape), how)


def magprune(delta, density, epsilon, how, draw):
    reach = min(epsilon, density, 1 - density)
    p = np.full(delta.shape, density, np.float64)
    rows = delta.reshape(-1, delta.shape[-1]) if delta.ndim else delta.reshape(1, 1)
    for number, row in enumerate(rows):
        order = sorted(range(row.size), key=lambda i: (abs(row[i]), i))
        for rank, i in enumerate(order):
            if row.size > 1:
                p.reshape(rows.shape)[number, i] = density - reach + 2 * reach * rank / (row.size - 1)
    return at_random(delta, p, how, draw)


def weighted_sum(deltas, weights, normalize):
    total = sum(w * d for w, d in zip(weights, deltas))
    return total / sum(weights) if normalize else total


def elected(deltas, weights, normalize, plain=False):
    votes = deltas if plain else [w * d for w, d in zip(weights, deltas)]
    total = sum(votes)
    size = sum(np.abs(v) for v in votes)
    if np.any((np.abs(total) < 1e-5 * size) & (np.abs(total) > 0)):
        raise Near("an election")
    majority = np.where(total >= 0, 1, -1)
    result = np.zeros(total.shape)
    for place in np.ndindex(total.shape):
        agree = [i for i, v in enumerate(votes) if np.sign(v[place]) == majority[place]]
        mixed = sum(weights[i] * deltas[i][place] for i in agree)
        divisor = sum(weights[i] for i in agree) if normalize else 1
        if abs(divisor) <= 1e-6 * sum(abs(weights[i]) for i in agree):
            divisor = 1
        result[place] = mixed / divisor
    return result


def sce(deltas, select_topk):
    parts = deltas
    if select_topk != 1:
        variance = np.var(np.stack(deltas), axis=0)
        k = whole(select_topk * np.count_nonzero(variance))
        ordered = np.sort(variance.ravel())[::-1]
        if 0 < k < ordered.size and abs(ordered[k - 1] - ordered[k]) < 1e-5 * ordered[k - 1]:
            raise Near("a variance")
        mask = largest(variance, k)
        parts = [np.where(mask, d, 0) for d in deltas]
    energies = [np.mean(p**2) if p.size else 0 for p in parts]
    weights = [e / sum(energies) for e in energies] if sum(energies) > 0 else [1.0 for _ in energies]
    return elected(parts, weights, True, plain=True)


def ram(deltas, epsilon, r=None, alpha=None):
    changed = [np.abs(d) > epsilon for d in deltas]
    for d in deltas:
        near(np.abs(d), epsilon, "epsilon")
    count = sum(c.astype(int) for c in changed)
    result = np.zeros(deltas[0].shape)
    for d, c in zip(deltas, changed):
        factor = 1.0
        if r is not None:
            unique, shared = np.sum(c & (count == 1)), np.sum(c & (count > 1))
            factor = 1 + r * min(max(shared / max(unique, 1), 0), alpha)
        result += np.where(c, np.where(count == 1, d * factor, d / np.maximum(count, 1)), 0)
    return result


def norm(x):
    return math.sqrt(float(np.sum(np.square(x, dtype=np.float64))))


def model_stock_t(deltas, extrapolate):
    cosines = []
    for a, c in itertools.combinations(deltas, 2):
        size = norm(a) * norm(c)
        cosines.append(min(1, max(-1, float(np.sum(a * c)) / size)) if size > 0 else 0)
    n, cosine = len(deltas), sum(cosines) / len(cosines)
    below = 1 + (n - 1) * cosine
    t = n * cosine / below if abs(below) > 1e-6 else 0
    return t if extrapolate else min(1, max(0, t)) if cosine > 0 else 0


def model_stock(deltas, scope, extrapolate):
    mean = sum(deltas) / len(deltas)
    if scope == "tensor" or mean.ndim < 2:
        return model_stock_t(deltas, extrapolate) * mean
    result = np.zeros(mean.shape)
    for row in np.ndindex(mean.shape[:-1]):
        result[row] = model_stock_t([d[row] for d in deltas], extrapolate) * mean[row]
    return result


def arc(a, c, t):
    """One vector towards another; by rotation in their plane where slerp has quotients of sines."""
    size = [norm(v) if norm(v) > 1e-8 else 1.0 for v in (a, c)]
    cosine = min(1, max(-1, float(np.sum(a * c)) / (size[0] * size[1])))
    if abs(cosine) > 1 - 5e-9:
        return (1 - t) * a + t * c
    theta = math.acos(cosine)
    return (math.sin((1 - t) * theta) * a + math.sin(t * theta) * c) / math.sin(theta)


def nuslerp(a, c, weights, scope):
    t = weights[1] / (weights[0] + weights[1])
    if a.size == 0:
        return a
    if scope == "tensor" or (scope == "row" and a.ndim < 2):
        return arc(a, c, t)
    axes = a.shape[:-1] if scope == "row" else a.shape[-1:]
    result = np.zeros(a.shape)
    if scope == "column" and a.ndim == 0:
        return arc(a, c, t)
    for index in np.ndindex(axes):
        place = index if scope == "row" else (Ellipsis, *index)
        result[place] = arc(a[place], c[place], t)
    return result


def multislerp(vectors, weights, normalize):
    """mergekit's formula with its step along the tangent, which vanishes."""
    if normalize:
        weights = [w / sum(weights) for w in weights]
    sizes = [norm(v) for v in vectors]
    units = [v / s if s > 0 else v for v, s in zip(vectors, sizes)]
    mean = sum(w * u for w, u in zip(weights, units))
    if norm(mean) < 1e-6:
        return sum(w * v for w, v in zip(weights, vectors))
    direction = mean / norm(mean)
    tangent = sum(w * (u - np.sum(u * direction) * direction) for w, u in zip(weights, units))
    far = norm(tangent) + 1e-8
    turned = direction * math.cos(far) + tangent * (math.sin(far) / far)
    return turned * sum(w * s for w, s in zip(weights, sizes))


def karcher(vectors, weights, max_iter=10, tol=1e-5):
    """On the vectors themselves, step by step."""
    shares = [w / sum(weights) for w in weights]
    sizes = [norm(v) for v in vectors]
    used = [i for i, s in enumerate(sizes) if s > 0]
    if not used or sum(shares[i] for i in used) == 0:
        return np.zeros(vectors[0].shape)
    units = [vectors[i] / sizes[i] for i in used]
    alphas = [shares[i] / sum(shares[j] for j in used) for i in used]
    mean = sum(a * u for a, u in zip(alphas, units))
    mean = units[0] if norm(mean) < tol else mean / norm(mean)
    for _ in range(max_iter):
        step = np.zeros(mean.shape)
        for alpha, unit in zip(alphas, units):
            theta = math.acos(min(1, max(-1, float(np.sum(unit * mean)))))
            if theta >= tol:
                step = step + alpha * theta / math.sin(theta) * (unit - math.cos(theta) * mean)
        far = norm(step)
        if far < tol:
            break
        mean = mean * math.cos(far) + step / far * math.sin(far)
        mean = mean / norm(mean)
    return mean * sum(a * s for a, s in zip(shares, sizes))


def nearswap(base, x, t):
    omega = np.clip(t / np.maximum(np.abs(base.astype(np.float64) - x), 1e-300), 0, 1)
    return omega * x + (1 - omega) * base


def arcee_fusion(base, x, spread):
    base, x = base.astype(np.float64), x.astype(np.float64)
    if x.size == 0:
        return x
    softmax = [np.exp(v - v.max(axis=-1, keepdims=True)) if v.ndim else np.ones(()) for v in (x, base)]
    p, q = [s / s.sum(axis=-1, keepdims=True) if s.ndim else s for s in softmax]
    divergence = np.sum(p * np.log(p / q), axis=-1, keepdims=True) if x.ndim else 0.0
    importance = np.abs(x - base) * divergence
    ordered = np.sort(importance.ravel())
    low, middle, high = (ordered[int(q * (x.size - 1))] for q in (0.25, 0.5, 0.75))
    least = middle + spread * (high - low)
    # Where a row's divergence is rounding alone nothing is known; such fixtures are not made.
    if np.any((importance != least) & (np.abs(importance - least) < 1e-4 * least)):
        raise Near("an importance")
    return np.where(importance >= least, x, base)
