"""The fuzzer's expressions: those written by hand, one for each rule of the language, and the random ones."""

import interpreter
import numpy as np
from numbers_with_bounds import Unclear

# Name in the recipe: (Lua function of the facts t, the same of the tensor's name and shape).
GROUPS = {
    "dimensions": ("function(t) return #t.shape end", lambda n, s: len(s)),
    "size": ('function(t) return t.numel > 80 and "large" or "small" end', lambda n, s: np.prod(s) > 80),
    "block": ('function(t) return t.layer or "outside" end', lambda n, s: interpreter.layer_of(n)),
    "half": ('function(t) return (t.depth or 0) < 0.75 and "early" or "late" end', lambda n, s: ".2." not in n),
}
BLOCKS = "model.layers.*"


def make_groups(dppa):
    return {
        name: interpreter.Group(name, tuple((n, f"{function(n, dppa.true_shapes[n])}") for n in dppa.names))
        for name, (_, function) in GROUPS.items()
    }


def _ties(p, g):
    base = p.model("base")
    kept = [p.where(p.top(p.abs(d), 0.3, "tensor"), d, 0) for d in (p.model("a") - base, p.model("b") - base)]
    e = [kept[0] * 0.6, kept[1] * 0.4]
    positive = (e[0] + e[1]).ge(0)
    agrees = [p.where(positive, x.gt(0), x.lt(0)) for x in e]
    mixed = p.where(agrees[0], e[0], 0) + p.where(agrees[1], e[1], 0)
    divisor = p.where(agrees[0], 0.6, 0) + p.where(agrees[1], 0.4, 0)
    return base + mixed / p.where(divisor.eq(0), 1, divisor)


def _dp(p, g):
    """Dynamically Pruning as the library has it."""
    base = p.model("base")

    def rule(d):
        size = p.abs(d)
        layer = p.mean(size.gt(1.5 * p.mean(size, "layer")), "layer")
        linear = p.mean(size.gt(2 * p.mean(size, "tensor")), "tensor")

        def spread(x, weight=None):
            deviation = x - p.mean(x, "model", weight)
            largest = p.max(p.abs(deviation), "model")
            return p.where(largest.gt(0), deviation / largest, 0)

        density = p.clamp(0.2 + (0.08 * spread(layer) + 0.08 * spread(linear, p.numel(d))), 0, 1)
        return p.where(p.top(size, density, "tensor"), d, 0)

    delta = p.model("a") - base
    return base + rule(delta.linears())


def _slerp(p, g):
    base = p.model("base")
    x, y = p.weights(base), p.weights(p.model("a"))
    scale = p.norm(x, "tensor") * p.norm(y, "tensor")
    cosine = p.clamp(p.dot(x, y, "tensor") / p.where(scale.gt(0), scale, 1), -1, 1)
    # A tensor of one element and an empty one have no angle; elsewhere the angle is far from 0.
    is_linear = cosine.gt(0.99999) | p.numel(x).le(1)
    theta = p.where(is_linear, 1, p.acos(p.clamp(cosine, -0.9, 0.99999)))
    first = p.where(is_linear, 0.7, p.sin(0.7 * theta) / p.sin(theta))
    second = p.where(is_linear, 0.3, p.sin(0.3 * theta) / p.sin(theta))
    return p.as_model(x * first + y * second, base)


def _delta(p, label="a"):
    return p.model(label) - p.model("base")


def _plus(p, delta):
    return p.model("base") + delta


def _times(p, value, label="a"):
    return p.model("base") + _delta(p, label) * value


