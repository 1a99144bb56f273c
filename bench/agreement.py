"""Whether two merged models say the same: every tensor, in evenly spaced blocks of it where it is large.

The two sides cannot be equal bit by bit. dppa-run computes in float32 and rounds once, at the end; mergekit with
`dtype: bfloat16` rounds every step to 8 significant bits. So elements agree within

    2^-7 max(|a|, |b|) + 2^-6 sum |d_i|        (a, b: the two results;  d_i: the experts' deltas from the base)

that is one step of the written type and a few roundings of the deltas. Beyond it are elements where the sides chose
differently, and rightly so both. Differences of bfloat16 models lie on a grid, so that a cut by magnitude goes through many
equal ones: dppa-run takes those of the lowest index, mergekit's sort some. And a sum of rounded deltas may be 0, whose sign is
+, where the exact sum is not. (Of TIES in float32 on both sides all elements beyond the bound are equal to a cut; in bfloat16
all but 0.3 % of them, the others being such sums.) A method's `within` says how many have to agree.

Of random methods the masks differ, so statistics are compared: the share of elements that are changed, and the mean of
|merged - base|; they agree within a fiftieth of each other.
"""

import json
import math
import struct

import numpy as np

BLOCK, BLOCKS = 1 << 16, 16
CLOSE = 0.02  # largest relative difference of statistics


class Tensors:
    """The tensors of a safetensors file, in bfloat16 or, as mergekit writes some, float32, read in part."""

    def __init__(self, folder):
        (path,) = folder.glob("*.safetensors")
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            entries = json.loads(file.read(length))
        entries.pop("__metadata__", None)
        self.data, self.entries, self.start = np.memmap(path, np.uint8, "r"), entries, 8 + length

    def count(self, name):
        entry = self.entries[name]
        if entry["dtype"] not in ("BF16", "F32"):
            raise ValueError(f"{name} is {entry['dtype']}, where BF16 or F32 is expected")
        return math.prod(entry["shape"])

    def block(self, name, first, count):
        entry = self.entries[name]
        size = 4 if entry["dtype"] == "F32" else 2
        start = self.start + entry["data_offsets"][0] + size * first
        stored = self.data[start:start + size * count]
        if size == 4:
            return np.frombuffer(stored, np.float32)
        return (np.frombuffer(stored, np.uint16).astype(np.uint32) << 16).view(np.float32)


def blocks(count):
    """(first, length) of the parts of a tensor that are compared."""
    if count <= BLOCK * BLOCKS:
        return [(first, min(BLOCK, count - first)) for first in range(0, count, BLOCK)]
    return [(round(k * (count - BLOCK) / (BLOCKS - 1)), BLOCK) for k in range(BLOCKS)]


def compare(ours, theirs, base, experts):
    """What is counted over the compared elements of two models: a dictionary of numbers."""
    a, b, start, tuned = Tensors(ours), Tensors(theirs), Tensors(base), [Tensors(expert) for expert in experts]
    if set(a.entries) != set(b.entries):
        raise ValueError(f"the models have other tensors: {sorted(set(a.entries) ^ set(b.entries))[:3]}")
    total = dict.fromkeys(("elements", "within", "equal", "ours_changed", "theirs_changed"), 0)
    total |= dict.fromkeys(("ours_size", "theirs_size", "difference", "norm"), 0.0)
    for name in a.entries:
        if a.count(name) != b.count(name):
            raise ValueError(f"{name} has {a.count(name)} and {b.count(name)} elements")
        for first, length in blocks(a.count(name)):
            x, y, z = (model.block(name, first, length) for model in (a, b, start))
            reach = sum(np.abs(model.block(name, first, length) - z) for model in tuned)
            far = np.abs(x - y) > 2.0 ** -7 * np.maximum(np.abs(x), np.abs(y)) + 2.0 ** -6 * reach
            total["elements"] += length
            total["within"] += length - int(np.count_nonzero(far))
            total["equal"] += int(np.count_nonzero(x == y))
            total["ours_changed"] += int(np.count_nonzero(x != z))
            total["theirs_changed"] += int(np.count_nonzero(y != z))
            total["ours_size"] += float(np.abs(x - z).sum(dtype=np.float64))
            total["theirs_size"] += float(np.abs(y - z).sum(dtype=np.float64))
            total["difference"] += float(np.square(x - y).sum(dtype=np.float64))
            total["norm"] += float(np.square(y - z).sum(dtype=np.float64))
    return total


def agreement(method, ours, theirs, base, experts):
    """{agrees, text, …}: whether two results of a method agree, in words, and the numbers."""
    try:
        total = compare(ours, theirs, base, experts)
    except (OSError, ValueError, KeyError) as error:
        return {"agrees": False, "text": f"not compared: {error}"}
    n = total["elements"]
    if method.is_random:
        changed, size = [[total[f"{side}_{what}"] / n for side in ("ours", "theirs")] for what in ("changed", "size")]
        agrees = all(abs(x - y) <= CLOSE * max(x, y) for x, y in (changed, size))
        text = (f"changed {100 * changed[0]:.2f} and {100 * changed[1]:.2f} %, "
                f"mean change {size[0]:.3e} and {size[1]:.3e}")
    else:
        within = total["within"] / n
        agrees = within >= method.within
        apart = math.sqrt(total["difference"] / total["norm"]) if total["norm"] else 0.0
        text = f"{100 * within:.3f} % within, {100 * total['equal'] / n:.1f} % equal; distance {100 * apart:.1f} % of the change"
    return {"agrees": agrees, "text": text if agrees else "differs: " + text} | total
