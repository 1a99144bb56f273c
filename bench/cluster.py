"""What merges of the largest models on many machines come to: docs/cluster.md, "Large models".

    python3 bench/cluster.py --program .build/release/dppa-run --folder BIG/DISK

makes, with the shapes of each model, checkpoints of headers alone, whose files are as long as they should be and take no disk
(sparse files), and plans a merge of base and two experts for 1 to 1024 ranks. For the time, memory and messages of a byte it then
merges some tensors of these shapes that are filled: one process with one and with two threads, and two processes with one thread each
under mpirun, by turns, medians. The inputs are in the page cache, so what is measured is the processor and the writing, not a file
system; minutes are told for that rate and for a stated bandwidth.

Prints tables and puts them onto the page; --print only prints. Needs NumPy, up to 10 GB of disk for the filled tensors of one
model at a time and as much free memory; everything is removed at the end unless --keep is given. Half an hour on two cores.
"""

import argparse
import dataclasses
import fnmatch
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

import make_models
from floor import read
from measuring import alternate, measure
from tables import replace, write

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANKS = [1, 2, 8, 16, 64, 256, 1024]
EXAMPLES = {"70B": [1, 2, 4], "405B": [4, 8, 16]}
LABELS = ["base", "a", "b"]
BLOCK = 1 << 24  # elements that are made at once; longer tensors have them again and again
RULES = {
    "task arithmetic": "task_arithmetic(base, { a, b }, { weights = 0.5 })",
    "TIES, density 0.2": "ties(base, { a, b }, { density = 0.2 })",
}


def dense(hidden, middle, layers, heads, vocabulary=128256, small=1):
    """{tensor name: shape} of Llama 3.1, and its config.json."""
    hidden, middle, vocabulary, layers = hidden // small, middle // small, vocabulary // small, max(4, layers // small)
    key = 1024 // small
    shapes = {"model.embed_tokens.weight": (vocabulary, hidden), "lm_head.weight": (vocabulary, hidden), "model.norm.weight": (hidden,)}
    for layer in range(layers):
        at = f"model.layers.{layer}."
        shapes |= {
            at + "self_attn.q_proj.weight": (hidden, hidden), at + "self_attn.k_proj.weight": (key, hidden),
            at + "self_attn.v_proj.weight": (key, hidden), at + "self_attn.o_proj.weight": (hidden, hidden),
            at + "mlp.gate_proj.weight": (middle, hidden), at + "mlp.up_proj.weight": (middle, hidden),
            at + "mlp.down_proj.weight": (hidden, middle), at + "input_layernorm.weight": (hidden,),
            at + "post_attention_layernorm.weight": (hidden,),
        }
    return shapes, {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "intermediate_size": middle,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": 8, "vocab_size": vocabulary,
    }


