"""The meaning of expressions in NumPy: naive, one node after the other.

Elements are float32 arrays [rows, row length], rows float64 [rows, 1], columns float64 [1, row length], everything coarser one
float64; each with a bound (see numbers_with_bounds.py). A vector is one row.
"""

import math
from typing import NamedTuple

import numpy as np
from numbers_with_bounds import Unclear, apart, binary_value, enter, order_mask, reduce_values, unary_value, wanted

NAMED_SCOPES = ["element", "row", "column", "tensor", "layer", "model"]


class Group(NamedTuple):
    """A recipe's own scope."""

    name: str
    keys: tuple  # pairs (tensor name, key)


class Field(NamedTuple):
    """`data` maps an instance of the scope (a tensor's name, a layer, a group's key, "all") to (value, bound)."""

    scope: object  # one of NAMED_SCOPES, or a Group
    space: str  # model, delta, value
    domain: tuple | None  # tensor names in bytewise order; None for a number
    data: dict
    is_mask: bool = False


def layer_of(name):
    parts = name.split(".")
    return int(parts[2]) if parts[1] == "layers" else None


def instance(name, scope):
    if isinstance(scope, Group):
        return dict(scope.keys)[name]
    return {"model": "all", "layer": layer_of(name)}.get(scope, name)


def is_keyed(scope):
    return scope == "layer" or isinstance(scope, Group)


def join_scope(a, b):
    if a == b or b == "model":
        return a
    if a == "model":
        return b
    if "element" in (a, b) or {a, b} == {"row", "column"}:
        return "element"
    return next((s for s in (a, b) if s in ("row", "column")), "tensor")


def is_coarser(a, b):
    return a != b and join_scope(a, b) == b


def space_of(op, a, b):
    if op == "-" and (a, b) == ("model", "model"):
        return "delta"
    if (op in "+-" and (a, b) == ("model", "delta")) or (op == "+" and (a, b) == ("delta", "model")):
        return "model"
    if op in ("+", "-") and (a, b) == ("delta", "delta"):
        return "delta"
    if (op in ("*", "/") and (a, b) == ("delta", "value")) or (op == "*" and (a, b) == ("value", "delta")):
        return "delta"
    if op == "+" and (a, b) == ("model", "model"):
        raise Unclear("model + model")
    return "value"


