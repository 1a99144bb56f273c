"""The table of docs/results.md, "Packs": python bench/packs.py PROGRAM. Needs NumPy and the command zstd."""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ZOO = pathlib.Path(__file__).parent.parent / "recipes" / "zoo"


def zstd(data):
    """How many bytes zstd -19 makes of some."""
    return len(subprocess.run(["zstd", "-19", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout)


def words(path):
    """The data of a safetensors file, tensor after tensor in the order of their names."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    places = [header[name]["data_offsets"] for name in sorted(header) if name != "__metadata__"]
    return np.frombuffer(b"".join(data[start + a:start + b] for a, b in places), np.uint16)


def row(program, title, model, base, options=()):
    with tempfile.TemporaryDirectory() as folder:
        pack, report = pathlib.Path(folder) / "delta.safetensors", pathlib.Path(folder) / "report.json"
        command = [program, "pack", model, "--base", base, "--out", pack, "--json", report, "--quiet", *options]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        found = json.loads(report.read_text())
        own, other = words(pathlib.Path(model) / "model.safetensors"), words(pathlib.Path(base) / "model.safetensors")
        whole = found["model_bytes"]
        sizes = [found["bytes"], found["entropy_bytes"], zstd(own.tobytes()), zstd((own ^ other).tobytes()), zstd(pack.read_bytes())]
    kept = "no" if options else "yes"
    shares = " | ".join(f"{100 * size / whole:.1f} %" for size in sizes)
    print(f"| {title} | {kept} | {100 * found['changed'] / found['compared']:.1f} % | {whole / 1e6:.1f} MB | {shares} |", flush=True)


def main():
    program = sys.argv[1]
    print("| model | exact | words that differ | model | pack | by entropy | zstd of the model | zstd of model ^ base | zstd of the pack |")
    print("|---|---|---|---|---|---|---|---|---|")
    base = ZOO / "base"
    for expert in ("math", "finance", "law"):
        row(program, f"`{expert}`, fully fine-tuned", ZOO / expert, base)
    with tempfile.TemporaryDirectory() as folder:
        for rate in ("0.8", "0.9", "0.95"):
            out = pathlib.Path(folder) / rate
            settings = ["--set", f"base={base}", "--set", f"expert={ZOO / 'law'}", "--set", f"rate={rate}"]
            subprocess.run([program, "run", "dp", "--out", out, "--quiet", *settings], check=True, stdout=subprocess.DEVNULL)
            row(program, f"`law`, DP at {rate}", out, base)
    row(program, "`law`, `--sign '*'`", ZOO / "law", base, ["--sign", "*"])
    row(program, "`law`, `--lowrank '*_proj.weight=16'`", ZOO / "law", base, ["--lowrank", "*_proj.weight=16"])


if __name__ == "__main__":
    main()
