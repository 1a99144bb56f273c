#!/usr/bin/env python3
"""Writes what the numbers of a search are compared with: sobol.json from SciPy, random.json and cma.json from NumPy.

    python3 generate.py        (NumPy 2.4, SciPy 1.17)

The reference of CMA-ES keeps the covariance as a matrix and factors it anew each generation; it draws the numbers that
dppa.random draws.
"""
import json, math, pathlib
import numpy as np
from scipy.stats import qmc

HERE = pathlib.Path(__file__).resolve().parent
MASK = (1 << 64) - 1


class Random:
    """SplitMix64, with normal numbers by Marsaglia's polar method."""

    def __init__(self, seed):
        self.state, self.spare = seed, None

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self):
        return (self.bits() >> 11) * 2.0 ** -53

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        while True:
            x, y = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            square = x * x + y * y
            if 0 < square < 1:
                break
        length = math.sqrt(-2 * math.log(square) / square)
        self.spare = y * length
        return x * length


def value(x):
    """What is maximised: a valley that lies across the coordinates."""
    return -sum(10 ** i * (x[i] + 0.5 * x[(i + 1) % len(x)] - 0.3) ** 2 for i in range(len(x)))


def cma(mean, deviation, seed, generations):
    n, draw = len(mean), Random(seed)
    size = 4 + int(3 * math.log(n))
    weights = np.log((size + 1) / 2) - np.log(np.arange(1, size // 2 + 1))
    weights /= weights.sum()
    mu = 1 / (weights ** 2).sum()
    cc, cs = (4 + mu / n) / (n + 4 + 2 * mu / n), (mu + 2) / (n + mu + 5)
    c1 = 2 / ((n + 1.3) ** 2 + mu)
    cmu = min(1 - c1, 2 * (mu - 2 + 1 / mu) / ((n + 2) ** 2 + mu))
    damping = 1 + 2 * max(0, math.sqrt((mu - 1) / (n + 1)) - 1) + cs
    length = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))
    mean, sigma, C, ps, pc, found = np.array(mean), deviation, np.eye(n), np.zeros(n), np.zeros(n), []
    for g in range(1, generations + 1):
        A = np.linalg.cholesky(C)
        z = np.array([[draw.normal() for _ in range(n)] for _ in range(size)])
        y = z @ A.T
        order = np.argsort([-value(mean + sigma * step) for step in y], kind="stable")[: size // 2]
        z_mean, y_mean = weights @ z[order], weights @ y[order]
        mean = mean + sigma * y_mean
        ps = (1 - cs) * ps + math.sqrt(cs * (2 - cs) * mu) * z_mean
        norm = np.linalg.norm(ps)
        settled = norm / math.sqrt(1 - (1 - cs) ** (2 * g)) < (1.4 + 2 / (n + 1)) * length
        pc = (1 - cc) * pc + settled * math.sqrt(cc * (2 - cc) * mu) * y_mean
        C = ((1 - c1 - cmu + c1 * (1 - settled) * cc * (2 - cc)) * C + c1 * np.outer(pc, pc)
             + cmu * (y[order].T * weights) @ y[order])
        sigma *= math.exp(cs / damping * (norm / length - 1))
        if g % 5 == 0:
            found.append({"mean": mean.tolist(), "deviation": (sigma * np.sqrt(np.diag(C))).tolist()})
    return found


def write(name, content):
    (HERE / name).write_text(json.dumps(content) + "\n")


def main():
    sequence = qmc.Sobol(32, scramble=False)
    points = sequence.random(1008)
    write("sobol.json", {"first": points[:8].tolist(), "later": points[1000:].tolist()})
    draw = Random(1234567)
    bits = [draw.bits() for _ in range(5)]
    uniform, normal = Random(1), Random(1)
    write("random.json", {
        "bits": [str(b) for b in bits], "uniform": [uniform.uniform() for _ in range(4)],
        "normal": [normal.normal() for _ in range(6)]})
    write("cma.json", {"generations": cma([0.5, 0.2, 0.9, 0.4], 0.3, 7, 40)})


if __name__ == "__main__":
    main()