NAMED = {
    "task_arithmetic": lambda p, g: _plus(p, 0.6 * (_delta(p) * 0.5 + _delta(p, "b") * 0.3)),
    "ties": _ties,
    "dp": _dp,
    "slerp": _slerp,
    "average_numbers": lambda p, g: p.average([p.model("a"), p.model("b"), p.model("base")], [0.5, 0.25, 0.5]),
    "average_nodes": lambda p, g: p.average(
        [p.model("a"), p.model("b")], [p.mean(p.abs(_delta(p)), "tensor") + 0.1, 0.25]),
    "row_times_column": lambda p, g: _times(p, p.mean(p.abs(_delta(p)), "row") * p.max(p.model("b"), "column")),
    "row_plus_layer": lambda p, g: _plus(p, _delta(p).select(BLOCKS) * (
        p.sum(_delta(p).select(BLOCKS), "row") + p.norm(_delta(p, "b").select(BLOCKS), "layer"))),
    "layer_with_group": lambda p, g: _plus(
        p, _delta(p).linears() * (p.mean(p.abs(_delta(p).linears()), "layer") * p.max(_delta(p).linears(), g["size"]))),
    "layer_of_linears_on_norms": lambda p, g: _plus(
        p, _delta(p).select(BLOCKS) * p.mean(p.abs(_delta(p).linears()), "layer")),
    "group_with_group": lambda p, g: _times(
        p, p.mean(p.abs(_delta(p)), g["dimensions"]) - p.mean(p.abs(_delta(p)), g["half"])),
    "mean_of_tensors": lambda p, g: _times(p, p.mean(p.mean(p.abs(_delta(p)), "tensor"), "model")),
    "mean_of_layers": lambda p, g: _times(p, p.mean(p.max(_delta(p).select(BLOCKS), "layer"), "model")),
    "mean_of_rows": lambda p, g: _times(p, p.mean(p.norm(_delta(p), "row"), "model")),
    "mean_of_columns": lambda p, g: _times(p, p.mean(p.mean(_delta(p, "b"), "column"), "tensor")),
    "weighted_mean": lambda p, g: _times(p, p.mean(p.norm(_delta(p), "tensor"), "model", p.numel(_delta(p)))),
    "weighted_by_elements": lambda p, g: _times(p, p.mean(p.model("a"), "model", p.abs(_delta(p)) + 0.1)),
    "variance_of_elements": lambda p, g: _times(p, p.variance(_delta(p), "tensor") * 9),
    "variance_of_rows": lambda p, g: _times(p, p.variance(p.mean(_delta(p), "row"), "model") * 50),
    "empty_and_one": lambda p, g: _times(p, p.numel(_delta(p)) * 0.001 + p.max(_delta(p), "tensor") + p.min(_delta(p), "row")),
    "numel_of_layers": lambda p, g: _plus(p, _delta(p).linears() * (p.numel(_delta(p).linears(), "layer") / 500.0)),
    "numel_of_model": lambda p, g: _times(p, p.numel(_delta(p), "model") / 9000.0),
    "equal_sizes_tensor": lambda p, g: _plus(p, p.where(p.top(p.abs(_delta(p, "b")), 0.25, "tensor"), _delta(p, "b"), 0)),
    "equal_sizes_model": lambda p, g: _plus(p, p.where(p.top(p.abs(_delta(p, "b")), 0.4, "model"), _delta(p, "b"), 0)),
    "equal_sizes_row": lambda p, g: _plus(p, p.where(p.top(p.abs(_delta(p, "b")), 0.5, "row"), _delta(p), 0)),
    "equal_sizes_column": lambda p, g: _plus(p, p.where(p.top(p.abs(_delta(p, "b")), 0.5, "column"), _delta(p), 0)),
    "equal_sizes_layer": lambda p, g: _plus(
        p, p.where(p.top(p.abs(_delta(p, "b").linears()), 0.3, "layer"), _delta(p, "b").linears(), 0)),
    "equal_sizes_group": lambda p, g: _plus(p, p.where(p.top(_delta(p, "b"), 0.6, g["size"]), _delta(p, "b"), 0)),
    "top_count": lambda p, g: _plus(p, p.where(p.top_count(p.abs(_delta(p, "b")), 7, "tensor"), _delta(p, "b"), 0)),
    "top_count_row": lambda p, g: _plus(p, p.where(p.top_count(_delta(p), 2, "row"), 0, _delta(p))),
    "top_of_tensors": lambda p, g: _times(p, p.top(p.norm(_delta(p), "tensor"), 0.34, "model")),
    "top_of_rows": lambda p, g: _times(p, p.top(p.sum(p.abs(_delta(p, "b")), "row"), 0.5, "tensor")),
    "top_nothing": lambda p, g: _plus(p, p.where(~p.top(_delta(p), 0, "tensor"), _delta(p), 0)),
    "top_everything": lambda p, g: _plus(p, p.where(p.top(_delta(p), 1, "model"), _delta(p), 0)),
    "top_by_node": lambda p, g: _plus(p, p.where(
        p.top(p.abs(_delta(p)), p.per_tensor(_delta(p), "0.2 + 0.5 * (t.depth or 0)", lambda n, l, d, s: 0.2 + 0.5 * (d or 0)),
              "tensor"), _delta(p), 0)),
    "kth_of_tensor": lambda p, g: _plus(p, p.where(_delta(p).gt(p.kth(_delta(p), 5, "tensor")), _delta(p), 0)),
    "kth_of_row": lambda p, g: _times(p, p.kth(_delta(p, "b"), 2, "row")),
    "kth_of_column": lambda p, g: _times(p, p.kth(_delta(p), 1, "column")),
    "kth_of_model": lambda p, g: _plus(p, p.where(p.abs(_delta(p)).le(p.kth(p.abs(_delta(p)), 6000, "model")), _delta(p), 0)),
    "kth_beyond": lambda p, g: _times(p, p.kth(_delta(p), 100000, "tensor")),
    "rank": lambda p, g: _times(p, p.rank(p.abs(_delta(p, "b"))) / (p.max(p.rank(p.abs(_delta(p, "b"))), "row") + 1)),
    "bands": lambda p, g: _plus(p, sum_of_bands(p, p.bands(p.abs(_delta(p, "b")), [0.25, 0.5], "tensor"))),
    "bands_of_model": lambda p, g: _plus(p, sum_of_bands(p, p.bands(p.abs(_delta(p)), [0.1, 0.2], "model"))),
    "count_of_masks": lambda p, g: _times(p, p.count(_delta(p, "b").eq(0), "row") / 20.0 + p.mean(_delta(p, "b").ne(0), "tensor")),
    "mask_algebra": lambda p, g: _plus(
        p, p.where((_delta(p).gt(0) & ~_delta(p, "b").lt(0)) | _delta(p, "b").eq(0), _delta(p), -_delta(p, "b"))),
    "round_to_bf16": lambda p, g: _plus(p, p.round_to(p.round_to(_delta(p), "bf16") * 0.3, "bf16")),
    "round_to_f16": lambda p, g: p.model("base") - p.round_to(_delta(p), "f16"),
    "missing_deltas": lambda p, g: _plus(p, _delta(p).linears() + _delta(p, "b").select("*.mlp.*") * 2.0),
    "missing_delta_is_subtracted": lambda p, g: _plus(p, _delta(p).select("*.mlp.*") - _delta(p, "b")),
    "missing_delta_in_where": lambda p, g: _plus(
        p, p.where(_delta(p, "b").ge(0), _delta(p).select("*q_proj*"), _delta(p, "b"))),
    "missing_delta_in_order": lambda p, g: _plus(
        p, p.where(_delta(p).select("*norm*").le(_delta(p, "b")), _delta(p, "b"), 0)),
    "apply_keep": lambda p, g: _plus(
        p, _delta(p).apply(lambda d: p.where(p.top(p.abs(d), 0.5, "layer"), d, 0), "keep")),
    "apply_drop": lambda p, g: _plus(p, _delta(p).apply(lambda d: d * (0.1 + p.max(d, "model")), "drop")),
    "apply_table": lambda p, g: _plus(p, _delta(p).apply(
        {"*.mlp.*": lambda d: p.where(d.gt(0), d, 0), "*.self_attn.*": lambda d: d * p.mean(p.abs(d), "layer")}, "keep")),
    "apply_table_drop": lambda p, g: _plus(p, _delta(p, "b").apply(
        {"*embed*": lambda d: d / 2, "*norm*": lambda d: p.where(p.top_count(p.abs(d), 3, "model"), d, 0)}, "drop")),
    "elementary": lambda p, g: p.as_model(
        p.sin(p.weights(p.model("a"))) + p.cos(p.model("b") * 3.0) * p.exp(-p.abs(_delta(p)))
        + p.log(p.abs(p.model("a")) + 0.5) * p.acos(p.clamp(p.model("b"), -0.9, 0.9)), p.model("base")),
    "powers": lambda p, g: _times(p, (p.abs(p.model("a")) + 0.25) ** 1.5 - (p.numel(_delta(p)) + 1) ** -0.5),
    "floor_and_sign": lambda p, g: _plus(p, p.as_delta(p.floor(p.weights(p.model("a")) * 7.0) * p.sign(_delta(p, "b")) / 8.0)),
    "coarse_delta": lambda p, g: _plus(p, p.as_delta(p.mean(_delta(p).linears(), "tensor") * 0.5)),
    "coarse_is_rounded_once": lambda p, g: _times(p, (p.numel(_delta(p)) + 1) / 3.0 * 3.0 / 1000.0 * 0.1),
    "number_on_the_left": lambda p, g: _times(p, 1 - 2 / (p.abs(_delta(p)) + 1)),
    "sums_over_leaves": lambda p, g: _times(
        p, p.sum(p.abs(_delta(p)), "model") / 9000.0 + p.dot(p.model("a"), p.model("b"), "model") / 9000.0
        + p.dot(_delta(p), p.model("b"), "row")),
    "scopes_of_where": lambda p, g: _times(
        p, p.where(p.max(_delta(p), "row").gt(p.max(_delta(p), "tensor") * 0.5), p.min(_delta(p), "column"), 0.5)),
}


