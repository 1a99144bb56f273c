"""Scores of one model beside lm-evaluation-harness on the same files: docs/results.md, "Beside lm-evaluation-harness".

    python bench/harness.py --program .build/release/dppa-run MODEL

MODEL is a folder with safetensors and tokenizer, such as OUT/base of smollm2.py. The tasks are those of
Tests/DPPATests/Fixtures/texts (published shapes) and those that ship, in recipes/tasks. Prints a table: both scores, the largest
relative difference of a log-likelihood, differing texts, seconds of each. Needs lm_eval 0.4.13, transformers, torch.
"""
import argparse, json, pathlib, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXTS = ROOT / "Tests" / "DPPATests" / "Fixtures" / "texts"
sys.path.insert(0, str(TEXTS))
import harness
from questions import HARNESS, TASKS

SHIPPED = {
    "facts": {"output_type": "multiple_choice", "doc_to_text": "{{prompt}}", "doc_to_choice": "{{choices}}", "doc_to_target": "{{answer}}",
              "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}]},
    "texts": {"output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "{{text}}",
              "metric_list": [{"metric": "word_perplexity"}, {"metric": "byte_perplexity"}]},
    "arithmetic": {"output_type": "loglikelihood", "doc_to_text": "{{prompt}}", "doc_to_target": "{{' ' + target}}",
                   "metric_list": [{"metric": "acc"}]},
}
SHIPPED["grammar"] = SHIPPED["facts"]
NAMES = {"generate": "exact_match", "exact_match": "acc"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    rows = [(name, TEXTS / "tasks", config, TASKS[name], TEXTS / "tasks" / f"{name}.json") for name, config in HARNESS.items()]
    rows += [(name, ROOT / "recipes" / "tasks", config, {"data": f"{name}.jsonl"}, ROOT / "recipes" / "tasks" / f"{name}.jsonl")
             for name, config in SHIPPED.items()]
    print("| task | questions | metric | dppa-run | lm_eval | largest difference of a log-likelihood | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, folder, config, task, file in rows:
        start = time.time()
        with tempfile.NamedTemporaryFile(suffix=".json") as output:
            subprocess.run([options.program, "eval", options.model, "--task", file, "--quiet", "--threads", str(options.threads),
                            "--json", output.name], check=True, stdout=subprocess.DEVNULL)
            own = json.load(open(output.name))[0]["scores"][0]
        middle = time.time()
        theirs = harness.answers(options.model, {name: config}, {name: task}, folder, threads=options.threads)[name]
        end = time.time()
        worst, texts = 0.0, 0
        for item, sample in zip(own["items"], theirs["samples"], strict=True):
            if "text" in sample:
                texts += item["said"] != sample["text"]
                continue
            for a, b in zip(item["log_likelihoods"], sample["log_likelihoods"], strict=True):
                worst = max(worst, abs(a - b) / abs(b))
        shown = f"{texts} of {len(own['items'])} texts differ" if own["metric"] == "generate" else f"{worst:.1e}"
        scores = {own["metric"]: own["value"]} | own.get("others", {})
        for metric, value in scores.items():
            wanted = theirs["metrics"].get(NAMES.get(metric, metric))
            if wanted is not None:
                print(f"| {name} | {own['count']} | {metric} | {value:.6g} | {wanted:.6g} | {shown} | {middle - start:.1f}, {end - middle:.1f} |",
                      flush=True)


if __name__ == "__main__":
    main()
