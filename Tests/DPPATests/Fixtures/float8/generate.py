"""Writes float8.json: what PyTorch makes of the two 8-bit types.

`decode` holds the float32 bits of all 256 values; `encode` holds pairs of float32 bits and the 8-bit code: every value, the
middle between neighbours with the float32 numbers around it, the edges of the range, infinities, and numbers of all sizes.
A NaN is written with its sign alone: 7fc00000 or ffc00000 as float32, the code that PyTorch gives as 8 bits.
Needs NumPy and PyTorch. Use: python generate.py
"""

import json
import pathlib

import numpy as np
import torch

TYPES = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}


def main():
    result = {"torch": torch.__version__.split("+")[0]}
    for name, dtype in TYPES.items():
        values = torch.arange(256, dtype=torch.uint8).view(dtype).to(torch.float32).numpy()
        bits = values.view(np.uint32).copy()
        nan = np.isnan(values)
        bits[nan] = (bits[nan] & 0x80000000) | 0x7FC00000

        finite = np.unique(np.abs(values[np.isfinite(values)]))
        middles = (finite[1:] + finite[:-1]) / 2
        # Above the largest: where the next step would be, and the middle on the way there.
        step = finite[-1] - finite[-2]
        edges = finite[-1] + step * np.array([0.5, 1, 1.5, 2], np.float32)
        points = np.concatenate([middles, edges]).astype(np.float32)
        around = [np.nextafter(points, np.float32(0)), points, np.nextafter(points, np.float32(np.inf))]
        random = np.random.default_rng(8)
        exponents = random.uniform(-24, 18, 200).astype(np.float32)
        sizes = (2**exponents * random.uniform(1, 2, 200)).astype(np.float32)
        special = np.array([0, 1e-45, 1e-30, 3e38, np.inf, np.nan], np.float32)
        inputs = np.concatenate([finite, *around, sizes, special])
        inputs = np.concatenate([inputs, -inputs])
        codes = torch.from_numpy(inputs).to(dtype).view(torch.uint8).numpy()
        result[name] = {
            "decode": " ".join(f"{word:08x}" for word in bits),
            "encode": " ".join(f"{word:08x}:{code:02x}" for word, code in zip(inputs.view(np.uint32), codes)),
        }
    path = pathlib.Path(__file__).resolve().parent / "float8.json"
    path.write_text(json.dumps(result, indent=0) + "\n")


main()
