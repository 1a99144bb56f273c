"""Makes a base and three experts of a few KB whose vocabularies overlap, and what views of them with one vocabulary are.

The expectations are computed here from the files alone: tokens by tokenizers, rows by torch. Needs torch, safetensors and
tokenizers. Use:
    python generate.py
"""

import json
import pathlib

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 4
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def alphabet():
    """Every byte as a printable character, as byte-level tokenizers spell it."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + n) for n, b in enumerate(others)}


BYTES = list(alphabet().values())
MERGES = [("a", "b"), ("c", "d"), ("Ġ", "t"), ("Ã", "©")]
CODE = [("ab", "cd"), ("abcd", "Ġt")]


def entry(token, id, **flags):
    usual = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {"id": id, "content": token} | usual | flags


def tokenizer(merges, added, pairs=False, also=()):
    """A byte-level BPE; `also` are added tokens that are pieces as well."""
    pieces = BYTES + [a + b for a, b in merges]
    vocab = {piece: id for id, piece in enumerate(pieces)} | {e["content"]: e["id"] for e in added if e["content"] in also}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab,
             "merges": [list(m) if pairs else " ".join(m) for m in merges]}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
            "pre_tokenizer": {**byte_level, "use_regex": False}, "post_processor": None, "decoder": byte_level, "model": model}


def write(name, seed, rows, tied, tok, eos, ascii, listed=(), indent=2):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    torch.manual_seed(seed)
    shapes = {EMBEDDING: (rows, WIDTH), "model.norm.weight": (WIDTH,), "model.layers.0.mlp.up_proj.weight": (8, WIDTH),
              "model.layers.0.mlp.gate_proj.weight": (8, WIDTH), "model.layers.0.mlp.down_proj.weight": (WIDTH, 8),
              "model.layers.0.input_layernorm.weight": (WIDTH,), "model.layers.0.post_attention_layernorm.weight": (WIDTH,)}
    shapes |= {f"model.layers.0.self_attn.{k}_proj.weight": (WIDTH, WIDTH) for k in "qkvo"}
    if not tied:
        shapes[HEAD] = (rows, WIDTH)
    save_file({k: torch.randn(s).to(torch.bfloat16) for k, s in shapes.items()}, folder / "model.safetensors", {"format": "pt"})
    ids = {e["content"]: e["id"] for e in tok["added_tokens"]}
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": 8,
              "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": rows,
              "tie_word_embeddings": tied, "torch_dtype": "bfloat16", "bos_token_id": ids["<|end|>"],
              "eos_token_id": ids[eos]}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [ids[eos]]}, indent=2))
    (folder / "tokenizer.json").write_text(json.dumps(tok, indent=indent, ensure_ascii=ascii))
    decoder = {str(e["id"]): {k: v for k, v in e.items() if k != "id"} for e in tok["added_tokens"]}
    settings = {"added_tokens_decoder": decoder, "eos_token": eos, "tokenizer_class": "PreTrainedTokenizerFast"}
    special = {"eos_token": eos}
    if listed:
        settings["additional_special_tokens"] = special["additional_special_tokens"] = list(listed)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
    (folder / "added_tokens.json").write_text(json.dumps({e["content"]: e["id"] for e in tok["added_tokens"]}))


def models():
    end = lambda id: entry("<|end|>", id)
    write("base", 1, 272, False, tokenizer(MERGES, [end(260), entry("<|pad|>", 261)]), "<|end|>", True)
    write("chat", 2, 272, False, tokenizer(MERGES, [
        end(260), entry("<|pad|>", 261), entry("<|im_start|>", 262), entry("<|im_end|>", 263)]), "<|im_end|>", True,
        ["<|im_start|>", "<|im_end|>"])
    write("code", 3, 265, True, tokenizer(MERGES + CODE, [
        end(262), entry("<|im_start|>", 263), entry("<|日本|>", 264, normalized=True, special=False)], pairs=True), "<|end|>", False)
    write("law", 4, 280, False, tokenizer(MERGES, [
        end(260), entry("<|pad|>", 261), entry("<|im_start|>", 262), entry('<|x"y|>', 263, lstrip=True),
        entry("<|gap|>", 265)], also=["<|end|>", "<|pad|>", "<|im_start|>", '<|x"y|>', "<|gap|>"]), "<|end|>", True, indent=None)


def vocabulary(name):
    return Tokenizer.from_file(str(HERE / name / "tokenizer.json")).get_vocab(with_added_tokens=True)


def added(name):
    return {e["content"]: e for e in json.loads((HERE / name / "tokenizer.json").read_text())["added_tokens"]}


def union(base, others):
    """Ids of all tokens: the base's, then pieces of the others, then their added tokens."""
    ids = dict(vocabulary(base))
    for wanted in (False, True):
        for name in others:
            for token, _ in sorted(vocabulary(name).items(), key=lambda item: item[1]):
                is_added = any(token in added(other) for other in others)
                if token not in ids and is_added == wanted:
                    ids[token] = max(ids.values()) + 1
    return ids


