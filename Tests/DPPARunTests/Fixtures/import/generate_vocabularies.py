"""Gives the models base, A and B tokenizers of a few tokens, and says what mergekit 0.1.5 makes of the files in vocabularies/.

vocabularies.json: of each file the tokens of the result by id, the number of rows and the type; vocabularies.safetensors: of each
file embedding and head, one row for each token in the order of the tokens, and all other tensors as one vector in bytewise order of
their names, in float32. Which ids new tokens have differs from run to run there, because a set is in no order. Run generate.py
first. Needs mergekit 0.1.5, torch, tokenizers and NumPy; the tests do not. Use: python generate_vocabularies.py
"""

import json
import os
import pathlib
import tempfile

import numpy as np
import torch
import yaml
from generate import HERE, tensors
from mergekit.config import MergeConfiguration
from mergekit.merge import MergeOptions, run_merge
from safetensors import safe_open
from tokenizers import Tokenizer

ROWS = ["lm_head.weight", "model.embed_tokens.weight"]


def write_tokenizer(label, pieces, added, template=None):
    entries = [
        {"id": len(pieces) + place, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True} for place, text in enumerate(added)
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": {text: id for id, text in enumerate(pieces)}, "merges": ["a b"]}
    text = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": entries, "normalizer": None,
            "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level, "model": model}
    folder = HERE / "models" / label
    (folder / "tokenizer.json").write_text(json.dumps(text, indent=1) + "\n")
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<s>"}
    if template:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")


def result(text):
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        for label in ("base", "A", "B"):
            os.symlink(HERE / "models" / label, label)
        options = MergeOptions(random_seed=0, quiet=True, write_model_card=False)
        run_merge(MergeConfiguration.model_validate(yaml.safe_load(text)), "final", options)
        ids = Tokenizer.from_file("final/tokenizer.json").get_vocab(with_added_tokens=True)
        found, types = {}, set()
        for file in sorted(pathlib.Path("final").glob("*.safetensors")):
            with safe_open(file, "pt") as reader:
                for name in reader.keys():
                    tensor = reader.get_tensor(name)
                    types.add(str(tensor.dtype).removeprefix("torch."))
                    found[name] = tensor.to(torch.float32).numpy()
        os.chdir(HERE)
        return found, types, ids


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    write_tokenizer("base", ["a", "b", "c", "ab"], ["<s>"])
    write_tokenizer("A", ["b", "a", "c", "ab"], ["<s>", "<x>", "<y>"], "{{ messages }}")
    write_tokenizer("B", ["a", "b", "c", "d", "ab"], ["<s>", "<y>"], "{{ messages }}\n")
    expected, cases = {}, []
    for path in sorted((HERE / "vocabularies").glob("*.yml")):
        found, types, ids = result(path.read_text())
        assert len(types) == 1, path
        order = sorted(ids, key=ids.get)
        for name in ROWS:
            expected[f"{path.stem}.{name}"] = np.stack([found[name][ids[token]] for token in order])
        rest = sorted((name for name in found if name not in ROWS), key=str.encode)
        expected[f"{path.stem}.rest"] = np.concatenate([found[name].ravel() for name in rest])
        cases.append({"name": path.stem, "dtype": types.pop(), "rows": len(found[ROWS[0]]), "tokens": order})
        print(cases[-1], flush=True)
    tensors.write(HERE / "vocabularies.safetensors", expected, "F32")
    tensors.write_json(HERE / "vocabularies.json", cases)


main()
