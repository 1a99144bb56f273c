"""The functions of the language that the fuzzer knows by a formula: a row each.

A row has the function in NumPy and what an honest implementation may be off. Functions with rules of their own (choices,
decisions, weights) are in numbers_with_bounds.py and interpreter.py. generate.py refuses to end while a function of
docs/reference.md is in no recipe.
"""

import math
from typing import Callable, NamedTuple

import numpy as np


class Unclear(Exception):
    """The expression has no result that every honest implementation agrees on."""


def nowhere(*_):
    return False


class Unary(NamedTuple):
    """f(x) in float64, rounded once; 2 ulp of float32 and 8 of float64 are allowed, and what the bound of x leads to."""

    function: Callable
    # How much the result changes with x, given x and the result.
    slope: Callable
    # Where there is no result that all agree on, given x and its bound.
    unclear: Callable = nowhere
    # What the ulps are ulps of, given x and the result.
    size: Callable = lambda x, result: result


def of_one(x, result):
    """Near a zero of sine or cosine, of 1 for large arguments."""
    return np.maximum(np.abs(result), np.abs(x) > 0.75).astype(x.dtype)


UNARY = {
    "exp": Unary(np.exp, lambda x, y: y),
    "log": Unary(np.log, lambda x, y: 1 / x, lambda x, e: x <= 2 * e),
    "sin": Unary(np.sin, lambda x, y: 1.0, size=of_one),
    "cos": Unary(np.cos, lambda x, y: 1.0, size=of_one),
    "tanh": Unary(np.tanh, lambda x, y: 1.0),
    "acos": Unary(np.arccos, lambda x, y: 1 / np.sqrt(np.maximum(1 - x * x, 1e-12)), lambda x, e: np.abs(x) + 2 * e > 1),
}


class Binary(NamedTuple):
    """f(a, b), the same way."""

    function: Callable
    # What the bounds of a and b lead to, given a, its bound, b, its bound and the result.
    bound: Callable
    unclear: Callable = nowhere


BINARY = {
    # The distance from the origin must be clear, and the left of the origin must be above or below.
    "atan2": Binary(
        np.arctan2, lambda a, ea, b, eb, y: (ea + eb) / np.maximum(np.hypot(a, b) - ea - eb, 1e-30),
        lambda a, ea, b, eb: (np.hypot(a, b) <= 4 * (ea + eb)) | ((ea > 0) & (np.abs(a) <= 2 * ea) & (b < 0))),
}


class Reduction(NamedTuple):
    """(value, bound) of flat samples x with bounds e, at least one."""

    function: Callable


def log_sum_exp(x, e):
    # 300 roundings, as of a sum; each term may be 4 ulp off; the result changes no more than x does.
    value = np.max(x) + math.log(math.fsum(np.exp(x - np.max(x))))
    return value, float(np.max(e)) + 310 * 2.0**-53 + 4 * float(np.spacing(abs(value)))


REDUCTIONS = {"log_sum_exp": Reduction(log_sum_exp)}
