"""What PyTorch (transformers, float32, eager attention) gives for the zoo: scores, log-likelihoods and some logits.

    OMP_NUM_THREADS=1 python zoo_scores.py ZOO OUT.json

ZOO holds base/ math/ finance/ law/ (models), eval/ search/ (questions) and reference.json. OUT.json:
scores[model][split][domain] = {"correct", "of": exact match under teacher forcing (the argmax at every target position,
the end token's too, equals the target), "log_likelihood": float64 sum of float32 log-softmax values over all target
tokens of the file, "tokens": their number, "closest": the smallest |target's logit - best other logit| met: how near
rounding could come to turning an answer}; logits[model][domain] = {"prompt", "target", "rows"}: the first search
question, one row of the vocabulary per target token, 7 significant digits.
The counts must equal reference.json's; the program stops if they do not.
"""
import json, pathlib, sys
import torch
from transformers import AutoModelForCausalLM

MODELS, DOMAINS, SPLITS = ("base", "math", "finance", "law"), ("math", "finance", "law"), ("eval", "search")


def questions(zoo, split, domain):
    return [json.loads(line) for line in (zoo / split / f"{domain}.jsonl").read_text().splitlines()]


@torch.no_grad()
def target_rows(model, question):
    """The rows of logits that predict the target: from the prompt's last token to the one before the target's last."""
    ids = question["prompt"] + question["target"]
    rows = model(torch.tensor([ids]), use_cache=False).logits[0]
    assert rows.dtype == torch.float32
    return rows[len(question["prompt"]) - 1:-1]


def score(model, items):
    correct, total, tokens, closest = 0, 0.0, 0, float("inf")
    for question in items:
        rows, target = target_rows(model, question), torch.tensor(question["target"])
        correct += bool((torch.argmax(rows, -1) == target).all())
        index = target[:, None]
        total += torch.log_softmax(rows, -1).gather(1, index).double().sum().item()
        others = rows.scatter(1, index, float("-inf")).max(-1).values
        closest = min(closest, (rows.gather(1, index)[:, 0] - others).abs().min().item())
        tokens += len(target)
    return dict(correct=correct, of=len(items), log_likelihood=total, tokens=tokens, closest=closest)


def main(zoo, out):
    reference = json.loads((zoo / "reference.json").read_text())["scores"]
    scores, logits, wrong = {}, {}, []
    for name in MODELS:
        model = AutoModelForCausalLM.from_pretrained(zoo / name, dtype=torch.float32, attn_implementation="eager").eval()
        scores[name], logits[name] = {}, {}
        for split in SPLITS:
            scores[name][split] = {}
            for domain in DOMAINS:
                items = questions(zoo, split, domain)
                s = scores[name][split][domain] = score(model, items)
                if [s["correct"], s["of"]] != reference[name][split][domain]:
                    wrong.append((name, split, domain, s, reference[name][split][domain]))
                if split == "search":
                    rows = target_rows(model, items[0]).tolist()
                    logits[name][domain] = dict(prompt=items[0]["prompt"], target=items[0]["target"],
                                                rows=[[float(f"{x:.7g}") for x in row] for row in rows])
                print(name, split, domain, s, flush=True)
    out.write_text(json.dumps(dict(scores=scores, logits=logits), separators=(",", ":")) + "\n")
    assert not wrong, wrong
    print("all counts equal reference.json")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
