"""The shipped methods on single tensors, in NumPy, with the exact order of operations.

Everything is float32, each operation rounded; numbers that are coarser than an element (weights, factors, norms, sums) are
float64 and are rounded to float32 once, where they meet elements.

    d_i              = x_i - b
    average          = ((x_1*w_1 + x_2*w_2) + ...) / W,  W = w_1 + w_2 + ... in float64
    task arithmetic  = b + lambda * ((d_1*w_1 + d_2*w_2) + ...)
    ties             : keep the k = max(1, floor(density*n)) largest |d_i|, ties to the lowest flat index, others 0
                       e_i = d_i * w_i;  S = (e_1 + e_2) + ...;  majority = S >= 0 ? 1 : -1
                       agree_i = sign(e_i) == majority           (a zero never agrees)
                       mixed   = (where(agree_1, e_1, 0) + where(agree_2, e_2, 0)) + ...
                       divisor = (where(agree_1, w_1, 0) + where(agree_2, w_2, 0)) + ...;  0 counts as 1
                     = b + lambda * (mixed / divisor)
    dare             : m_i = u_i < density ? d_i : 0,  density = 1 - rate
                       rescaled: m_i / density, or with l1: m_i * (sum|d_i| / sum|m_i|) unless either sum < 1e-7
                     = b + lambda * ((m_1*w_1 + m_2*w_2) + ...), or with consensus as ties goes on from e_i, without
                       the division
    slerp            : cos = dot(a, c) / (|a| |c|), a norm of at most 1e-8 counts as 1, clamped to [-1, 1]
                       |cos| > 0.9995: a*(1 - t) + c*t
                     = a * (sin((1-t) theta) / sin theta) + c * (sin(t theta) / sin theta)
"""

import math

import numpy as np

F = np.float32

# By how many ulps the next measured factors are off, in the order in which they are made; none: as they are.
slips = []


def measured(number):
    """A factor that was measured, a float64 number whose last bits are its program's own, as float32."""
    slip = slips.pop(0) if slips else 0
    return np.nextafter(F(number), F(slip * np.inf)) if slip else F(number)


def hash64(data):
    """FNV-1a with 64 bits, mixed by the finalizer of SplitMix64."""
    mask, state = 0xFFFFFFFFFFFFFFFF, 0xCBF29CE484222325
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & mask
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
    return state ^ (state >> 31)


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al., Random123): counter as an array [4, n] of uint32, key as two numbers."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        low = np.uint64(0xFFFFFFFF)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c).astype(np.uint32)


def uniform(shape, seed, stream, tensor):
    """The uniform numbers of a tensor.

    Element i takes word i & 3 of the block with the counter (c low, c high, n low, n high), c = i >> 2, n = hash64 of the
    tensor's name; the key is (low, high) of hash64 of the eight bytes of the seed, then the stream's name; u = (word >> 8) / 2^24.
    """
    key = hash64(seed.to_bytes(8, "little") + stream.encode())
    name = hash64(tensor.encode())
    count = math.prod(shape)
    block = np.arange((count + 3) // 4, dtype=np.uint64)
    fixed = [np.full_like(block, name & 0xFFFFFFFF), np.full_like(block, name >> 32)]
    counter = [block & np.uint64(0xFFFFFFFF), block >> np.uint64(32)] + fixed
    words = philox(counter, (key & 0xFFFFFFFF, key >> 32))
    return ((words.T.reshape(-1)[:count] >> np.uint32(8)).astype(F) * F(2.0**-24)).reshape(shape)


def check_philox():
    """The published vectors of Random123."""
    def block(counter, key):
        return " ".join(f"{word:08x}" for word in philox([[word] for word in counter], key)[:, 0])

    ones = 0xFFFFFFFF
    assert block([0] * 4, (0, 0)) == "6627e8d5 e169c58d bc57ac4c 9b00dbd8"
    assert block([ones] * 4, (ones, ones)) == "408f276d 41c83b0e a20bc7c6 6d5451fd"
    pi = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    assert block(pi, (0xA4093822, 0x299F31D0)) == "d16cfe09 94fdcceb 5001e420 24126ea1"


def in_order(terms):
    """((t1 + t2) + t3) + ..., each sum rounded."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def total(values):
    """A correctly rounded float64 sum."""
    return math.fsum(np.asarray(values, np.float64).ravel())


def average(experts, weights):
    return in_order([x * F(w) for x, w in zip(experts, weights)]) / F(sum(weights))


def add_weighted(base, deltas, weights, scale):
    return base + F(scale) * in_order([d * F(w) for d, w in zip(deltas, weights)])


def task_arithmetic(base, experts, weights, scale=1.0):
    return add_weighted(base, [x - base for x in experts], weights, scale)


def top(size, density):
    """The mask of the k largest; among equals the lowest flat index."""
    k = max(1, math.floor(density * size.size)) if density > 0 and size.size else 0
    mask = np.zeros(size.size, bool)
    mask[np.argsort(-size.ravel(), kind="stable")[:k]] = True
    return mask.reshape(size.shape)


def l1_rescale(delta, kept):
    before, after = total(np.abs(delta)), total(np.abs(kept))
    return kept if before < 1e-7 or after < 1e-7 else kept * measured(before / after)


def elect(deltas, weights, normalize=True):
    """The signed sum or mean of those that agree with the majority, weighted."""
    e = [d * F(w) for d, w in zip(deltas, weights)]
    majority = np.where(in_order(e) >= 0, F(1), F(-1))
    agree = [np.sign(x) == majority for x in e]
    mixed = in_order([np.where(m, x, F(0)) for m, x in zip(agree, e)])
    if not normalize:
        return mixed
    divisor = in_order([np.where(m, F(w), F(0)) for m, w in zip(agree, weights)])
    return mixed / np.where(divisor == 0, F(1), divisor)


def ties(base, experts, weights, density, scale=1.0, normalize=True, rescale=False):
    deltas = [x - base for x in experts]
    kept = [np.where(top(np.abs(d), density), d, F(0)) for d in deltas]
    if rescale:
        kept = [l1_rescale(d, k) for d, k in zip(deltas, kept)]
    return base + F(scale) * elect(kept, weights, normalize)


def dare(base, experts, weights, rate, labels, tensor, seed=0, scale=1.0, rescale="inverse", consensus=False):
    density = F(1 - rate)
    parts = []
    for x, label in zip(experts, labels):
        delta = x - base
        kept = np.where(uniform(delta.shape, seed, label, tensor) < density, delta, F(0))
        parts.append(l1_rescale(delta, kept) if rescale == "l1" else kept / density)
    if consensus:
        return base + F(scale) * elect(parts, weights, normalize=False)
    return add_weighted(base, parts, weights, scale)


def slerp_cosine(a, c):
    wide = [np.asarray(x, np.float64) for x in (a, c)]
    norms = [math.sqrt(total(x * x)) for x in wide]
    norms = [1.0 if norm <= 1e-8 else norm for norm in norms]
    return min(1.0, max(-1.0, total(wide[0] * wide[1]) / (norms[0] * norms[1])))


def slerp(a, c, t):
    cosine = slerp_cosine(a, c)
    if abs(cosine) > 0.9995:
        return a * F(1 - t) + c * F(t)
    theta = math.acos(cosine)
    return (
        a * measured(math.sin((1 - t) * theta) / math.sin(theta))
        + c * measured(math.sin(t * theta) / math.sin(theta)))
