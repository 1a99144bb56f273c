"""Loads a merged zoo model with safetensors and transformers, and compares it with a merge that PyTorch does here.

Prints, for the weights, the largest difference and how many differ, and, for logits on questions of the zoo, the largest
difference between the two models and how often they choose the same token. Exits with 1 when weights differ by more than one
unit in the last place of bfloat16, or logits by more than --tolerance. The logits are computed in float32.

Needs torch, transformers and safetensors. Use:
    python check_with_transformers.py MERGED --method ties --density 0.2 [--weights 1,1,1] [--lambda 1] [--zoo recipes/zoo]
"""

import argparse
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

PROJECT = pathlib.Path(__file__).resolve().parents[3]


def load(directory):
    """All tensors of a model directory, as stored."""
    return {name: value for part in sorted(directory.glob("*.safetensors")) for name, value in load_file(part).items()}


def trim(delta, density):
    """The delta with all but the k largest set to 0; among equals the first stay."""
    k = max(1, math.floor(density * delta.numel()))
    order = torch.argsort(delta.abs().flatten(), descending=True, stable=True)
    mask = torch.zeros(delta.numel(), dtype=torch.bool)
    mask[order[:k]] = True
    return torch.where(mask.view_as(delta), delta, torch.zeros_like(delta))


def merge(base, experts, options):
    """One tensor, in float32: task arithmetic, or TIES with weights and the normalised mean of those that agree."""
    deltas = [x.float() - base.float() for x in experts]
    if options.method == "ties":
        deltas = [trim(d, options.density) for d in deltas]
    weighted = [d * w for d, w in zip(deltas, options.weights)]
    total = weighted[0]
    for term in weighted[1:]:
        total = total + term
    if options.method == "ties":
        majority = torch.where(total >= 0, 1.0, -1.0)
        agree = [torch.sign(e) == majority for e in weighted]
        total, divisor = torch.zeros_like(total), torch.zeros_like(total)
        for mask, e, w in zip(agree, weighted, options.weights):
            total = total + torch.where(mask, e, 0.0)
            divisor = divisor + torch.where(mask, torch.tensor(w), torch.tensor(0.0))
        total = total / torch.where(divisor == 0, 1.0, divisor)
    return (base.float() + options.scale * total).to(base.dtype)


def ordered(bits):
    """bfloat16 numbers as whole numbers in their order, so that neighbours differ by 1."""
    bits = bits.view(torch.int16).int()
    return torch.where(bits < 0, -(bits & 0x7FFF), bits)


def logits(model, questions):
    """The logits at every position of some questions, one row each."""
    rows = []
    with torch.no_grad():
        for question in questions:
            tokens = torch.tensor([question["prompt"] + question["target"]])
            rows.append(model(tokens).logits[0])
    return torch.cat(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("merged", type=pathlib.Path)
    parser.add_argument("--method", choices=["task_arithmetic", "ties"], default="task_arithmetic")
    parser.add_argument("--experts", default="math,finance,law")
    parser.add_argument("--weights", default="1,1,1")
    parser.add_argument("--density", type=float, default=0.2)
    parser.add_argument("--lambda", dest="scale", type=float, default=1.0)
    parser.add_argument("--zoo", type=pathlib.Path, default=PROJECT / "recipes" / "zoo")
    parser.add_argument("--questions", type=int, default=20, help="of each domain")
    parser.add_argument("--tolerance", type=float, default=0.05)
    options = parser.parse_args()
    options.weights = [float(w) for w in options.weights.split(",")]

    base = load(options.zoo / "base")
    experts = [load(options.zoo / label) for label in options.experts.split(",")]
    ours = load(options.merged)
    if set(ours) != set(base):
        sys.exit(f"the merged model has other tensors: {sorted(set(ours) ^ set(base))}")
    theirs = {name: merge(base[name], [x[name] for x in experts], options) for name in base}

    worst, different, count = 0, 0, 0
    for name, expected in theirs.items():
        got = ours[name]
        if got.dtype != expected.dtype or got.shape != expected.shape:
            sys.exit(f"{name}: {got.dtype} {list(got.shape)}, expected {expected.dtype} {list(expected.shape)}")
        steps = (ordered(got) - ordered(expected)).abs()
        worst = max(worst, int(steps.max()))
        different += int((steps > 0).sum())
        count += got.numel()
    print(f"weights: {different} of {count} differ, by at most {worst} ulp of bfloat16")

    model = AutoModelForCausalLM.from_pretrained(options.merged, dtype=torch.float32).eval()
    reference = AutoModelForCausalLM.from_pretrained(options.zoo / "base", dtype=torch.float32).eval()
    reference.load_state_dict({name: value.float() for name, value in theirs.items()})
    questions = []
    for file in sorted((options.zoo / "eval").glob("*.jsonl")):
        questions += [json.loads(line) for line in file.read_text().splitlines()[: options.questions]]
    a, b = logits(model, questions), logits(reference, questions)
    difference = float((a - b).abs().max())
    same = float((a.argmax(-1) == b.argmax(-1)).float().mean())
    print(f"logits: {a.shape[0]} positions, largest difference {difference:.3g} (largest logit {float(b.abs().max()):.3g}), "
          f"same choice {100 * same:.2f} %")
    if worst > 1 or not math.isfinite(difference) or difference > options.tolerance:
        sys.exit(1)


if __name__ == "__main__":
    main()
