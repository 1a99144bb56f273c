"""The tables of dppa-run alone: TIES as models, experts, threads and memory grow, on tensors of unusual sizes, and from a
cold disk."""

import dataclasses

from methods import TIES
from sitting import parameters


def resources(sitting, models):
    """Threads, and the private memory that it may use; the latter with the threads of the sitting."""
    rows = [sitting.row(f"--threads {count}", TIES, models, extra=["--threads", count]) for count in (1, 2)]
    return rows + [
        sitting.row(f"--memory {size}", TIES, models, extra=["--threads", sitting.threads, "--memory", size])
        for size in ("256M", "64M")]


def experts(sitting, models):
    """1, 2, 4, … experts, as many as there are."""
    counts = [count for count in (1, 2, 4, 8) if count < len(models)]
    return [sitting.row(f"{count} expert{'s' * (count > 1)}", dataclasses.replace(TIES, experts=count), models)
            for count in counts]


def cold(sitting, models):
    """Inputs dropped from the page cache before every run; the floor is what the disk reads in a row."""
    return [sitting.row("TIES, warm", TIES, models), sitting.row("TIES, cold", TIES, models, is_cold=True)]


def shapes(sitting, names):
    """A set of each shape, made for its row and removed after it."""
    rows = []
    for name in names:
        title = f"{name}: {parameters(name)}"
        try:
            with sitting.sets.made(name, TIES.experts, sitting.say) as models:
                rows.append(sitting.row(title, TIES, models))
        except OSError as error:
            rows.append({"name": title, "sides": {"dppa": {"error": f"no models: {error}"}}})
    return rows
