"""Makes small models with transformers, merges them with dppa-run, and loads the results as their readers do.

Checks that no tensor is missing or unexpected, that weights and logits are those of a merge by hand, that tokenizer, chat
template, stop tokens and custom code arrive, and that huggingface_hub reads the card. Prints a line for each case and exits
with 1 when one fails.

Needs torch, transformers, tokenizers, safetensors and huggingface_hub. Use:
    python check_written_models.py .build/release/dppa-run
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())
TOKENS = torch.tensor([[3, 9, 27, 17, 51, 25]])


def llama(name, seed, like=None, vocab=64, tied=False):
    """A model near another one, saved under a name."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocab, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=tied)
    model = LlamaForCausalLM(config)
    if like is not None:
        theirs = like.state_dict()
        with torch.no_grad():
            for key, value in model.state_dict().items():
                rows = min(len(value), len(theirs[key]))
                value[:rows] = theirs[key][:rows] + 0.01 * torch.randn(theirs[key][:rows].shape)
    model.save_pretrained(ROOT / name)
    return model


def tokenizer(name, words, **special):
    """A tokenizer of some words, beside a model."""
    vocabulary = {word: index for index, word in enumerate(words)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token=words[0]))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token=words[0], **special)
    made.save_pretrained(ROOT / name)
    return made


def run(name, text, *arguments, code=0):
    """Runs a recipe beside the models; gives the folder that it wrote, and what was said."""
    (ROOT / f"{name}.lua").write_text('local dppa = require "dppa.v1"\n' + text)
    out = ROOT / f"out-{name}"
    result = subprocess.run(
        [PROGRAM, "run", str(ROOT / f"{name}.lua"), "--out", str(out), "--quiet", *arguments], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    return out, result.stderr


def load(folder, **options):
    """The model, which must be all there."""
    model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32, **options)
    for key in "missing_keys", "unexpected_keys", "mismatched_keys":
        assert not info[key], f"{key}: {info[key]}"
    return model.eval()


def same(model, expected):
    """Compares logits with those of a state that was merged by hand."""
    reference = LlamaForCausalLM(model.config).eval()
    reference.load_state_dict(expected, strict=False)
    with torch.no_grad():
        difference = (model(TOKENS).logits - reference(TOKENS).logits).abs().max()
    assert difference < 1e-5, f"logits differ by {difference}"


def halfway(a, b):
    a, b = a.state_dict(), b.state_dict()
    return {key: a[key] + 0.5 * (b[key][: len(a[key])] - a[key]) for key in a}


def plain():
    a = llama("base", 0)
    b = llama("law", 1, a)
    out, errors = run("plain", 'local base, law = dppa.model "base", dppa.model "law"\nreturn base + 0.5 * (law - base)')
    assert not errors, errors
    same(load(out), halfway(a, b))
    card = ModelCard.load(out / "README.md")
    assert card.data.library_name == "transformers" and "merge" in card.data.tags and card.data.base_model is None


def other_head():
    """config.json ties head and embedding, a head of its own is stored: transformers 5 takes it, others would drop it."""
    a = llama("tied", 0, tied=True)
    folder = ROOT / "own"
    a.save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    tensors["lm_head.weight"] = torch.randn(64, 32) * 0.02
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    out, errors = run("own_head", 'return dppa.model "own"')
    assert "tie_word_embeddings of config.json became false" in errors, errors
    assert json.loads((out / "config.json").read_text())["tie_word_embeddings"] is False
    model = load(out)
    assert torch.equal(model.lm_head.weight, tensors["lm_head.weight"])


def grown():
    """The config and rows of a grown vocabulary do not go with the rows of the base."""
    a = llama("small", 0)
    b = llama("grown", 1, a, vocab=71)
    out, errors = run(
        "grown_config", 'local small = dppa.model "small"\nlocal grown = dppa.model("grown", { like = small })\n'
        'local merged = small + 0.5 * (grown - small)\nmerged:save("m", { config = grown })')
    assert "vocab_size of config.json became 64" in errors, errors
    same(load(out / "m"), halfway(a, b))