class Interpreter:
    def __init__(self, shapes):
        """`shapes`: {tensor name: (rows, row length)}."""
        self.shapes = shapes

    # Operands.

    def number(self, value):
        return Field("model", "value", None, {"all": (np.float64(value), np.float64(0))})

    def model(self, tensors):
        data = {n: (t.reshape(self.shapes[n]), np.zeros(self.shapes[n])) for n, t in tensors.items()}
        return Field("element", "model", tuple(sorted(data, key=str.encode)), data)

    def per_tensor(self, like, function):
        return Field("tensor", "value", like.domain, {n: (np.float64(function(n)), np.float64(0)) for n in like.domain})

    def numel(self, x, scope="tensor"):
        data = {k: (np.float64(sum(math.prod(self.shapes[n]) for n in names)), np.float64(0))
                for k, names in self.instances(x.domain, scope).items()}
        return Field(scope, "value", x.domain, data)

    def at(self, field, name, scope):
        """(value, bound) of a field on a tensor, as an operand of a node of the scope; a missing delta is 0."""
        key = instance(name, field.scope)
        if key not in field.data and field.space != "delta":
            raise Unclear(f"no value for {name}")
        value, bound = field.data.get(key, (np.float64(0), np.float64(0)))
        if scope == "element" and field.scope != "element":
            value, bound = enter(np.asarray(value, np.float64), bound)
        rows, length = self.shapes[name]
        shape = {"element": (rows, length), "row": (rows, 1), "column": (1, length)}.get(scope, ())
        return np.broadcast_to(value, shape), np.broadcast_to(bound, shape)

    def instances(self, domain, scope):
        found = {}
        for name in domain:
            key = instance(name, scope)
            if key is None:
                raise Unclear(f"{name} is in no layer")
            found.setdefault(key, []).append(name)
        return found

    def join_domain(self, a, b, space):
        if a.domain is None or a.scope == "model":
            return (a.domain or b.domain) if b.scope == "model" else b.domain
        if b.domain is None or b.scope == "model" or a.domain == b.domain:
            return a.domain
        if space == "model":
            return a.domain if a.space == "model" else b.domain
        if space == "delta" and a.space != b.space:
            return a.domain if a.space == "delta" else b.domain
        if is_keyed(a.scope) or is_keyed(b.scope):
            return b.domain if is_keyed(a.scope) else a.domain
        return tuple(sorted({*a.domain, *b.domain}, key=str.encode))

    def elementwise(self, function, operands, scope, space, domain, is_mask=False):
        with np.errstate(all="ignore"):
            data = {k: function(*(part for x in operands for part in self.at(x, names[0], scope)))
                    for k, names in self.instances(domain, scope).items()}
        for value, _ in data.values():
            if not np.all(np.isfinite(value)):
                raise Unclear("not finite")
        return Field(scope, space, domain, data, is_mask)

    # Element by element.

    def unary(self, op, x):
        space = "delta" if op == "neg" and x.space == "delta" else "value"
        return self.elementwise(lambda v, e: unary_value(op, v, e), [x], x.scope, space, x.domain, op == "not")

    def binary(self, op, a, b):
        space = space_of(op, a.space, b.space)
        is_mask = op in ("gt", "ge", "lt", "le", "eq", "ne", "and", "or")
        return self.elementwise(lambda *v: binary_value(op, *v), [a, b], join_scope(a.scope, b.scope), space,
                                self.join_domain(a, b, space), is_mask)

    def where(self, mask, a, b):
        zero = [x.domain is None and x.data["all"][0] == 0 for x in (a, b)]
        delta = [x.space == "delta" or z for x, z in zip((a, b), zero)]
        space = "delta" if all(delta) and not all(zero) else "model" if a.space == b.space == "model" else "value"
        domain = self.join_domain(a, b, "value" if space == "model" else space) or mask.domain
        scope = join_scope(mask.scope, join_scope(a.scope, b.scope))

        def choose(m, _, x, ex, y, ey):
            return np.where(m != 0, x, y), np.where(m != 0, ex, ey)

        return self.elementwise(choose, [mask, a, b], scope, space, domain, a.is_mask and b.is_mask)

    def round_to(self, x, rounding, digits):
        def rounded(v, e):
            result = rounding(v)
            return result, np.where(e > 0, e + np.abs(result) * 2.0**-digits, 0)

        return self.elementwise(rounded, [x], "element", x.space, x.domain)

    def reinterpret(self, x, space):
        return x._replace(space=space, is_mask=False)

    # Reductions and choices: `function` sees the flat samples of one instance and their bounds.

    def over(self, function, fields, scope):
        x = fields[0]
        if not is_coarser(scope, x.scope):
            raise Unclear("not coarser")
        data = {}
        for key, names in self.instances(x.domain, scope).items():
            if scope in ("row", "column"):
                parts = [part for f in fields for part in self.at(f, names[0], x.scope)]
                rows = [[p[i] for p in parts] if scope == "row" else [p[:, i] for p in parts]
                        for i in range(self.shapes[names[0]][scope == "column"])]
                results = np.array([function(*row) for row in rows], np.float64).reshape(-1, 2)
                shape = (-1, 1) if scope == "row" else (1, -1)
                data[key] = results[:, 0].reshape(shape), results[:, 1].reshape(shape)
            else:
                heads = {instance(name, x.scope): name for name in reversed(names)}
                heads = sorted(heads.values(), key=str.encode)
                parts = [[np.asarray(self.at(f, n, x.scope)[i], np.float64).ravel() for n in heads]
                         for f in fields for i in (0, 1)]
                value, bound = function(*(np.concatenate(p) for p in parts))
                data[key] = np.float64(value), np.float64(bound)
        return Field(scope, "value", x.domain, data)

    def reduce(self, op, x, scope, weight=None):
        if weight is None:
            return self.over(lambda *v: reduce_values(op, *v), [x], scope)
        if not is_coarser(scope, x.scope):
            raise Unclear("not coarser")
        weighted = self.binary("*", self.reinterpret(x, "value"), weight)
        return self.binary("/", self.reduce("sum", weighted, scope), self.reduce("sum", self.spread(weight, weighted), scope))

    def spread(self, x, like):
        return self.elementwise(lambda v, e: (v, e), [x], like.scope, x.space, like.domain)

    def dot(self, x, y, scope):
        product = self.binary("*", x, y)
        return self.over(lambda *v: reduce_values("dot", *v), [self.spread(x, product), self.spread(y, product)], scope)

    def variance(self, x, scope):
        deviation = self.binary("-", self.reinterpret(x, "value"), self.reduce("mean", x, scope))
        return self.reduce("mean", self.binary("*", deviation, deviation), scope)

    def kth(self, x, index, scope):
        def pick(v, e):
            return (0.0, 0.0) if v.size == 0 else (np.sort(v)[min(index, v.size - 1)], np.max(e))

        return self.over(pick, [x], scope)

    def top(self, x, share, scope, is_count=False):
        if not is_coarser(scope, x.scope) or join_scope(share.scope, scope) != scope:
            raise Unclear("scopes of top")
        data = {}
        for names in self.instances(x.domain, scope).values():
            heads = {instance(name, x.scope): name for name in reversed(names)}
            heads = dict(sorted(heads.items(), key=lambda item: item[1].encode()))
            values = {key: [np.asarray(part, np.float64) for part in self.at(x, n, x.scope)] for key, n in heads.items()}
            shares = self.at(share, names[0], scope if share.domain else "model")
            if scope in ("row", "column"):
                (key, (v, e)), axis = next(iter(values.items())), int(scope == "row")
                lines = [(v[i], e[i]) if axis else (v[:, i], e[:, i]) for i in range(v.shape[1 - axis])]
                flat = [np.broadcast_to(part.ravel(), len(lines)) for part in shares]
                masks = [order_mask(*line, wanted(flat[0][i], flat[1][i], is_count, line[0].size)) for i, line in enumerate(lines)]
                stacked = np.array(masks).reshape(len(lines), v.shape[axis])
                data[key] = stacked if axis else stacked.T
            else:
                v, e = (np.concatenate([value[i].ravel() for value in values.values()]) for i in (0, 1))
                mask, start = order_mask(v, e, wanted(shares[0], shares[1], is_count, v.size)), 0
                for key, (value, _) in values.items():
                    data[key] = mask[start : start + value.size].reshape(value.shape)
                    start += value.size
        kind = np.float32 if x.scope == "element" else np.float64
        return Field(x.scope, "value", x.domain, {k: (m.astype(kind), np.zeros(m.shape)) for k, m in data.items()}, True)

    def rank(self, x):
        def ranks(v, e):
            order = np.argsort(v, axis=1, kind="stable")
            s, se = (np.take_along_axis(part, order, 1) for part in (v, e))
            apart(s[:, :-1], se[:, :-1], s[:, 1:], se[:, 1:])
            return np.argsort(order, axis=1).astype(np.float32), np.zeros(v.shape)

        return self.elementwise(ranks, [x], "element", "value", x.domain)

    # Selections.

    def restrict(self, x, names):
        domain = tuple(n for n in x.domain if n in names)
        keep = {instance(n, x.scope) for n in domain}
        return x._replace(domain=domain, data={k: v for k, v in x.data.items() if k in keep})

    def branch(self, parts):
        data = {name: self.at(part, name, "element") for part in parts for name in part.domain}
        domain = tuple(sorted(data, key=str.encode))
        return Field("element", parts[0].space, domain, data)
