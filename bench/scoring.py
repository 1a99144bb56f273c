"""Speed of scoring beside transformers on the same threads: docs/performance.md, "Scoring".

    python bench/scoring.py --program .build/release/dppa-run MODEL [--threads 2] [--repeats 3] [--page]

MODEL is a folder of the LLaMA kind with safetensors and tokenizer, such as OUT/base of smollm2.py. Three kinds of work, made of this
repository's own documentation:

    documents   windows of 256 tokens, every token predicted
    choices     a prompt of about 200 tokens with four choices of about 12, all of them scored
    generation  96 tokens behind prompts of about 64, greedy

Sides take turns; the median counts. dppa-run: the seconds that `eval` tells, in which weights are read. transformers: float32, the same
texts as tokens, 16 sequences at a time, padded, without loading; choices as whole sequences, as lm-evaluation-harness has them; head at
the judged positions alone. `peak` is what OpenBLAS does on the model's own shapes and all threads, by the library and the kernels that
the program takes. Needs torch and transformers; --page puts the table into docs/performance.md.
"""
import argparse, ctypes, json, os, pathlib, statistics, subprocess, tempfile, threading, time
from tables import replace

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = 256      # of one product
BATCH = 16      # sequences that transformers takes at a time


def texts(tokenizer, documents=40, questions=24, prompts=32):
    """The tasks: {name: (first line or None, lines)}."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))
    ids = tokenizer(text)["input_ids"]

    def words(start, count):
        return tokenizer.decode(ids[start:start + count])

    windows = [{"tokens": ids[k * 256:(k + 1) * 256]} for k in range(documents)]
    choices = [{"prompt": words(k * 300, 200), "choices": [words(k * 300 + 200 + c * 12, 12) for c in range(4)], "answer": 0}
               for k in range(questions)]
    generated = [{"prompt": words(k * 170, 64), "target": "0"} for k in range(prompts)]
    return {"documents": (None, windows), "choices": (None, choices),
            "generation": ({"metric": "generate", "max_tokens": 96}, generated)}


def own(program, model, first, lines, threads):
    """The scores of one task by the program: its JSON."""
    with tempfile.TemporaryDirectory() as folder:
        task, result = pathlib.Path(folder) / "task.jsonl", pathlib.Path(folder) / "result.json"
        task.write_text("".join(json.dumps(line) + "\n" for line in ([first] if first else []) + lines))
        subprocess.run([program, "eval", model, "--task", task, "--quiet", "--threads", str(threads), "--memory", "4G", "--json", result],
                       check=True, stdout=subprocess.DEVNULL)
        return json.loads(result.read_text())[0]["scores"][0]


class Transformers:
    def __init__(self, model, threads):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        torch.set_num_threads(threads)
        self.torch = torch
        self.tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
        self.tokenizer.pad_token = self.tokenizer.pad_token or self.tokenizer.eos_token
        self.model = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)

    def log_likelihoods(self, sequences):
        """Σ ln p of the last tokens of sequences, each with how many they are."""
        torch, found = self.torch, []
        with torch.inference_mode():
            for start in range(0, len(sequences), BATCH):
                batch = sequences[start:start + BATCH]
                longest = max(len(ids) for ids, _ in batch)
                # Padding is behind, where nothing sees it.
                tokens = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in batch])
                hidden = self.model.model(input_ids=tokens, use_cache=False).last_hidden_state
                for row, (ids, count) in enumerate(batch):
                    places = torch.arange(len(ids) - count, len(ids))
                    logits = self.model.lm_head(hidden[row, places - 1])
                    found.append(torch.log_softmax(logits, -1).gather(1, tokens[row, places, None]).sum().item())
        return found

    def documents(self, lines):
        return self.log_likelihoods([(line["tokens"], len(line["tokens"]) - 1) for line in lines])

    def choices(self, lines):
        sequences = []
        for line in lines:
            begin = len(self.tokenizer(line["prompt"])["input_ids"])
            for choice in line["choices"]:
                ids = self.tokenizer(f"{line['prompt']} {choice}" if not choice[:1].isspace() else line["prompt"] + choice)["input_ids"]
                sequences.append((ids, len(ids) - begin))
        return self.log_likelihoods(sequences)

    def generation(self, lines):
        found = []
        for start in range(0, len(lines), BATCH):
            inputs = self.tokenizer([line["prompt"] for line in lines[start:start + BATCH]], return_tensors="pt", padding=True)
            with self.torch.inference_mode():
                made = self.model.generate(**inputs, max_new_tokens=96, min_new_tokens=96, do_sample=False)
            found += made[:, inputs["input_ids"].shape[1]:].tolist()
        return found


def shapes(config):
    """Outputs and inputs of the linears of all blocks, and of the head."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    head = config.get("head_dim") or width // config["num_attention_heads"]
    queries, keys = head * config["num_attention_heads"], head * config["num_key_value_heads"]
    block = [(queries, width), (keys, width), (keys, width), (width, queries), (inner, width), (inner, width), (width, inner)]
    return block * config["num_hidden_layers"], (config["vocab_size"], width)


