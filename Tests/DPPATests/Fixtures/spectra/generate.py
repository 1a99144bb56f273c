"""Stable ranks of the zoo's deltas, and overlaps of their leading subspaces, by NumPy in float64: expected.json, by tensor.

Needs NumPy. Use: python generate.py
"""

import itertools
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.insert(0, str(ROOT / "Tests/DPPARunTests/Fixtures"))
import tensors  # noqa: E402

EXPERTS = ["math", "finance", "law"]
K = 16


def main():
    zoo = {label: tensors.read(ROOT / "recipes/zoo" / label) for label in ["base"] + EXPERTS}
    found = {}
    for name, weight in zoo["base"].items():
        if ".layers." not in name or weight.ndim != 2:
            continue
        svds = [np.linalg.svd((zoo[e][name] - weight).astype(np.float64), full_matrices=False) for e in EXPERTS]
        found[name] = {
            "ranks": [round(float((s**2).sum() / s[0] ** 2), 6) for _, s, _ in svds],
            "overlaps": [
                round(float(np.sum((a[:, :K].T @ b[:, :K]) ** 2) / K), 6)
                for (a, _, _), (b, _, _) in itertools.combinations(svds, 2)
            ],
        }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    (HERE / "expected.json").write_text("{\n" + lines + "\n}\n")


main()
