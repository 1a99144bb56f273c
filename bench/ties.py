"""Measures TIES of base and three experts: dppa-run, and mergekit on the same models, and prints a table.

Seconds are the whole process, with the files in the page cache; GB moved are the bytes of the inputs, read once, and of the
output; peak private memory is the largest RssAnon of the process and its children, sampled from /proc every 20 ms (pages of
the file cache do not count). Of --repeats runs the fastest counts. Outputs go to a temporary directory beside the models and
are removed. Linux only; mergekit runs if --mergekit names its program. Use:
    python ties.py MODELS [--dppa .build/release/dppa-run] [--mergekit PATH/mergekit-yaml] [--threads 2] [--memory 512MiB]
with MODELS made by make_models.py.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]


def children(pid):
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                text = pathlib.Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += [int(child) for child in text.split()]
        except OSError:
            continue
    return found


def private_bytes(pid):
    """RssAnon of a process tree; 0 for what has ended."""
    total = 0
    for process in children(pid):
        try:
            for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def measure(command, environment=None):
    """(seconds, peak private bytes) of a command; ends this program when it fails."""
    with tempfile.TemporaryFile("w+") as log:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        peak = 0
        while process.poll() is None:
            peak = max(peak, private_bytes(process.pid))
            time.sleep(0.02)
        seconds = time.monotonic() - start
        if process.returncode:
            log.seek(0)
            sys.exit(f"{command[0]} ended with {process.returncode}:\n{log.read()[-4000:]}")
    return seconds, peak


def size(directory):
    return sum(file.stat().st_size for file in directory.glob("*.safetensors"))


def warm(directories):
    """Reads every file once, so that all runs find them in the page cache."""
    for directory in directories:
        for file in directory.glob("*.safetensors"):
            with open(file, "rb", buffering=0) as source:
                while source.read(1 << 24):
                    pass


def dppa_command(options, models, out):
    experts = ",".join(str(path) for path in models[1:])
    command = [
        str(options.dppa), "run", str(PROJECT / "recipes" / "ties.lua"), "--set", f"base={models[0]}",
        "--set", f"experts={experts}", "--set", f"density={options.density}", "--out", str(out),
        "--threads", str(options.threads), "--quiet"]
    return command + (["--memory", options.memory] if options.memory else [])


def mergekit_command(options, models, out, folder):
    config = {
        "merge_method": "ties", "base_model": str(models[0]), "dtype": "bfloat16", "parameters": {"normalize": True},
        "models": [{"model": str(path), "parameters": {"weight": 1.0, "density": options.density}} for path in models[1:]]}
    file = folder / "ties.yaml"
    file.write_text(json.dumps(config, indent=2))  # JSON is YAML
    return [str(options.mergekit), str(file), str(out), "--no-copy-tokenizer", "--num-threads", str(options.threads)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("--dppa", type=pathlib.Path, default=PROJECT / ".build" / "release" / "dppa-run")
    parser.add_argument("--mergekit", type=pathlib.Path, help="path of mergekit-yaml; without it only dppa-run is measured")
    parser.add_argument("--density", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", help="budget of dppa-run, such as 256MiB")
    parser.add_argument("--repeats", type=int, default=3, help="of dppa-run; mergekit runs once")
    options = parser.parse_args()

    models = [options.models.resolve() / "base"]
    models += sorted(path for path in options.models.resolve().iterdir() if path.name.startswith("expert"))
    runs = [("dppa-run", options.repeats)] if options.dppa.exists() else []
    runs += [("mergekit", 1)] if options.mergekit else []
    if not runs:
        sys.exit(f"there is no {options.dppa}; build it with: swift build -c release")

    rows = []
    with tempfile.TemporaryDirectory(dir=options.models) as folder:
        folder = pathlib.Path(folder)
        for name, repeats in runs:
            results = []
            for _ in range(repeats):
                out = folder / name
                shutil.rmtree(out, ignore_errors=True)
                warm(models)
                environment = dict(os.environ, HF_HUB_OFFLINE="1", OMP_NUM_THREADS=str(options.threads))
                if name == "dppa-run":
                    command = dppa_command(options, models, out)
                else:
                    command = mergekit_command(options, models, out, folder)
                results.append(measure(command, environment))
            moved = sum(size(path) for path in models) + size(folder / name)
            rows.append((name, min(r[0] for r in results), moved, max(r[1] for r in results)))

    first = rows[0]
    print(f"TIES, density {options.density}, {len(models) - 1} experts, {options.threads} threads, warm cache")
    print(f"{'':10} {'seconds':>9} {'GB moved':>9} {'GB/s':>7} {'peak private MiB':>17} {'time ratio':>11} {'memory ratio':>13}")
    for name, seconds, moved, peak in rows:
        print(f"{name:10} {seconds:9.2f} {moved / 1e9:9.2f} {moved / 1e9 / seconds:7.2f} {peak / 2**20:17.0f} "
              f"{seconds / first[1]:11.1f} {peak / first[3]:13.1f}")


if __name__ == "__main__":
    main()
