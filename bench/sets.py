"""The synthetic models to measure with: their shapes, their size, and how long they stay on the disk.

A set is a base and experts of one shape, made by make_models.py. It is made in a folder of another name and renamed when it is
whole; one that is there already, of the same shape and with as many experts, is taken as it is.
"""

import argparse
import contextlib
import json
import math
import pathlib
import shutil
import subprocess
import sys

import make_models

QWEN = {"layers": 24, "hidden": 896, "intermediate": 4864, "heads": 14, "kv_heads": 2, "vocab": 151936}
LLAMA = {"layers": 12, "hidden": 2048, "intermediate": 8192, "heads": 32, "kv_heads": 8, "vocab": 128256}
SMALL = QWEN | {"layers": 2, "vocab": 8192}

SHAPES = {
    "0.1B": QWEN | {"layers": 5, "vocab": 32000},
    "0.25B": QWEN | {"layers": 8},
    "0.5B": QWEN,
    "1B": LLAMA,
    "2B": LLAMA | {"layers": 28},
    "odd": {"layers": 24, "hidden": 891, "intermediate": 4861, "heads": 11, "kv_heads": 1, "vocab": 151933},
    "tiny tensors": {"layers": 500, "hidden": 64, "intermediate": 64, "heads": 4, "kv_heads": 2, "vocab": 64},
    "huge tensor": {"layers": 1, "hidden": 1024, "intermediate": 64, "heads": 16, "kv_heads": 2, "vocab": 480000},
    "tiny": {"layers": 1, "hidden": 64, "intermediate": 64, "heads": 4, "kv_heads": 2, "vocab": 64},
    "small": SMALL,
    "matrices": {"layers": 2, "hidden": 448, "intermediate": 2432, "heads": 7, "kv_heads": 1, "vocab": 8192},
    "small, one layer": SMALL | {"layers": 1},
    "small, odd": {"layers": 2, "hidden": 891, "intermediate": 4861, "heads": 11, "kv_heads": 1, "vocab": 8191},
    "small, tiny tensors": {"layers": 120, "hidden": 64, "intermediate": 64, "heads": 4, "kv_heads": 2, "vocab": 64},
    "small, huge tensor": {"layers": 1, "hidden": 1024, "intermediate": 64, "heads": 16, "kv_heads": 2, "vocab": 32000},
}


def tensors(name):
    """{tensor name: shape} of a model of a shape."""
    return make_models.shapes(argparse.Namespace(**SHAPES[name]))


def model_bytes(name):
    """What one model of a shape takes on the disk."""
    return 2 * sum(math.prod(shape) for shape in tensors(name).values())


class Sets:
    """The folder in which sets are made. They are removed when they have been used, unless they are to be kept."""

    def __init__(self, folder, keeps):
        self.folder, self.keeps = folder, keeps

    def path(self, name):
        return self.folder / name.replace(", ", "-").replace(" ", "-")

    def has(self, name, experts):
        """Whether a whole set of this shape, with as many experts or more, is there."""
        try:
            found = json.loads((self.path(name) / "set.json").read_text())
        except (OSError, ValueError):
            return False
        return found["shape"] == SHAPES[name] and found["experts"] >= experts

    @contextlib.contextmanager
    def made(self, name, experts, say):
        """Paths of the base and of the experts of a set, for as long as the block runs."""
        place = self.path(name)
        if not self.has(name, experts):
            say(f"making {name}: {1 + experts} models of {model_bytes(name) / 1e9:.2f} GB")
            self._make(name, experts, place)
        try:
            yield [place / "base"] + [place / f"expert{number}" for number in range(1, experts + 1)]
        finally:
            if not self.keeps:
                shutil.rmtree(place, ignore_errors=True)

    def _make(self, name, experts, place):
        partial = place.with_name(place.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        command = [sys.executable, str(pathlib.Path(make_models.__file__)), str(partial), "--experts", str(experts)]
        for key, value in SHAPES[name].items():
            command += ["--" + key.replace("_", "-"), str(value)]
        try:
            made = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if made.returncode:
                raise OSError(f"make_models.py fails: {made.stderr.strip().splitlines()[-1:]}")
            (partial / "set.json").write_text(json.dumps({"shape": SHAPES[name], "experts": experts}))
            shutil.rmtree(place, ignore_errors=True)
            partial.rename(place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def weights(models):
    """The weight files of models."""
    return [file for model in models for file in sorted(model.glob("*.safetensors"))]


def size(models):
    return sum(file.stat().st_size for file in weights(models))