def tensors(name):
    held = load_file(HERE / name / "model.safetensors")
    return {EMBEDDING: held[EMBEDDING], HEAD: held.get(HEAD, held[EMBEDDING])}


def views(ids, rows, base, names, owner, named={}):
    """Embedding and head of every model, with a row for each token. `named` gives (model, token) or None for zeros."""
    held, known = {n: tensors(n) for n in names}, {n: vocabulary(n) for n in names}
    result = {}
    for key in (EMBEDDING, HEAD):
        def mean(row_list):
            total = torch.zeros(WIDTH)
            for row in row_list:
                total = total + row.float()
            return (total / len(row_list)).to(torch.bfloat16)

        def row(name, token):
            return held[name][key][known[name][token]]

        def default(token):
            if token in named:
                return row(*named[token][0]) if named[token][0] else torch.zeros(WIDTH, dtype=torch.bfloat16)
            owners = [n for n in names if token in known[n]]
            if base in owners or len(owners) == 1:
                return row(base if base in owners else owners[0], token)
            return mean([row(n, token) for n in owners]) if owners else torch.zeros(WIDTH, dtype=torch.bfloat16)

        theirs = held[owner][key]
        average = theirs.double().mean(0).float().to(torch.bfloat16)
        for name in names:
            out = torch.stack([theirs[i] if i < len(theirs) else average for i in range(rows)])
            for token, id in ids.items():
                forced = token in named and named[token][1]
                out[id] = row(name, token) if token in known[name] and not forced else default(token)
            result[f"{name}.{key}"] = out
    return result


def case(name, ids, rows, base, names, owner, named={}):
    save_file(views(ids, rows, base, names, owner, named), HERE / "expected" / f"{name}.safetensors")
    return {"rows": rows, "ids": {token: id for token, id in ids.items() if id >= 256}}


def main():
    models()
    (HERE / "expected").mkdir(exist_ok=True)
    everyone = ["base", "chat", "code", "law"]
    all_ids = union("base", everyone[1:])
    law = vocabulary("law")
    more = all_ids | {"<|neu|>": len(all_ids)}
    cases = {
        "union": case("union", all_ids, 272, "base", everyone, "base"),
        "base": case("base", vocabulary("base"), 272, "base", everyone, "base"),
        "law": case("law", law, 280, "base", everyone, "law"),
        "padded": case("padded", all_ids, 320, "base", everyone, "base"),
        "cut": case("cut", all_ids, len(all_ids), "base", everyone, "base"),
        "named": case("named", more, 272, "base", everyone, "base", {
            "<|im_start|>": (("code", "<|im_start|>"), True), "<|neu|>": (("chat", "<|im_end|>"), False),
            "<|gap|>": (None, False)}),
    }
    text = {"cases": cases, "merges": [list(m) for m in MERGES + CODE],
            "added": {t: added(n)[t] for n in reversed(everyone) for t in added(n)}}
    (HERE / "expected" / "expected.json").write_text(json.dumps(text, indent=1, sort_keys=True))


main()
