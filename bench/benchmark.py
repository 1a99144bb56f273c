"""Measures dppa-run, mergekit and the machine itself on the same models, and prints tables.

    make bench                     everything: docs/performance.md and bench/results.json; an hour or two
    make bench-quick               small models, in minutes; prints and writes nothing into the project
    make bench BENCH="--only methods cold --sets /big/disk --keep"

A table is written when all of its rows are measured, so an interrupt loses the one at work and leaves no half files. A side
that fails is a row that says why, and the program ends with 1. Run it on a machine with nothing else to do.
"""

import argparse
import datetime
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib.metadata import version

import comparison
import growth
from sets import Sets, model_bytes
from sitting import Sitting
from tables import markdown, publish

PROJECT = pathlib.Path(__file__).resolve().parents[1]
OUTPUTS = 3  # models that are there at a time: of dppa-run, of mergekit, dd's zeros

# {name: (title, function)}: tables of the main set, and tables whose rows have sets of their own.
OF_MAIN_SET = {
    "methods": ("method", comparison.methods),
    "all methods": ("method", comparison.all_methods),
    "own rule": ("a rule of one's own", comparison.own_rule),
    "start-up": ("start-up", comparison.start_up),
    "cold": ("page cache", growth.cold),
    "resources": ("TIES, three experts", growth.resources),
    "experts": ("TIES", growth.experts),
}
OF_OWN_SETS = {
    "sizes": ("TIES, three experts", {False: ["0.1B", "0.25B", "0.5B", "1B", "2B"], True: ["small, one layer", "small"]}),
    "shapes": ("TIES, three experts", {
        False: ["odd", "tiny tensors", "huge tensor"], True: ["small, odd", "small, tiny tensors", "small, huge tensor"]}),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=PROJECT / ".build/release/dppa-run")
    parser.add_argument("--mergekit", type=pathlib.Path, default=pathlib.Path(sys.prefix) / "bin/mergekit-yaml")
    parser.add_argument("--sets", type=pathlib.Path, default=PROJECT / ".build/bench/sets", help="where models are made")
    parser.add_argument("--keep", action="store_true", help="leave the models there for the next time")
    parser.add_argument("--quick", action="store_true", help="small models; prints only")
    parser.add_argument("--only", nargs="+", choices=[*OF_MAIN_SET, *OF_OWN_SETS], metavar="TABLE",
                        help="some of: " + ", ".join([*OF_MAIN_SET, *OF_OWN_SETS]))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5, help="of the floor and of dppa-run; the median counts")
    parser.add_argument("--mergekit-repeats", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which a run is given up")
    options = parser.parse_args()
    # All methods take mergekit an hour more, and are measured when they are asked for.
    options.only = options.only or [name for name in [*OF_MAIN_SET, *OF_OWN_SETS] if name != "all methods"]
    for name in ("program", "mergekit", "sets"):
        setattr(options, name, getattr(options, name).absolute())
    if not options.program.exists():
        parser.error(f"there is no {options.program}; build it with: swift build -c release")
    return options


def disk_need(options, sets, main_set):
    """The bytes that are taken at the worst moment, without sets that are there already."""
    def cost(name, experts):
        return ((0 if sets.has(name, experts) else 1 + experts) + OUTPUTS) * model_bytes(name)

    worst = kept = 0
    wanted = [main_set] * any(name in OF_MAIN_SET for name in options.only)
    wanted += [(shape, 3) for name in options.only if name in OF_OWN_SETS for shape in OF_OWN_SETS[name][1][options.quick]]
    for name, experts in wanted:
        worst = max(worst, kept + cost(name, experts))
        kept += options.keep * (cost(name, experts) - OUTPUTS * model_bytes(name))
    return worst


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def machine(options):
    """What the numbers depend on, in words."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    changed = " with changes" if output_of(["git", "status", "--porcelain", "--", "Sources", "recipes"]) else ""
    return {
        "day": str(datetime.date.today()), "processor": f"{os.cpu_count()} × {model}", "memory": f"{memory:.0f} GiB",
        "system": "Linux " + ".".join(platform.release().split(".")[:2]),
        "program": f"{output_of([options.program, '--version'])} ({output_of(['git', 'rev-parse', '--short', 'HEAD'])}{changed})",
        "mergekit": f"mergekit {version('mergekit')}, torch {version('torch')}",
        "runs": f"{options.threads} threads, median of {options.repeats} runs, mergekit {options.mergekit_repeats}",
        "load": f"load before {os.getloadavg()[0]:.1f}",
    }


def measured(options, sitting, main_set):
    """(name, title, rows) of one table after the other."""
    mine = [name for name in OF_MAIN_SET if name in options.only]
    if mine:
        with sitting.sets.made(*main_set, sitting.say) as models:
            for name in mine:
                sitting.say(f"== {name}")
                yield name, OF_MAIN_SET[name][0], OF_MAIN_SET[name][1](sitting, models)
    for name in [name for name in OF_OWN_SETS if name in options.only]:
        sitting.say(f"== {name}")
        title, shapes = OF_OWN_SETS[name]
        yield name, title, growth.shapes(sitting, shapes[options.quick])


def main():
    options = arguments()
    main_set = ("small", 4) if options.quick else ("0.5B", 8)
    sets = Sets(options.sets, options.keep)
    options.sets.mkdir(parents=True, exist_ok=True)
    need, free = disk_need(options, sets, main_set), shutil.disk_usage(options.sets).free
    print(f"takes up to {need / 1e9:.1f} GB in {options.sets}, where {free / 1e9:.1f} GB are free", flush=True)
    if need > free:
        sys.exit("too little; name another place with --sets, or fewer tables with --only")
    if os.getloadavg()[0] > 0.5:
        print(f"others work on this machine (load {os.getloadavg()[0]:.1f}); the numbers will be too large", flush=True)
    about, tables = machine(options), []
    with tempfile.TemporaryDirectory(prefix="work-", dir=options.sets) as work:
        sitting = Sitting(options.program, options.mergekit, sets, pathlib.Path(work), options.threads, options.repeats,
                          options.mergekit_repeats, options.limit)
        for name, title, rows in measured(options, sitting, main_set):
            tables.append((title, rows))
            if not options.quick:
                publish(PROJECT / "docs/performance.md", PROJECT / "bench/results.json", name, about, title, rows)
    for title, rows in tables:
        print("\n" + "\n".join(markdown(title, rows)))
    print("\n" + "; ".join(about.values()))
    return any("error" in side for _, rows in tables for row in rows for side in row["sides"].values()) or any(
        not row["agreement"]["agrees"] for _, rows in tables for row in rows if "agreement" in row)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(int(main()))
    except KeyboardInterrupt:
        sys.exit("stopped")
    except OSError as error:
        sys.exit(f"error: {error}")