def peak(config, threads, library="libopenblas.so.0"):
    """OpenBLAS's GFLOP/s on the linears of a block, on all threads at the same time, in the order of a forward pass."""
    blas = ctypes.CDLL(library)
    blas.openblas_set_num_threads(1)
    linears = list(dict.fromkeys(shapes(config)[0]))
    flops = sum(2 * ROWS * n * k for n, k in linears)

    def rounds(result, seconds):
        sides = [(n, k, (ctypes.c_float * (ROWS * k))(*([0.5] * (ROWS * k))), (ctypes.c_float * (n * k))(*([0.25] * (n * k))),
                  (ctypes.c_float * (ROWS * n))()) for n, k in linears]
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            for n, k, x, w, y in sides:
                blas.cblas_sgemm(101, 111, 112, ROWS, n, k, ctypes.c_float(1), x, k, w, k, ctypes.c_float(0), y, n)
            done += 1
        result.append(done * flops / (time.perf_counter() - start))

    results = []
    workers = [threading.Thread(target=rounds, args=(results, 2.0)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(results) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--program", default=str(ROOT / ".build/release/dppa-run"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    config = json.loads((options.model / "config.json").read_text())
    theirs = Transformers(options.model, options.threads)
    tasks = texts(theirs.tokenizer)
    lines = ["| work | tokens | dppa-run tokens/s | transformers tokens/s | dppa-run / transformers |", "|---|---:|---:|---:|---:|"]
    speed = {}
    for name, (first, questions) in tasks.items():
        seconds = {"own": [], "theirs": []}
        for _ in range(options.repeats):
            score = own(options.program, options.model, first, questions, options.threads)
            seconds["own"].append(score["seconds"])
            start = time.perf_counter()
            said = getattr(theirs, name)(questions)
            seconds["theirs"].append(time.perf_counter() - start)
        tokens = count(name, questions, theirs.tokenizer)
        a, b = statistics.median(seconds["own"]), statistics.median(seconds["theirs"])
        speed[name] = tokens / a
        lines.append(f"| {name} | {tokens} | {tokens / a:.0f} | {tokens / b:.0f} | {b / a:.2f} |")
        print(name, seconds, difference(name, score, said), flush=True)
    blocks, head = shapes(config)
    per_token = sum(2 * n * k for n, k in blocks + [head])
    reached, best = speed["documents"] * per_token / 1e9, peak(config, options.threads)
    lines += ["", f"Documents: {reached:.0f} GFLOP/s in the products of the linears and of the head, all else included in the time; OpenBLAS's "
              f"peak on the same shapes and threads is {best:.0f} GFLOP/s: {100 * reached / best:.0f} %."]
    print("\n".join(lines))
    if options.page:
        page = ROOT / "docs/performance.md"
        page.write_text(replace(page.read_text(), "scoring", lines))


def count(name, questions, tokenizer):
    """The tokens of a task: those of the texts, a prompt with four choices once for each choice, and those that are generated."""
    if name == "documents":
        return sum(len(line["tokens"]) for line in questions)
    if name == "generation":
        return 96 * len(questions)
    return sum(len(tokenizer(line["prompt"] + " " + choice)["input_ids"]) for line in questions for choice in line["choices"])


def difference(name, score, said):
    """How far both sides are apart."""
    if name == "generation":
        return "96 tokens each"
    own = [value for item in score["items"] for value in item["log_likelihoods"]]
    return f"largest relative difference of a log-likelihood {max(abs(a - b) / abs(b) for a, b in zip(own, said, strict=True)):.1e}"


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    main()
