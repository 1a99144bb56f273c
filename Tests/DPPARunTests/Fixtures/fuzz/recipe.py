"""Traces an expression twice: as the text of a recipe, and as its value by the interpreter.

A Node stands for both; operators and the functions of Dppa have the names that they have in recipes. `Recipe.text` writes a
node used once into its user and gives the others a name.
"""

import fnmatch

import numpy as np

import functions
import interpreter
import tensors as files


class Node:
    def __init__(self, trace, field, text, operands=()):
        """`text` is a template with {0}, {1}, … for the operands; a node without operands is written as it stands."""
        self.trace, self.field, self.text, self.operands = trace, field, text, operands

    def _binary(self, other, op, symbol=None, swap=False):
        a, b = (self.trace.node(other), self) if swap else (self, self.trace.node(other))
        template = f"({{0}} {symbol or op} {{1}})"
        return Node(self.trace, self.trace.i.binary(op, a.field, b.field), template, (a, b))

    def __add__(self, other): return self._binary(other, "+")
    def __radd__(self, other): return self._binary(other, "+", swap=True)
    def __sub__(self, other): return self._binary(other, "-")
    def __rsub__(self, other): return self._binary(other, "-", swap=True)
    def __mul__(self, other): return self._binary(other, "*")
    def __rmul__(self, other): return self._binary(other, "*", swap=True)
    def __truediv__(self, other): return self._binary(other, "/")
    def __rtruediv__(self, other): return self._binary(other, "/", swap=True)
    def __pow__(self, other): return self._binary(other, "^")
    def __and__(self, other): return self._binary(other, "and", "&")
    def __or__(self, other): return self._binary(other, "or", "|")
    def __neg__(self): return self._unary("neg", "(-{0})")
    def __invert__(self): return self._unary("not", "(~{0})")

    def _unary(self, op, template):
        return Node(self.trace, self.trace.i.unary(op, self.field), template, (self,))

    def compare(self, op, other):
        other = self.trace.node(other)
        return Node(self.trace, self.trace.i.binary(op, self.field, other.field), f"{{0}}:{op}({{1}})", (self, other))

    def gt(self, other): return self.compare("gt", other)
    def ge(self, other): return self.compare("ge", other)
    def lt(self, other): return self.compare("lt", other)
    def le(self, other): return self.compare("le", other)
    def eq(self, other): return self.compare("eq", other)
    def ne(self, other): return self.compare("ne", other)

    def select(self, glob):
        return self._restrict(f'{{0}}:select "{glob}"', self.trace.matching(glob))

    def linears(self):
        return self._restrict("{0}:linears()", self.trace.linears)

    def _restrict(self, template, names):
        return Node(self.trace, self.trace.i.restrict(self.field, names), template, (self,))

    def apply(self, rules, rest):
        """`rules`: a function for the linears, or {glob: function}; `rest`: "keep" or "drop"."""
        table = rules if isinstance(rules, dict) else {None: rules}
        parts, written, taken = [], [], set()
        for glob, rule in table.items():
            names = set(self.trace.linears if glob is None else self.trace.matching(glob)) & set(self.field.domain)
            taken |= names
            inner = rule(Node(self.trace, self.trace.i.restrict(self.field, names), "d"))
            parts.append(inner.field)
            body = inner.inline().replace("{", "{{").replace("}", "}}")
            written.append((glob, f"function(d) return {body} end"))
        if rest == "keep" and taken != set(self.field.domain):
            parts.append(self.trace.i.restrict(self.field, set(self.field.domain) - taken))
        if isinstance(rules, dict):
            entries = ", ".join(f'["{glob}"] = {text}' for glob, text in written)
            template = f'{{0}}:apply{{{{ {entries}, rest = "{rest}" }}}}'
        else:
            template = f'{{0}}:apply({written[0][1]}, {{{{ rest = "{rest}" }}}})'
        return Node(self.trace, self.trace.i.branch(parts), template, (self,))

    def inline(self):
        return self.text.format(*(x.inline() for x in self.operands)) if self.operands else self.text


