"""Numbers with a bound on what may legitimately differ: the arithmetic under the interpreter.

float32 arrays are elements, float64 everything coarser. The bound says how far an honest implementation may be off, because
the order of a sum or an elementary function is its own; 0 means: equal. A comparison, a choice or a floor that lies within
the bound, or, when the bound is not 0, within a part in a million of flipping, raises Unclear: it proves nothing.
"""

import math

import numpy as np
from functions import BINARY, REDUCTIONS, UNARY, Unclear

COMPARE = {
    "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal,
}


def enter(value, bound):
    """A float64 number as it enters element arithmetic."""
    middle = value.astype(np.float32)
    low, high = (value - bound).astype(np.float32), (value + bound).astype(np.float32)
    return middle, np.maximum(np.abs(high - middle), np.abs(middle - low)).astype(np.float64)


def apart(a, ea, b, eb):
    """Refuses decisions between numbers that may change places."""
    doubt = (ea + eb > 0) & (np.abs(a - b) <= 2 * (ea + eb) + 1e-6 * np.maximum(np.abs(a), np.abs(b)))
    if np.any(doubt):
        raise Unclear("a decision is too close")


def ulp(value):
    return np.spacing(np.abs(value)).astype(np.float64)


def unary_value(op, x, e):
    inexact = e > 0
    match op:
        case "neg":
            return -x, e
        case "abs":
            return np.abs(x), e
        case "not":
            return (x == 0).astype(x.dtype), e * 0
        case "sign":
            apart(x, e, 0 * x, 0 * e)
            return np.sign(x), e * 0
        case "floor":
            if np.any(inexact & (np.abs(x - np.round(x)) <= 2 * e + 1e-6)):
                raise Unclear("floor of nearly a whole number")
            return np.floor(x), e * 0
        case "sqrt":
            if np.any(x < 0) or np.any(inexact & (x <= 2 * e)):
                raise Unclear("square root near zero")
            root = np.sqrt(x)
            return root, np.where(inexact, e / (2 * np.where(root > 0, root, 1)) + ulp(root), 0)
    wide, row = x.astype(np.float64), UNARY[op]
    if np.any(row.unclear(wide, e)):
        raise Unclear("outside the function's range")
    result = row.function(wide)
    slope = row.slope(wide, result)
    result = result.astype(x.dtype)
    return result, np.abs(slope) * e + (2 if x.dtype == np.float32 else 8) * ulp(row.size(x, result))


def binary_value(op, a, ea, b, eb):
    inexact = ea + eb > 0
    if op in COMPARE:
        apart(a, ea, b, eb)
        return COMPARE[op](a, b).astype(np.result_type(a, b)), 0 * (ea + eb)
    if op in BINARY:
        row, wide = BINARY[op], (a.astype(np.float64), ea, b.astype(np.float64), eb)
        if np.any(row.unclear(*wide)):
            raise Unclear("outside the function's range")
        exact = row.function(wide[0], wide[2])
        result = exact.astype(np.result_type(a, b))
        return result, row.bound(*wide, exact) + (2 if result.dtype == np.float32 else 8) * ulp(result)
    match op:
        case "and":
            return a * b, ea * 0
        case "or":
            return np.maximum(a, b), ea * 0
        case "maximum" | "minimum":
            return getattr(np, op)(a, b), np.maximum(ea, eb)
        case "+" | "-":
            result, bound = (a + b if op == "+" else a - b), ea + eb
        case "*":
            result, bound = a * b, np.abs(a) * eb + np.abs(b) * ea + ea * eb
        case "/":
            if np.any(np.abs(b) <= 2 * eb):
                raise Unclear("division by nearly zero")
            result = a / b
            bound = (ea + np.abs(result) * eb) / (np.abs(b) - eb)
        case "^":
            if np.any(a <= 2 * ea):
                raise Unclear("power of nothing positive")
            wide = np.power(a.astype(np.float64), b.astype(np.float64))
            result = wide.astype(np.result_type(a, b))
            bound = np.abs(wide) * (np.abs(b) * ea / (a - ea) + np.abs(np.log(a)) * eb)
            return result, 1.1 * bound + (2 if result.dtype == np.float32 else 8) * ulp(result)
    return result, np.where(inexact, bound + ulp(result), 0)


def exact_sum(x):
    """Whether every partial sum in every order is exact: all numbers are small multiples of one power of two."""
    x = x[x != 0]
    if not x.size:
        return True
    mantissa, exponent = np.frexp(x)
    bits = np.abs(mantissa * 2.0**53).astype(np.int64)
    lowest = np.min(exponent + np.log2(bits & -bits).astype(int)) - 53
    return float(np.sum(np.abs(x))) < math.ldexp(1.0, min(int(lowest) + 53, 1000))


def total(x, e):
    """A float64 sum; at most 300 roundings touch any one term, whatever the tree."""
    x = np.asarray(x, np.float64).ravel()
    if not np.any(e) and exact_sum(x):
        return math.fsum(x), 0.0
    return math.fsum(x), float(np.sum(e)) + 300 * 2.0**-53 * float(np.sum(np.abs(x)))


def reduce_values(op, x, e, y=None, ey=None):
    """One reduction of samples; of nothing it is 0."""
    x, e = np.asarray(x, np.float64).ravel(), np.asarray(e, np.float64).ravel()
    if x.size == 0:
        return 0.0, 0.0
    if op in REDUCTIONS:
        return REDUCTIONS[op].function(x, e)
    match op:
        case "max" | "min":
            return float(getattr(np, op)(x)), float(np.max(e))
        case "sum" | "count":
            return total(x, e)
        case "mean":
            value, bound = total(x, e)
            return value / x.size, bound / x.size + (ulp(np.float64(value / x.size)) if bound > 0 else 0)
        case "norm":
            square, bound = total(x * x, 2 * np.abs(x) * e + e * e + 2.0**-53 * x * x)
            root = math.sqrt(square)
            return root, (bound / root if root > 0 else math.sqrt(bound)) + np.spacing(root)
        case "dot":
            product = x * y.ravel()
            return total(product, np.abs(x) * ey.ravel() + np.abs(y.ravel()) * e + 2.0**-53 * np.abs(product))
    raise ValueError(op)


def order_mask(x, e, k):
    """The mask of the k largest of a flat list; among equals the first."""
    order = np.argsort(-x, kind="stable")
    if 0 < k < x.size and np.any(e):
        worst = np.full(1, np.max(e))
        apart(x[order[k - 1 : k]], worst, x[order[k : k + 1]], worst)
    mask = np.zeros(x.size)
    mask[order[:k]] = 1
    return mask


def wanted(share, bound, is_count, n):
    """k = floor(share * n) in float64, at least 1 if the share is positive; or the count itself."""
    apart(share, bound, np.float64(0), np.float64(0))
    if share <= 0 or n == 0:
        return 0
    product = float(share) if is_count else float(share) * n
    if bound > 0 and abs(product - round(product)) <= n * bound + 1e-6:
        raise Unclear("a share of nearly a whole number")
    return min(n, max(0 if is_count else 1, math.floor(product)))
