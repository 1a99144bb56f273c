"""The tables that compare: methods with mergekit, a rule of one's own with the shipped one, and start-up."""

import filecmp

from measuring import alternate, measure
from methods import ALL, METHODS, OF_MATRICES, OWN_TIES, PROJECT, TIES, mergekit_environment
from sets import size, weights
from sitting import parameters


def methods(sitting, models):
    """Every method of both sides, and those that dppa-run alone has."""
    return [sitting.row(method.name, method, models, has_mergekit=True) for method in METHODS]


def all_methods(sitting, models):
    """Every recipe of the library, with the lines of its formulas: those that are neither empty nor a comment.

    Methods that decompose matrices take minutes where others take seconds, so they get models of two layers of half the width, and the
    memory that the largest of their matrices needs.
    """
    rows = [described(method, sitting.row(method.name, method, models, has_mergekit=True)) for method in ALL]
    with sitting.sets.made("matrices", 3, sitting.say) as small:
        name = f", {parameters('matrices')}, --memory 1G"
        extra = ["--threads", sitting.threads, "--memory", "1G"]
        rows += [described(method, sitting.row(method.name + name, method, small, extra)) for method in OF_MATRICES]
    return rows


def described(method, row):
    """A row with the lines of its method's formulas."""
    page = PROJECT / f"Sources/DPPAScript/Library/{method.recipe}.lua"
    if page.exists():
        lines = [line.strip() for line in page.read_text().splitlines()]
        row["lines"] = sum(bool(line) and not line.startswith("--") for line in lines)
    return row


def own_rule(sitting, models):
    """TIES as it ships, and as a recipe that uses none of it; their bytes have to be the same."""
    pair = {TIES.name: (TIES, "shipped"), OWN_TIES.name: (OWN_TIES, "own")}
    sides = {name: (lambda method=method, out=out: sitting.dppa(method, models, name=out))
             for name, (method, out) in pair.items()}
    measured = alternate(sides, dict.fromkeys(pair, 2 * sitting.repeats))
    inputs = TIES.inputs(models)
    rows = [{"name": name, "read": size(inputs), "written": size(models[:1]), "sides": {"dppa": side}}
            for name, side in measured.items()]
    if not any("error" in side for side in measured.values()):
        shipped, own = (weights([sitting.work / out]) for _, out in pair.values())
        is_same = all(filecmp.cmp(a, b, shallow=False) for a, b in zip(shipped, own, strict=True))
        wall, cpu = (measured[OWN_TIES.name][what] / measured[TIES.name][what] for what in ("seconds", "cpu"))
        rows[1]["agreement"] = {"agrees": is_same, "text": "the same bytes" if is_same else "differs: other bytes"}
        rows[1]["note"] = f"{wall:.2f} times the shipped one's seconds, {cpu:.2f} times its CPU"
    for _, out in pair.values():
        sitting.fresh(out)
    for row in rows:
        sitting.tell(row)
    return rows


def start_up(sitting, models):
    """What is there before the first byte of work: a check, which reads no weights, and a merge of next to nothing."""
    rows = [check(sitting, "check of TIES on the models of the tables above", models)]
    with sitting.sets.made("tiny", TIES.experts, sitting.say) as tiny:
        rows.append(check(sitting, "check of TIES on models of 0.1 MB; mergekit, which has no check: --help", tiny, has_help=True))
        rows.append(sitting.row("TIES on models of 0.1 MB, written", TIES, tiny, has_mergekit=True))
    return rows


def check(sitting, name, models, has_help=False):
    command = [sitting.program, "check", "ties", "--set", f"base={models[0]}",
               "--set", "experts=" + ",".join(str(path) for path in models[1:1 + TIES.experts])]
    sides = {"dppa": lambda: measure(command)}
    if has_help:
        sides["mergekit"] = lambda: measure([sitting.mergekit, "--help"], mergekit_environment(sitting.threads))
    row = {"name": name, "sides": alternate(sides, sitting.times())}
    sitting.tell(row)
    return row