class Dppa:
    """The module `dppa.v1` over some models: {label: {tensor name: array}}."""

    def __init__(self, models, linears):
        self.models, self.linears = models, set(linears)
        names = next(iter(models.values()))
        self.names = sorted(names, key=str.encode)
        shapes = {n: (int(np.prod(t.shape[:-1])), t.shape[-1]) for n, t in names.items()}
        self.true_shapes = {n: t.shape for n, t in names.items()}
        self.i = interpreter.Interpreter(shapes)

    def matching(self, glob):
        return {n for n in self.names if fnmatch.fnmatchcase(n, glob)}

    def model(self, label):
        return Node(self, self.i.model(self.models[label]), label)

    def node(self, x):
        return x if isinstance(x, Node) else Node(self, self.i.number(x), repr(x))

    def call(self, name, field, *arguments, tail=""):
        nodes = [self.node(x) for x in arguments]
        places = ", ".join(f"{{{k}}}" for k in range(len(nodes)))
        return Node(self, field(*(x.field for x in nodes)), f"dppa.{name}({places}{tail})", tuple(nodes))

    def where(self, mask, a, b): return self.call("where", self.i.where, mask, a, b)

    def clamp(self, x, low, high):
        def field(x, low, high):
            return self.i.binary("minimum", self.i.binary("maximum", x, low), high)

        return self.call("clamp", field, x, low, high)

    @staticmethod
    def scope(scope):
        return scope.name if isinstance(scope, interpreter.Group) else f'"{scope}"'

    def _reduce(self, op, x, scope):
        return self.call(op, lambda f: self.i.reduce(op, f, scope), x, tail=f", {self.scope(scope)}")

    def mean(self, x, scope, weight=None):
        if weight is None:
            return self._reduce("mean", x, scope)
        field = self.i.reduce("mean", x.field, scope, weight.field)
        return Node(self, field, f"dppa.mean({{0}}, {self.scope(scope)}, {{1}})", (x, weight))

    def variance(self, x, scope):
        return self.call("variance", lambda f: self.i.variance(f, scope), x, tail=f", {self.scope(scope)}")

    def dot(self, x, y, scope):
        return self.call("dot", lambda f, g: self.i.dot(f, g, scope), x, y, tail=f", {self.scope(scope)}")

    def numel(self, x, scope=None):
        tail = f", {self.scope(scope)}" if scope else ""
        return self.call("numel", lambda f: self.i.numel(f, scope or "tensor"), x, tail=tail)

    def top(self, x, share, scope):
        return self.call("top", lambda f, s: self.i.top(f, s, scope), x, share, tail=f", {self.scope(scope)}")

    def top_count(self, x, count, scope):
        field = self.i.top(x.field, self.i.number(count), scope, True)
        return Node(self, field, f"dppa.top({{0}}, {{{{ count = {count} }}}}, {self.scope(scope)})", (x,))

    def kth(self, x, index, scope):
        return self.call("kth", lambda f: self.i.kth(f, index, scope), x, tail=f", {index}, {self.scope(scope)}")

    def rank(self, x):
        return self.call("rank", self.i.rank, x, tail=', "row"')

    def bands(self, x, shares, scope):
        """Successive shares of the largest: each mask is a top without the one before."""
        masks, sum_ = [self.i.top(x.field, self.i.number(shares[0]), scope)], shares[0]
        before = masks[0]
        for share in shares[1:]:
            sum_ += share
            wider = self.i.top(x.field, self.i.number(sum_), scope)
            masks.append(self.i.binary("and", wider, self.i.unary("not", before)))
            before = wider
        listed = ", ".join(map(repr, shares))
        text = f"dppa.bands({{0}}, {{{{{listed}}}}}, {self.scope(scope)})"
        return [Node(self, m, f"{text}[{k + 1}]", (x,)) for k, m in enumerate(masks)]

    def round_to(self, x, dtype):
        rounding, digits = {
            "bf16": (files.round_bf16, 7), "f16": (lambda v: v.astype(np.float16).astype(np.float32), 10),
        }[dtype]
        return self.call("round_to", lambda f: self.i.round_to(f, rounding, digits), x, tail=f', "{dtype}"')

    def weights(self, x): return self.call("weights", lambda f: self.i.reinterpret(f, "value"), x)
    def as_delta(self, x): return self.call("as_delta", lambda f: self.i.reinterpret(f, "delta"), x)
    def as_model(self, x, like): return self.call("as_model", lambda f, _: self.i.reinterpret(f, "model"), x, like)

    def average(self, models, weights):
        """(m1*w1 + m2*w2 + …) / (w1 + w2 + …) as values."""
        weights = [self.node(w) for w in weights]
        value, divisor = None, None
        for model, weight in zip(models, weights):
            term = self.i.binary("*", self.i.reinterpret(model.field, "value"), weight.field)
            value = self.i.binary("+", value, term) if value else term
            numbers = weight.field.domain is None and divisor is not None and divisor.domain is None
            plain = self.i.number(float(divisor.data["all"][0] + weight.field.data["all"][0])) if numbers else None
            divisor = plain or (self.i.binary("+", divisor, weight.field) if divisor else weight.field)
        field = self.i.reinterpret(self.i.binary("/", value, divisor), "model")
        count = len(models)
        lists = [", ".join(f"{{{k + shift}}}" for k in range(count)) for shift in (0, count)]
        text = f"dppa.average{{{{ models = {{{{{lists[0]}}}}}, weights = {{{{{lists[1]}}}}} }}}}"
        return Node(self, field, text, (*models, *weights))

    def per_tensor(self, like, lua, function):
        """`lua` is the function's body over the facts t; `function` the same of (name, layer, depth, shape)."""
        def of(name):
            layer = interpreter.layer_of(name)
            last = max(interpreter.layer_of(n) or 0 for n in self.names)
            return function(name, layer, None if layer is None else layer / last, self.true_shapes[name])

        return Node(self, self.i.per_tensor(like.field, of), f"dppa.per_tensor({{0}}, function(t) return {lua} end)", (like,))