# Written behind the random ones, so that what was there before stays as it is: functions that came later go here.
LATER = {
    "angles": lambda p, g: p.as_model(
        p.atan2(p.weights(p.model("a")), p.model("b") * 2.0)
        + p.atan2(p.mean(_delta(p), "row"), p.norm(_delta(p, "b"), "model") - 9.0), p.model("base")),
    "log_sum_exp": lambda p, g: _times(
        p, p.log_sum_exp(_delta(p), "row") * 0.1 + p.log_sum_exp(_delta(p, "b"), "column") * 0.1
        + p.log_sum_exp(p.model("a"), g["half"]) * 0.01 + p.log_sum_exp(p.mean(p.abs(_delta(p)), "row"), "model") * 0.01),
    "tanh": lambda p, g: _times(p, p.tanh(p.weights(p.model("a")) * 3.0) + p.tanh(p.norm(_delta(p, "b"), "row"))),
}


def sum_of_bands(p, masks):
    delta = _delta(p, "b")
    return p.where(masks[0], delta, 0) * 1.5 + p.where(masks[1], delta, 0) * 0.25


def random_expression(rng, p, groups):
    """A model from random nodes over one selection; None or Unclear when nothing comes of it."""
    narrow = rng.choice([None, None, "linears", BLOCKS, "*.mlp.*"])

    def on_selection(x):
        return x if narrow is None else x.linears() if narrow == "linears" else x.select(narrow)

    delta = on_selection(p.model("a") - p.model("base"))
    other = on_selection(p.model("b") - p.model("base"))
    plain = on_selection(p.weights(p.model(rng.choice(["base", "a", "b"]))))
    scopes = ["row", "column", "tensor", "model", *groups.values()] + (["layer"] * 3 if narrow else [])
    pool = [delta, other, plain]
    for _ in range(rng.randint(6, 12)):
        for _ in range(20):
            try:
                made = _step(rng, p, scopes, pool)
            except Unclear:
                continue
            if made is not None and _says_something(made.field):
                pool.append(made)
                break
    last = pool[-1]
    base = p.model("base")
    if last.field.is_mask:
        return base + p.where(last, delta, other if rng.random() < 0.5 else 0)
    if last.field.space == "delta":
        return base - last if rng.random() < 0.3 else base + last
    if narrow is None and last.field.scope == "element" and rng.random() < 0.4:
        return p.as_model(last, base)
    return base + p.as_delta(last * plain) if rng.random() < 0.3 else base + delta * last


