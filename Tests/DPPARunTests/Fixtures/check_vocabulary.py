"""Merges the models of `vocabulary/` with dppa-run and loads the results with transformers: every text with old and new tokens
has the ids that its owner's tokenizer gives it, by token; embeddings are the rows that `vocabulary/generate.py` expects; and
mergekit 0.1.5, where it does the same, has the same rows.

Prints a line for each case and exits with 1 when one fails. Needs torch, transformers, safetensors and, for the second opinion,
mergekit. Use:
    python check_vocabulary.py .build/release/dppa-run
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

PROGRAM = os.path.abspath(sys.argv[1])
MODELS = pathlib.Path(__file__).resolve().parent / "vocabulary"
ROOT = pathlib.Path(tempfile.mkdtemp())
EVERYONE = ["base", "chat", "code", "law"]
ROWS = {"embed": "model.embed_tokens.weight", "head": "lm_head.weight"}
OLD = ["ab cd é 日本 \n\t", "the cat", "abab<|end|>cd<|pad|>", "x<|end|>", "\u0000\u00ff", ""]
NEW = {
    "chat": ["<|im_start|>user\nab<|im_end|><|end|>", "<|im_end|><|im_start|>"],
    "code": ["abcd", "xabcd t", "abcdabcd the", "<|日本|>ab", "<|im_start|>abcd<|end|>"],
    "law": ['a <|x"y|> b', "<|gap|>ab<|gap|>", '<|im_start|><|x"y|>'],
}
failed = False


def tell(what, is_right, more=""):
    global failed
    failed = failed or not is_right
    print(("ok   " if is_right else "FAIL ") + what, more)


def run(name, options):
    out = ROOT / name
    recipe = ROOT / f"{name}.lua"
    recipe.write_text(f"""
        local dppa = require "dppa.v1"
        local option = dppa.option
        local base, experts = dppa.family {{ base = option {{ name = "base", kind = "path", default = "x" }},
          experts = option {{ name = "experts", of = "path", default = {{ "x" }} }}, {options} }}
        base:save "base" for _, e in ipairs(experts) do e:save(dppa.label(e)) end""")
    experts = ",".join(str(MODELS / e) for e in EVERYONE[1:])
    subprocess.run([PROGRAM, "run", recipe, "--out", out, "--set", f"base={MODELS / 'base'}", "--set", f"experts={experts}"],
                   check=True, capture_output=True)
    return out


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def check(name, options, owner="base", texts=NEW):
    out = run(name, options)
    expected = json.loads((MODELS / "expected" / "expected.json").read_text())["cases"][name]
    rows = load_file(MODELS / "expected" / f"{name}.safetensors")
    merged = AutoTokenizer.from_pretrained(out / "base")
    wrong = [t for t, i in expected["ids"].items() if merged.convert_tokens_to_ids(t) != i]
    tell(f"{name}: ids of all tokens", not wrong, wrong)
    for label in [owner, *texts]:
        own = AutoTokenizer.from_pretrained(MODELS / label)
        for text in texts.get(label, []) + (OLD if label == owner else []):
            want = [merged.convert_tokens_to_ids(t) for t in own.convert_ids_to_tokens(ids(own, text))]
            tell(f"{name}: {label} {text!r}", ids(merged, text) == want and None not in want, (ids(merged, text), want))
            tell(f"{name}: back {text!r}", merged.decode(ids(merged, text)) == own.decode(ids(own, text)))
    for label in EVERYONE:
        model, info = AutoModelForCausalLM.from_pretrained(out / label, output_loading_info=True, dtype=torch.bfloat16)
        held = {"embed": model.get_input_embeddings().weight, "head": model.get_output_embeddings().weight}
        tell(f"{name}: {label} loads", not info["missing_keys"] and not info["unexpected_keys"]
             and model.config.vocab_size == expected["rows"], info)
        for key, weight in held.items():
            tell(f"{name}: {label} {key}", torch.equal(weight, rows[f"{label}.{ROWS[key]}"]))
        model(torch.tensor([list(expected["ids"].values())]))


def adapter():
    """An adapter on the base's embedding beside an expert with tokens of its own."""
    folder = ROOT / "adapter"
    folder.mkdir()
    torch.manual_seed(7)
    a, b = torch.randn(2, 272), torch.randn(4, 2)
    name = "base_model.model.model.embed_tokens.lora_embedding_"
    save_file({name + "A": a, name + "B": b}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "lora_alpha": 2, "r": 2, "target_modules": ["embed_tokens"]}))
    settings = {"base": MODELS / "base", "experts": f"{folder},{MODELS / 'chat'}", "weights": "1,0", "lambda": 1,
                "vocabulary": "union"}
    subprocess.run([PROGRAM, "run", "task_arithmetic", "--out", ROOT / "adapted",
                    *[word for k, v in settings.items() for word in ("--set", f"{k}={v}")]], check=True, capture_output=True)
    base, chat, got = (load_file(p / "model.safetensors")[ROWS["embed"]] for p in (MODELS / "base", MODELS / "chat", ROOT / "adapted"))
    want = (base.float() + (b @ a).T).to(torch.bfloat16)
    want[262:264] = chat[262:264]
    tell("adapter: the base's rows move, those of others do not", torch.equal(got, want))


def mergekit():
    """The rows of one model of a union, as a linear merge that gives the others nothing, in float32, as its means are rounded in
    every step else. Its new pieces are added tokens, so only rows are compared."""
    try:
        from mergekit.config import MergeConfiguration
        from mergekit.merge import MergeOptions, run_merge
    except ImportError:
        return print("     mergekit is not here")
    ours = AutoTokenizer.from_pretrained(run("mergekit", 'vocabulary = "union"') / "base")
    for label in EVERYONE:
        weights = [{"model": str(MODELS / e), "parameters": {"weight": float(e == label)}} for e in EVERYONE]
        config = MergeConfiguration.model_validate({
            "merge_method": "linear", "dtype": "float32", "models": weights, "base_model": str(MODELS / "base"),
            "tokenizer_source": "union"})
        run_merge(config, str(ROOT / f"kit-{label}"), MergeOptions(allow_crimes=True))
        theirs = AutoTokenizer.from_pretrained(ROOT / f"kit-{label}")
        ids = theirs.get_vocab()
        tell(f"mergekit: {label} has the same tokens", set(ids) == set(ours.get_vocab()), set(ids) ^ set(ours.get_vocab()))
        held, mine = load_file(ROOT / f"kit-{label}" / "model.safetensors"), load_file(ROOT / "mergekit" / label / "model.safetensors")
        for key in ROWS.values():
            if key not in held:
                print(f"     mergekit writes no {key} for {label}")
                continue
            wrong = [t for t, i in ids.items() if not torch.equal(
                held[key][i].to(torch.bfloat16), mine[key][ours.convert_tokens_to_ids(t)])]
            tell(f"mergekit: {label} {key}", not wrong, wrong)


check("union", 'vocabulary = "union"')
check("padded", 'vocabulary = "union", pad_to_multiple = 64')
check("cut", 'vocabulary = "union", pad_to_multiple = 1')
check("base", 'vocabulary = "base"', texts={})
check("law", 'vocabulary = "law"', "law", {"law": NEW["law"]})
check("named", """vocabulary = "union", tokens = { ["<|im_start|>"] = { from = "code", force = true },
    ["<|neu|>"] = { from = "chat", token = "<|im_end|>" }, ["<|gap|>"] = "zero" }""")
adapter()
mergekit()
sys.exit(failed)