def _methods():
    """A method of Dppa for each function that is an operation of the interpreter by its own name."""
    def unary(name):
        return lambda self, x: self.call(name, lambda f: self.i.unary(name, f), x)

    def binary(name):
        return lambda self, a, b: self.call(name, lambda x, y: self.i.binary(name, x, y), a, b)

    def reduction(name):
        return lambda self, x, scope: self._reduce(name, x, scope)

    for make, names in (
            (unary, ("abs", "sign", "sqrt", "floor", *functions.UNARY)),
            (binary, ("maximum", "minimum", *functions.BINARY)),
            (reduction, ("sum", "max", "min", "norm", "count", *functions.REDUCTIONS))):
        for name in names:
            setattr(Dppa, name, make(name))


_methods()


class Recipe:
    def __init__(self, result, groups=()):
        """`groups`: {name: Lua function}, those that the expression uses are written."""
        self.result, self.groups = result, dict(groups)
        self.uses, self.order = {}, []
        self._visit(result)

    def _visit(self, node):
        self.uses[node] = self.uses.get(node, 0) + 1
        if self.uses[node] == 1:
            for operand in node.operands:
                self._visit(operand)
            if node.operands:
                self.order.append(node)

    def text(self):
        body, names = [], {}

        def write(node):
            return names.get(node) or (node.text.format(*map(write, node.operands)) if node.operands else node.text)

        for node in self.order:
            line = write(node)
            if node is self.result:
                body.append(f"return {line}")
            elif self.uses[node] > 1 or len(line) > 70:
                names[node] = f"x{len(names) + 1}"
                body.append(f"local {names[node]} = {line}")
        used = [n.text for n in self.uses if not n.operands and n.field.space == "model"]
        head = ['local dppa = require "dppa.v1"']
        head += [f'local {label} = dppa.model "{label}"' for label in ("base", "a", "b") if label in used]
        whole = "\n".join(body)
        head += [f"local {name} = dppa.group({lua})" for name, lua in self.groups.items() if f", {name}" in whole]
        return "\n".join(head) + "\n" + whole + "\n"