def _says_something(field):
    """Whether the values are of use: not huge, not all the same over elements, rows or tensors."""
    values = np.concatenate([np.asarray(v, np.float64).ravel() for v, _ in field.data.values()])
    return np.max(np.abs(values), initial=0) < 500 and (field.scope == "model" or np.ptp(values) > 0)


def _step(rng, p, scopes, pool):
    """One random node over the pool; late nodes are likelier operands, and one fresh leaf keeps them from running dry."""
    numbers = [n for n in pool if not n.field.is_mask]
    masks = [n for n in pool if n.field.is_mask]
    x, y = (numbers[max(0, len(numbers) - 1 - int(rng.expovariate(0.5)))] for _ in range(2))
    element = x if x.field.scope == "element" else rng.choice(pool[:3])
    number, scope = rng.choice([0.5, -0.25, 2.0, 0.1, 1.5, 3.0]), rng.choice(scopes)
    share, count = rng.choice([0.1, 0.25, 0.5, 0.9]), rng.randint(1, 9)
    if x is y:
        y = rng.choice([n for n in numbers if n is not x])
    other = rng.choice([y, y, p.node(number)])
    kind = rng.choice(
        ["arithmetic"] * 5 + ["compare"] * 2 + ["unary"] * 2 + ["reduce"] * 6 + ["choose"] * 4 + ["mask"] * (4 if masks else 0))
    mask = rng.choice(masks) if masks else None
    second = rng.choice(masks) if masks else None
    choices = {
        "arithmetic": [
            lambda: x + other, lambda: x - other, lambda: x * other, lambda: other - x, lambda: x / (p.abs(y) + 0.5),
            lambda: p.maximum(x, y), lambda: p.minimum(x, y), lambda: (p.abs(x) + 0.25) ** number],
        "compare": [
            lambda: x.gt(y), lambda: x.ge(y), lambda: x.lt(y), lambda: x.le(y), lambda: x.eq(p.max(x, scope)),
            lambda: x.ne(p.min(x, scope)), lambda: p.abs(x).gt(p.mean(p.abs(x), scope)), lambda: x.gt(0)],
        "unary": [
            lambda: -x, lambda: p.abs(x), lambda: p.sign(x), lambda: p.sqrt(p.abs(x)), lambda: p.floor(x * 8.0),
            lambda: p.exp(p.clamp(x, -3, 3)), lambda: p.log(p.abs(x) + 1), lambda: p.sin(x), lambda: p.cos(x * 2.0),
            lambda: p.acos(p.clamp(x, -0.95, 0.95)), lambda: p.clamp(x, -0.02, 0.04),
            lambda: p.round_to(element, rng.choice(["bf16", "f16"]))],
        "reduce": [
            lambda: p.mean(x, scope), lambda: p.sum(x, scope) * 0.01, lambda: p.max(x, scope), lambda: p.min(x, scope),
            lambda: p.norm(x, scope), lambda: p.variance(x, scope), lambda: p.dot(x, y, scope),
            lambda: p.mean(x, scope, p.abs(y) + 0.125), lambda: p.mean(p.abs(x), scope),
            lambda: p.mean(x, scope, p.numel(x) + 1)],
        "choose": [
            lambda: p.top(x, share, scope), lambda: p.top(p.abs(element), share, scope),
            lambda: p.top(p.abs(element), p.clamp(p.abs(y), 0.1, 0.8), scope), lambda: p.top_count(x, count, scope),
            lambda: p.kth(x, count, scope), lambda: p.rank(element) / 16.0,
            lambda: p.bands(p.abs(x), [share, 0.0625], scope)[rng.randint(0, 1)]],
        "mask": [
            lambda: p.where(mask, x, y), lambda: p.where(mask, x, 0), lambda: p.where(mask, 0, x), lambda: ~mask,
            lambda: mask & second if mask is not second else None, lambda: mask | second if mask is not second else None,
            lambda: p.mean(mask, scope), lambda: p.count(mask, scope) * 0.01, lambda: p.numel(x) * 0.001 * mask],
    }
    return rng.choice(choices[kind])()
