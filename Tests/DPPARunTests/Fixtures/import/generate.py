"""Writes small models and what mergekit 0.1.5 makes of the files in merges/: expected.safetensors, one vector a file.

A vector is all tensors of the result, in bytewise order of their names, in float32; what its config.json counts and its types
stand in cases.json. Needs mergekit 0.1.5, torch and NumPy; the tests do not. Use: python generate.py
"""

import json
import os
import pathlib
import sys
import tempfile

import numpy as np
import torch
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import MergeOptions, run_merge
from safetensors import safe_open

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import tensors  # noqa: E402

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4, "intermediate_size": 6,
    "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 7, "tie_word_embeddings": False, "hidden_act": "silu",
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 32, "torch_dtype": "bfloat16",
}


def shapes(layers):
    result = {"model.embed_tokens.weight": (7, 4), "model.norm.weight": (4,), "lm_head.weight": (7, 4)}
    for layer in range(layers):
        for name, shape in {
            "input_layernorm": (4,), "post_attention_layernorm": (4,), "self_attn.q_proj": (4, 4), "self_attn.k_proj": (4, 4),
            "self_attn.v_proj": (4, 4), "self_attn.o_proj": (4, 4), "mlp.gate_proj": (6, 4), "mlp.up_proj": (6, 4),
            "mlp.down_proj": (4, 6),
        }.items():
            result[f"model.layers.{layer}.{name}.weight"] = shape
    return result


def expert(random, base):
    """The base with a delta whose elements all differ in size, because which of equal ones stay is up to mergekit's sort."""
    values = tensors.round_bf16(base + 0.3 * random.normal(size=base.shape))
    for _ in range(1000):
        sizes = np.abs(tensors.round_bf16(values - base)).ravel()
        twins = np.reshape([np.count_nonzero(sizes == size) > 1 for size in sizes], base.shape)
        if not twins.any():
            return values
        values[twins] = tensors.round_bf16(base[twins] + 0.3 * random.normal(size=np.count_nonzero(twins)))
    raise RuntimeError("no such delta")


def write_models(folder):
    random = np.random.default_rng(8)
    base = {name: tensors.round_bf16(random.normal(size=shape)) for name, shape in shapes(4).items()}
    models = {"base": base}
    for label in "ABC":
        models[label] = {name: expert(random, value) for name, value in base.items()}
    models["short"] = {name: tensors.round_bf16(random.normal(size=shape)) for name, shape in shapes(3).items()}
    for label, values in models.items():
        tensors.write(folder / label / "model.safetensors", values, "BF16")
        config = CONFIG | {"num_hidden_layers": 3 if label == "short" else 4}
        (folder / label / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def merge(document, out):
    options = MergeOptions(copy_tokenizer=False, random_seed=0, quiet=True, write_model_card=False)
    run_merge(MergeConfiguration.model_validate(document), out, options)


def result(text):
    """What mergekit makes of a file of one merge or several: the tensors, their types, the number of layers."""
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        for label in ("base", "A", "B", "C", "short"):
            os.symlink(HERE / "models" / label, label)
        for document in yaml.safe_load_all(text):
            out = document.pop("name", "final")
            merge(document, out)
        config = json.loads(pathlib.Path(out, "config.json").read_text())
        found, types = {}, set()
        for file in sorted(pathlib.Path(out).glob("*.safetensors")):
            with safe_open(file, "pt") as reader:
                for name in reader.keys():
                    tensor = reader.get_tensor(name)
                    types.add(str(tensor.dtype).removeprefix("torch."))
                    found[name] = tensor.to(torch.float32).numpy()
        os.chdir(HERE)
        return found, types, config["num_hidden_layers"]


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    write_models(HERE / "models")
    expected, cases = {}, []
    for path in sorted((HERE / "merges").glob("*.yml")):
        found, types, layers = result(path.read_text())
        assert len(types) == 1, path
        names = sorted(found, key=lambda name: name.encode())
        expected[path.stem] = np.concatenate([found[name].ravel() for name in names])
        assert np.isfinite(expected[path.stem]).all(), path
        cases.append({"name": path.stem, "dtype": types.pop(), "layers": layers, "tensors": len(names)})
        print(cases[-1], flush=True)
    tensors.write(HERE / "expected.safetensors", expected, "F32")
    tensors.write_json(HERE / "cases.json", cases)


if __name__ == "__main__":
    main()
