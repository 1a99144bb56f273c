"""What a candidate of a search costs apart from its scoring: built in memory, against the authors' way.

    python bench/candidate.py BASE EXPERT WORK

The authors' program writes each of two amplified partitions as a whole checkpoint, loads both again, combines them by larger
magnitude and loads the result into the model; here with safetensors and torch, in the checkpoint's own dtype, files in the
page cache. Ours: bench/candidate.lua on a task of one token, so that the forward pass counts too. Needs torch, safetensors.
"""
import json, pathlib, subprocess, sys, time
import torch
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent


def ours(base, expert, work):
    task = work / "one.jsonl"
    task.write_text(json.dumps({"prompt": [1], "target": [2]}) + "\n")
    for stale in work.glob("ours*"):
        if stale.is_file():
            stale.unlink()
    subprocess.run([str(ROOT / ".build/release/dppa-run"), "run", str(ROOT / "bench/candidate.lua"), "--quiet", "--force",
                    "--set", f"base={base}", "--set", f"expert={expert}", "--set", f"task={task}",
                    "--out", str(work / "ours"), "--json", str(work / "ours.json")], check=True)
    return [seconds for _, seconds in json.loads((work / "ours.json").read_text())["tables"]["candidates"]["rows"]]


def authors(base, expert, work):
    start, tuned = load_file(base / "model.safetensors"), load_file(expert / "model.safetensors")
    delta = {name: tuned[name] - start[name] for name in start}
    cuts = {n: d.abs().flatten().float().kthvalue(max(1, int(d.numel() * 0.8))).values for n, d in delta.items()}
    times = []
    for k in range(3):
        began = time.time()
        for part in (0, 1):
            save_file({n: (d * (1 + k / 10)) * (d.abs() > cuts[n] * (2 - part)) for n, d in delta.items()},
                      work / f"part{part}.safetensors")
        parts = [load_file(work / f"part{part}.safetensors") for part in (0, 1)]
        model = {n: start[n] + torch.where(parts[0][n].abs() >= parts[1][n].abs(), parts[0][n], parts[1][n]) for n in start}
        save_file(model, work / "candidate.safetensors")
        load_file(work / "candidate.safetensors")
        times.append(time.time() - began)
    return times


def main(base, expert, work):
    work.mkdir(parents=True, exist_ok=True)
    a, b = ours(base, expert, work), authors(base, expert, work)
    size = (base / "model.safetensors").stat().st_size
    print(f"checkpoint {size / 1e6:.0f} MB; first candidate {a[0]:.3f} s (finds the cuts), then {min(a[1:]):.3f} to {max(a[1:]):.3f} s")
    print(f"the authors' way {min(b):.2f} to {max(b):.2f} s, ratio {min(b) / min(a[1:]):.0f}")
    print(f"bytes moved: ours {2 * size / 1e6:.0f} MB read; theirs {3 * size / 1e6:.0f} MB written and as many read")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
