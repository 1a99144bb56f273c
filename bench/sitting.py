"""One sitting: what all measurements of it share, and how a row of a table is measured.

A row alternates its sides: the floor, dppa-run, mergekit, the floor, … Before each run every input is read once, so that it is
in the page cache, and what was written before is on the disk. Outputs go to a folder beside the sets and are removed.
"""

import dataclasses
import pathlib
import shutil

from agreement import agreement
from floor import cool, floor, read, resident
from measuring import alternate, measure
from methods import dppa_command, mergekit_command, mergekit_environment
from sets import Sets, model_bytes, size, tensors, weights


@dataclasses.dataclass
class Sitting:
    program: pathlib.Path
    mergekit: pathlib.Path
    sets: Sets
    work: pathlib.Path
    threads: int
    repeats: int
    mergekit_repeats: int
    limit: float

    def say(self, text):
        print(text, flush=True)

    def fresh(self, name):
        """A path to write a model at; what was there is removed."""
        out = self.work / name
        shutil.rmtree(out, ignore_errors=True)
        return out

    def dppa(self, method, models, extra=(), name="dppa", is_cold=False):
        """A Run of dppa-run."""
        out, files = self.fresh(name), weights(method.inputs(models))
        cool(files) if is_cold else read(files)
        flags = extra or ["--threads", self.threads]
        return measure(dppa_command(self.program, method, models, out) + [*flags], limit=self.limit)

    def other(self, method, models, name="mergekit"):
        """A Run of mergekit."""
        out = self.fresh(name)
        read(weights(method.inputs(models)))
        command = mergekit_command(self.mergekit, method, models, out, self.threads)
        return measure(command, mergekit_environment(self.threads), self.limit)

    def times(self):
        return {"floor": self.repeats, "dppa": self.repeats, "mergekit": self.mergekit_repeats}

    def row(self, name, method, models, extra=(), has_mergekit=False, is_cold=False):
        """A row of a table, as results.json has it."""
        inputs = method.inputs(models)
        files, written = weights(inputs), size(models[:1])
        sides = {
            "floor": lambda: floor(files, self.work / "zeros", written, is_cold),
            "dppa": lambda: self.dppa(method, models, extra, is_cold=is_cold),
        }
        if has_mergekit and method.each is not None:
            sides["mergekit"] = lambda: self.other(method, models)
        row = {"name": name, "read": size(inputs), "written": written, "sides": alternate(sides, self.times())}
        if "mergekit" in sides and not any("error" in side for side in row["sides"].values()):
            row["agreement"] = agreement(method, self.work / "dppa", self.work / "mergekit", models[0], inputs[-method.experts:])
        share = 1 if is_cold else resident(files)
        if share < 0.99:
            row["note"] = f"the page cache kept {100 * share:.0f} % of the inputs"
        for out in ("dppa", "mergekit"):
            self.fresh(out)
        self.tell(row)
        return row

    def tell(self, row):
        """One line of progress."""
        sides = ", ".join(
            f"{name} {side['error'] if 'error' in side else format(side['seconds'], '.3f') + ' s'}"
            for name, side in row["sides"].items())
        self.say(f"  {row['name']}: {sides}" + (f"; {row['agreement']['text']}" if "agreement" in row else ""))


def parameters(name):
    """How many elements a model of a shape has, in words."""
    return f"{model_bytes(name) / 2e9:.3g} B parameters in {len(tensors(name))} tensors"