def chat():
    """Tokenizer, template, generation settings and ids travel together."""
    a = llama("plain_base", 0)
    b = llama("chat", 1, a)
    words = ["<unk>", "<s>", "</s>", "<|end|>", "hello", "law"]
    tokenizer("plain_base", words[:3] + words[4:], bos_token="<s>", eos_token="</s>")
    mine = tokenizer("chat", words, bos_token="<s>", eos_token="<|end|>")
    mine.chat_template = "{% for m in messages %}{{ m['content'] }}<|end|>{% endfor %}"
    mine.save_pretrained(ROOT / "chat")
    b.generation_config.eos_token_id = [3, 2]
    b.config.eos_token_id = 3
    b.save_pretrained(ROOT / "chat")
    out, errors = run(
        "chat_files", 'local base, chat = dppa.model "plain_base", dppa.model "chat"\n'
        'local merged = base + 0.5 * (chat - base)\nmerged:save("m", { tokenizer = chat, chat_template = chat })')
    model, found = load(out / "m"), AutoTokenizer.from_pretrained(out / "m")
    same(model, halfway(a, b))
    assert model.generation_config.eos_token_id == [3, 2] and model.config.eos_token_id == 3
    assert found("hello law <|end|>").input_ids == mine("hello law <|end|>").input_ids
    assert found.apply_chat_template([{"role": "user", "content": "law"}], tokenize=False) == "law<|end|>"
    out, errors = run(
        "template_alone", 'local base, chat = dppa.model "plain_base", dppa.model "chat"\n'
        'local merged = base + 0.5 * (chat - base)\nmerged:save("m", { chat_template = chat })')
    assert "<|end|>, which the tokenizer of plain_base does not have" in errors, errors
    assert AutoTokenizer.from_pretrained(out / "m").apply_chat_template(
        [{"role": "user", "content": "law"}], tokenize=False) == "law<|end|>"


def custom_code():
    """A model whose code lies beside it."""
    a = llama("coded", 0)
    config = json.loads((ROOT / "coded/config.json").read_text())
    config |= {
        "model_type": "tinycustom", "architectures": ["TinyForCausalLM"],
        "auto_map": {"AutoConfig": "configuration_tiny.TinyConfig", "AutoModelForCausalLM": "modeling_tiny.TinyForCausalLM"}}
    (ROOT / "coded/config.json").write_text(json.dumps(config))
    (ROOT / "coded/configuration_tiny.py").write_text(
        "from transformers import LlamaConfig\n\n\nclass TinyConfig(LlamaConfig):\n    model_type = 'tinycustom'\n")
    (ROOT / "coded/modeling_tiny.py").write_text(
        "from transformers import LlamaForCausalLM\n\nfrom .configuration_tiny import TinyConfig\n\n\n"
        "class TinyForCausalLM(LlamaForCausalLM):\n    config_class = TinyConfig\n")
    out, errors = run("coded_merge", 'return dppa.model "coded"')
    assert "brings code of its own" in errors, errors
    model = load(out, trust_remote_code=True)
    assert type(model).__name__ == "TinyForCausalLM"
    same(model, a.state_dict())


def stale_index():
    """A model that was saved sharded and then as one file: the file counts."""
    a = llama("stale", 0)
    a.save_pretrained(ROOT / "stale", max_shard_size="10KB")
    with torch.no_grad():
        for parameter in a.parameters():
            parameter += 1
    a.save_pretrained(ROOT / "stale")
    index = ROOT / "stale/model.safetensors.index.json"
    if not index.exists():
        index.write_text(json.dumps({"weight_map": {key: "model-00001-of-00002.safetensors" for key in a.state_dict()}}))
    out, errors = run("stale_merge", 'return dppa.model "stale"')
    assert "left aside" in errors, errors
    same(load(out), load(ROOT / "stale").state_dict())


def cards():
    """Front matter of models of the cache, with texts that YAML would take for something else."""
    for name, card in {
        "base": '---\nlicense: apache-2.0\nlanguage:\n- en\n- "no"\ndatasets:\n- "a: b"\n---\n',
        "law": "---\nlicense: apache-2.0\nlanguage: de\ndatasets: [x/y, '#z']\nbase_model: acme/base\n---\n",
    }.items():
        folder = ROOT / f"hub/models--acme--{name}"
        snapshot = folder / "snapshots" / ("ab" * 20)
        snapshot.mkdir(parents=True)
        llama(snapshot.relative_to(ROOT), len(name))
        (snapshot / "README.md").write_text(card)
        (folder / "refs").mkdir()
        (folder / "refs/main").write_text("ab" * 20)
    os.environ["HF_HUB_CACHE"] = str(ROOT / "hub")
    out, _ = run(
        "cards", 'local ties = require "dppa.ties"\nlocal base = dppa.model "acme/base"\n'
        'return ties(base, { dppa.model "acme/law" }, { density = 0.5 })')
    data = ModelCard.load(out / "README.md").data.to_dict()
    assert data == {
        "base_model": ["acme/base", "acme/law"], "base_model_relation": "merge", "library_name": "transformers",
        "tags": ["merge", "ties", "dppa-run"], "license": "apache-2.0", "language": ["en", "no", "de"],
        "datasets": ["a: b", "x/y", "#z"],
    }, data
    again, errors = ROOT / "again", None
    result = subprocess.run(
        [PROGRAM, "run", str(out), "--out", str(again), "--quiet"], capture_output=True, text=True)
    assert result.returncode == 0 and not result.stderr, result.stderr
    assert (again / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()


failed = False
for case in plain, other_head, grown, chat, custom_code, stale_index, cards:
    try:
        case()
        print(f"{case.__name__}: as it should be")
    except AssertionError as error:
        failed = True
        print(f"{case.__name__}: {error}")
sys.exit(failed)