def mixture(small=1):
    """The same of a DeepSeek-V3 with 384 experts in each of 60 layers, which has 1 T parameters."""
    hidden, middle, vocabulary, experts, layers = 7168 // small, 2048 // small, 163840 // small, max(16, 384 // small), max(4, 61 // small)
    first = 18432 // small
    shapes = {"model.embed_tokens.weight": (vocabulary, hidden), "lm_head.weight": (vocabulary, hidden), "model.norm.weight": (hidden,)}
    for layer in range(layers):
        at = f"model.layers.{layer}."
        shapes |= {
            at + "self_attn.q_a_proj.weight": (1536 // small, hidden), at + "self_attn.q_b_proj.weight": (12288 // small, 1536 // small),
            at + "self_attn.kv_a_proj_with_mqa.weight": (576 // small, hidden),
            at + "self_attn.kv_b_proj.weight": (16384 // small, 512 // small), at + "self_attn.o_proj.weight": (hidden, 8192 // small),
            at + "input_layernorm.weight": (hidden,), at + "post_attention_layernorm.weight": (hidden,),
        }
        parts, width = (["mlp"], first) if layer == 0 else ([f"mlp.experts.{n}" for n in range(experts)] + ["mlp.shared_experts"], middle)
        if layer > 0:
            shapes[at + "mlp.gate.weight"] = (experts, hidden)
        for part in parts:
            shapes |= {
                f"{at}{part}.gate_proj.weight": (width, hidden), f"{at}{part}.up_proj.weight": (width, hidden),
                f"{at}{part}.down_proj.weight": (hidden, width),
            }
    return shapes, {
        "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "hidden_size": hidden, "intermediate_size": first,
        "moe_intermediate_size": middle, "num_hidden_layers": layers, "n_routed_experts": experts, "n_shared_experts": 1,
        "num_attention_heads": 64, "num_key_value_heads": 64, "q_lora_rank": 1536 // small, "kv_lora_rank": 512 // small,
        "vocab_size": vocabulary,
    }


@dataclasses.dataclass
class Model:
    words: str
    shapes: dict
    config: dict
    samples: list  # (what it is, the pattern of its names) of what is filled and run

    @property
    def byte_count(self):
        return size(self.shapes)


def models(small):
    llama = [("attention of a layer", "model.layers.3.self_attn.*")]
    return {
        "70B": Model("Llama 3.1 70B", *dense(8192, 28672, 80, 64, small=small), [("embedding", "model.embed_tokens.weight")] + llama),
        "405B": Model("Llama 3.1 405B", *dense(16384, 53248, 126, 128, small=small), llama),
        "1T": Model("a mixture of 384 experts", *mixture(small), [("ten experts", "model.layers.3.mlp.experts.1?.*")]),
    }


def size(shapes):
    return 2 * sum(math.prod(shape) for shape in shapes.values())


def checkpoint(folder, shapes, config, blocks=None):
    """A checkpoint of bfloat16; without `blocks` the file is as long as it should be and holds a header alone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    with open(folder / "model.safetensors", "wb") as file:
        file.write(make_models.header(shapes))
        if blocks is None:
            file.truncate(file.tell() + size(shapes))
            return
        for number, shape in enumerate(shapes.values()):
            left, block = math.prod(shape), np.roll(blocks, 1000003 * number)
            while left > 0:
                block[:left].tofile(file)
                left -= len(block)


def values():
    """The elements of base and experts, the same in every run: normal, and deltas with heavy tails."""
    made = []
    for number in range(len(LABELS)):
        stream = np.random.default_rng([0, number])
        if number == 0:
            made.append(make_models.to_bf16(make_models.base_block("", BLOCK, stream)))
            base = (made[0].astype(np.uint32) << 16).view(np.float32)
        else:
            made.append(make_models.to_bf16(base + make_models.delta_block(BLOCK, stream, 1e-3)))
    return made


def method(rule):
    return RULES[rule].split("(")[0]


def recipe(folder, rule, is_part):
    """The recipe of a rule; of a part of a model, it saves what a model lacks tensors of."""
    call = f'{RULES[rule]}:save("part", {{ partial = true }})' if is_part else f"return {RULES[rule]}"
    path = folder / f"{method(rule)}.lua"
    path.write_text(f"""local dppa = require "dppa.v1"
local {method(rule)} = require "dppa.{method(rule)}"
local base, a, b = dppa.model "base", dppa.model "a", dppa.model "b"
{call}
""")
    return path


class Bench:
    def __init__(self, options):
        self.program, self.folder, self.repeats = options.program.resolve(), options.folder.resolve(), options.repeats
        self.mpirun = options.mpirun.split()
        # As root and on fewer processors than processes too; on a cluster the launcher decides.
        self.environment = {
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
            "OMPI_MCA_hwloc_base_binding_policy": "none",
        } | os.environ

    def run(self, path, processes, threads, extra=()):
        """A Run on filled tensors, whose inputs are in the page cache."""
        folder = path.parent
        shutil.rmtree(folder / "out", ignore_errors=True)
        read([folder / label / "model.safetensors" for label in LABELS])
        launch = [*self.mpirun, "-n", str(processes)] if processes > 1 else []
        command = [self.program, "run", path, "--out", folder / "out", "--fresh", "--quiet", "--threads", str(threads)]
        return measure([*launch, *command, *extra], self.environment)

    def sample(self, label, model, what, pattern, blocks):
        """Rows of one sample: a rule each."""
        shapes = {name: shape for name, shape in model.shapes.items() if fnmatch.fnmatch(name, pattern)}
        folder = self.folder / f"{label} filled"
        for name, block in zip(LABELS, blocks):
            checkpoint(folder / name, shapes, model.config, block)
        moved, rows = size(shapes) * (len(LABELS) + 1), []
        for rule in RULES:
            path = recipe(folder, rule, True)
            sides = {"one": (1, 1), "two threads": (1, 2), "two processes": (2, 1)}
            found = alternate({name: lambda side=side: self.run(path, *side) for name, side in sides.items()},
                              dict.fromkeys(sides, self.repeats))
            for name, side in found.items():
                if "error" in side:
                    raise SystemExit(f"{label}, {what}, {rule}, {name}: {side['error']}")
            rows.append({"model": label, "what": what, "rule": rule, "tensors": len(shapes), "moved": moved, "sides": found,
                         "received": self.received(path)})
            print(f"  {label}, {what}, {rule}: " + ", ".join(f"{n} {s['seconds']:.2f} s" for n, s in found.items()), flush=True)
        shutil.rmtree(folder)
        return rows

    def received(self, path):
        """The bytes that the first of two ranks receives; with the comparisons of a report, which a run without one leaves out."""
        run = self.run(path, 2, 1, ["--json", path.parent / "run.json"])
        if run.error:
            raise SystemExit(f"{path}: {run.error}")
        return json.loads((path.parent / "run.json").read_text())["bytes_exchanged"]

    def told(self, blocks):
        """{rule: bytes that a rank tells the others of each of its tensors}, from small tensors, a hundred and 1100 of them."""
        folder, found = self.folder / "messages", {}
        for rule in RULES:
            counted = []
            for count in (100, 1100):
                shapes = {f"model.layers.{number:04}.mlp.up_proj.weight": (64, 64) for number in range(count)}
                for name, block in zip(LABELS, blocks):
                    checkpoint(folder / name, shapes, {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, block)
                counted.append(self.received(recipe(folder, rule, True)))
            found[rule] = (counted[1] - counted[0]) / 500
        shutil.rmtree(folder)
        return found

    def plans(self, label, model, counts):
        """{ranks: bytes that each moves}, and the seconds that planning takes."""
        folder, found, seconds = self.folder / label, {}, []
        for name in LABELS:
            checkpoint(folder / name, model.shapes, model.config)
        path = recipe(folder, "TIES, density 0.2", False)
        for count in counts:
            start = time.monotonic()
            done = subprocess.run([self.program, "plan", path, "--ranks", str(count), "--json", folder / "plan.json"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            seconds.append(time.monotonic() - start)
            if done.returncode:
                raise SystemExit(f"{label}, {count} ranks: {done.stderr.strip()}")
            plan = json.loads((folder / "plan.json").read_text())
            found[count] = plan["ranks"]["bytes"] if plan["ranks"] else [plan["disk_bytes"] + plan["written_bytes"]]
        shutil.rmtree(folder)
        return found, statistics.median(seconds)


def table(titles, rows):
    lines = ["| " + " | ".join(titles) + " |", "|" + "|".join("---:" if n > 1 else "---" for n in range(len(titles))) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def short(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def sample_table(rows):
    def rate(row, side):
        return row["moved"] / row["sides"][side]["seconds"] / 1e9

    return table(
        ["tensors", "rule", "GB read and written", "one thread, GB/s", "two threads", "two processes", "MiB, one thread", "two threads",
         "kB received by one of two processes"],
        [[f"{row['model']}: {row['what']}, {row['tensors']}", row["rule"], short(row["moved"] / 1e9)]
         + [f"{rate(row, side):.2f}" for side in ("one", "two threads", "two processes")]
         + [f"{row['sides'][side]['peak'] / 2**20:.0f}" for side in ("one", "two threads")] + [short(row["received"] / 1e3)]
         for row in rows])


class Constants:
    """What was measured of a model, for one rule: the slowest of its samples, and the largest memory."""

    def __init__(self, rows, told, label, rule):
        self.told = told[rule]
        rows = [row for row in rows if row["model"] == label and row["rule"] == rule]
        self.rate = min(row["moved"] / row["sides"]["two threads"]["seconds"] for row in rows)
        self.thread = min(row["moved"] / row["sides"]["one"]["seconds"] for row in rows)
        self.peak = max(row["sides"]["two threads"]["peak"] for row in rows)


def ranks_table(all_models, plans, rows, told, bandwidth, per_node):
    lines = []
    for label, model in all_models.items():
        for count, shares in plans[label][0].items():
            most = max(shares)
            cells = [f"{label}, {len(model.shapes)} tensors", str(count), short(most / 1e9), f"{most * len(shares) / sum(shares):.2f}"]
            cells += [short(most / Constants(rows, told, label, rule).rate / 60) for rule in RULES]
            # A node has one rank while there is one.
            cells.append(short(most * min(per_node, count) / bandwidth / 60))
            cells += [short(max(told.values()) * len(model.shapes) * (count - 1) / count / 1e6), f"{plans[label][1]:.1f}"]
            lines.append(cells)
    titles = ["model", "ranks", "GB of the rank with the most", "× even share"]
    titles += [f"minutes, {rule.split(',')[0]}, at the rate of two threads" for rule in RULES]
    titles += [f"minutes at {bandwidth / 1e9:.0f} GB/s a node", "MB received by a rank", "s to plan"]
    return table(titles, lines)


def examples_table(all_models, plans, rows, told, bandwidth, per_node):
    lines = []
    for label, counts in EXAMPLES.items():
        model = all_models[label]
        for nodes in counts:
            shares = plans[label][0][nodes * per_node]
            # Of what is moved, two models of three and one are read, and one is written; ranks that follow one another share a node.
            most = max(sum(shares[node * per_node:(node + 1) * per_node]) for node in range(nodes))
            for rule in RULES:
                known = Constants(rows, told, label, rule)
                lines.append([
                    label, rule.split(",")[0], str(nodes), short(most * 3 / 4 / 1e9), short(most / 4 / 1e9),
                    short(most / bandwidth / 60), short(most / (bandwidth / 2.5) / 60),
                    str(math.ceil(bandwidth / per_node / known.thread)), short(most / per_node / known.rate / 60),
                    f"{known.peak / 2**20:.0f}", short(known.told * len(model.shapes) / 1e6)])
    return table(
        ["model", "rule", "nodes", "GB read by a node", "GB written", f"minutes at {bandwidth / 1e9:.0f} GB/s a node",
         f"at {bandwidth / 2.5e9:.0f} GB/s", f"threads a process that keep up with {bandwidth / 1e9:.0f} GB/s",
         "minutes with two threads a process", "MiB a process", "MB received by a process"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where the checkpoints are made; on a disk with sparse files")
    parser.add_argument("--mpirun", default="mpirun", help="what starts several processes, with its options")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--bandwidth", type=float, default=5, help="of a node to the file system, in GB/s: stated, not measured")
    parser.add_argument("--ranks-per-node", type=int, default=2)
    parser.add_argument("--page", type=pathlib.Path, default=ROOT / "docs" / "cluster.md")
    parser.add_argument("--print", action="store_true", help="leave the page as it is")
    parser.add_argument("--keep", action="store_true", help="leave the folder with what the last model needs")
    parser.add_argument("--small", type=int, default=1, metavar="N", help="divide all sizes by N, to try this script")
    options = parser.parse_args()
    bench, all_models = Bench(options), models(options.small)
    options.folder.mkdir(parents=True, exist_ok=True)
    per_node, bandwidth = options.ranks_per_node, options.bandwidth * 1e9
    rows, plans = [], {}
    try:
        for label, model in all_models.items():
            counts = sorted({*RANKS, *(nodes * per_node for nodes in EXAMPLES.get(label, []))})
            plans[label] = bench.plans(label, model, counts)
            print(f"  {label}: planned in {plans[label][1]:.1f} s", flush=True)
        blocks = values()
        told = bench.told(blocks)
        print("  bytes told of a tensor: " + ", ".join(f"{rule} {count:.0f}" for rule, count in told.items()), flush=True)
        for label, model in all_models.items():
            for what, pattern in model.samples:
                rows += bench.sample(label, model, what, pattern, blocks)
    finally:
        for name in [f"{label}{end}" for label in all_models for end in ("", " filled")] + ["messages"] if not options.keep else []:
            shutil.rmtree(options.folder / name, ignore_errors=True)
    shown = {label: {n: s for n, s in found.items() if n in RANKS} for label, (found, _) in plans.items()}
    tables = {
        "cluster samples": sample_table(rows),
        "cluster ranks": ranks_table(all_models, {label: (shown[label], plans[label][1]) for label in plans}, rows, told, bandwidth, per_node),
        "cluster examples": examples_table(all_models, plans, rows, told, bandwidth, per_node),
    }
    page = options.page.read_text()
    for name, lines in tables.items():
        print("\n".join(["", *lines]))
        page = page if options.print else replace(page, name, lines)
    if not options.print:
        write(options.page, page)


if __name__ == "__main__":
    sys.exit(main())
