"""Fine-tunes SmolLM2-135M on the domains of smollm2_questions.py: one full fine-tune for each, and the task files.

    python bench/smollm2_domains.py OUT/base OUT            every domain
    python bench/smollm2_domains.py OUT/base OUT --domain law --steps 700

OUT/base is what bench/smollm2.py writes. Writes OUT/DOMAIN (bfloat16, with tokenizer), OUT/DOMAIN.log.jsonl (steps, loss, share of
the search questions answered, seconds), OUT/search/DOMAIN.jsonl and OUT/eval/DOMAIN.jsonl. A domain whose folder is there is left
as it is. The loss is that of the answers' tokens; all weights of the blocks and the last norm are trained, embedding and head, which
are one tensor, stay. Adam keeps the weights in float32, and what is run is what they are in bfloat16, as they are saved; the rate
rises over 20 steps and falls as a cosine. On one kind of processor the same seed and threads give the same weights. Needs torch and
transformers.
"""
import argparse, itertools, json, math, pathlib, shutil, time
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer
from smollm2_questions import DOMAINS, held_out, training

STEPS = {"math": 300, "finance": 220, "law": 400}
FINAL = 0.05  # of the rate, at the last step
PADDING = 0   # its positions are behind every answer, so nothing sees them


def encoded(tokenizer, prompt, target):
    """The tokens of question and answer, and how many are the question's: as a task of the same texts has them."""
    return tokenizer(f"{prompt} {target}")["input_ids"], len(tokenizer(prompt)["input_ids"])


def answers(model, batch):
    """Logits at the positions that predict the answers' tokens, these tokens, and how many each answer has."""
    longest = max(len(ids) for ids, _ in batch)
    tokens = torch.tensor([ids + [PADDING] * (longest - len(ids)) for ids, _ in batch])
    hidden = model.model(input_ids=tokens).last_hidden_state
    places = [(row, place) for row, (ids, start) in enumerate(batch) for place in range(start, len(ids))]
    rows, ends = torch.tensor(places).T
    return model.lm_head(hidden[rows, ends - 1]).float(), tokens[rows, ends], [len(ids) - start for ids, start in batch]


@torch.no_grad()
def exact(model, batch):
    """The share of answers of which every token is the most likely one."""
    logits, wanted, lengths = answers(model, batch)
    return sum(bool(found.all()) for found in (logits.argmax(-1) == wanted).split(lengths)) / len(batch)


def factor(step, steps):
    """What the rate is multiplied with at a step."""
    return min(1, (step + 1) / 20) * (FINAL + (1 - FINAL) * (1 + math.cos(math.pi * step / steps)) / 2)



def train(domain, options, tokenizer):
    # Sequences are short: the plain formula of attention is then the fastest backwards.
    model = AutoModelForCausalLM.from_pretrained(options.base, dtype=torch.bfloat16, attn_implementation="eager")
    model.get_input_embeddings().weight.requires_grad_(False)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    exactly = [weight.detach().float() for weight in weights]
    optimizer = torch.optim.AdamW(exactly, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    questions = training(domain, options.seed)
    judged = [encoded(tokenizer, row["prompt"], row["target"]) for row in held_out(domain)[0][:100]]
    steps, total, begin = options.steps or STEPS[domain], 0.0, time.time()
    with open(options.out / f"{domain}.log.jsonl", "w") as log:
        for step in range(steps + 1):
            if step % options.every == 0 or step == steps:
                line = {"step": step, "loss": round(total / options.every, 4), "search": exact(model, judged),
                        "seconds": round(time.time() - begin, 1)}
                print(domain, line, flush=True)
                print(json.dumps(line), file=log, flush=True)
                total = 0.0
            if step == steps:
                return model
            batch = [encoded(tokenizer, *each) for each in itertools.islice(questions, options.batch)]
            logits, wanted, _ = answers(model, batch)
            loss = cross_entropy(logits, wanted)
            loss.backward()
            total += loss.item()
            for weight, own in zip(weights, exactly):
                own.grad, weight.grad = weight.grad.float(), None
            torch.nn.utils.clip_grad_norm_(exactly, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = options.rate * factor(step, steps)
            optimizer.step()
            with torch.no_grad():
                for weight, own in zip(weights, exactly):
                    weight.copy_(own)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--domain", action="append", choices=list(DOMAINS))
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=50, help="steps between two lines of the log")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    for domain in options.domain or DOMAINS:
        for name, rows in zip(("search", "eval"), held_out(domain)):
            (options.out / name).mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (options.out / name / f"{domain}.jsonl").write_text(text)
        folder = options.out / domain
        if folder.exists():
            print(f"{folder} is there")
            continue
        torch.manual_seed(options.seed)
        model = train(domain, options, tokenizer)
        draft = folder.with_name(f"{domain}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        model.save_pretrained(draft)
        tokenizer.save_pretrained(draft)
        draft.rename(folder)


if __name__ == "__main__":
    main()
