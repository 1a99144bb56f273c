"""Writes small dense models with tokenizers, and what mergekit-moe 0.1.5 makes of them by the files in merges/: expected.json.

For each file: the digest of every tensor but the gates, as float32, under the names that hubs have, with a matrix for each expert (with
transformers 5, mergekit writes Mixtral and Qwen3-MoE in the stacks that this has in memory); the gates; the keys of config.json that say what the mixture is;
and of TOKENS the logarithm of each next token's probability, as transformers computes it with what mergekit wrote. mergekit runs the
base in bfloat16 for its gates; here it is made to use float32, as dppa-run does. Needs mergekit 0.1.5 and torch; the tests do not.
Use: python generate.py
"""

import hashlib
import json
import pathlib
import shutil
import tempfile

import numpy as np
import torch
import transformers
import yaml
from mergekit.moe import router
from mergekit.moe.config import MoEMergeConfig
from mergekit.options import MergeOptions
from mergekit.scripts.moe import build
from safetensors.torch import load_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config,
                          Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)

HERE = pathlib.Path(__file__).resolve().parent
SIZES = dict(vocab_size=260, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=1, max_position_embeddings=64, tie_word_embeddings=True, bos_token_id=258, eos_token_id=259)
KINDS = {
    "llama": (LlamaForCausalLM, LlamaConfig(**SIZES, rms_norm_eps=1e-5), "<s>"),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**SIZES), None),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**SIZES, head_dim=4), None),
}
KEYS = ["model_type", "architectures", "num_local_experts", "num_experts", "num_experts_per_tok", "norm_topk_prob",
        "moe_intermediate_size", "shared_expert_intermediate_size", "intermediate_size", "decoder_sparse_step", "head_dim",
        "num_key_value_heads", "rms_norm_eps", "vocab_size"]
TOKENS = [[258, 84, 104, 256, 32, 99, 111, 117, 114, 116, 32, 50, 43, 50], [7, 7, 200, 13, 255, 1, 90, 91]]


def tokenizer(begin):
    """Bytes, two merges and two special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(alphabet + ["th", "the"])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[("t", "h"), ("th", "e")]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken("<s>", normalized=False), AddedToken("</s>", normalized=False)])
    assert made.get_vocab_size() == 260
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token=begin, eos_token="</s>")


def write_models(folder):
    for kind, (cls, config, begin) in KINDS.items():
        for seed, label in enumerate(["base", "A", "B"]):
            torch.manual_seed(100 * len(kind) + seed)
            model = cls(config).to(torch.bfloat16)
            with torch.no_grad():
                for name, parameter in sorted(model.named_parameters()):
                    noise = torch.randn(parameter.shape)
                    parameter.copy_(1 + 0.2 * noise if "norm" in name else 0.4 * noise)
            model.save_pretrained(folder / kind / label)
            (folder / kind / label / "generation_config.json").unlink(missing_ok=True)
        tokenizer(begin).save_pretrained(folder / kind / "base")


def digest(tensor):
    return hashlib.sha256(tensor.float().contiguous().numpy().tobytes()).hexdigest()


def float32(*arguments, **options):
    return AutoModelForCausalLM.from_pretrained(*arguments, **(options | dict(torch_dtype=torch.float32)))


def apart(tensors, kind):
    """The same tensors with a matrix for each expert."""
    found = {}
    words = dict(gate_proj="w1", up_proj="w3", down_proj="w2") if kind == "mixtral" else {}
    for name, value in tensors.items():
        site, _, last = name.rpartition(".experts.")
        if kind == "mixtral":
            site, name = site.replace(".mlp", ".block_sparse_moe"), name.replace(".mlp.gate.", ".block_sparse_moe.gate.")
        if last not in ("gate_up_proj", "down_proj"):
            found[name] = value
            continue
        for expert, matrix in enumerate(value):
            parts = [("down_proj", matrix)] if last == "down_proj" else zip(("gate_proj", "up_proj"), matrix.chunk(2))
            for word, part in parts:
                found[f"{site}.experts.{expert}.{words.get(word, word)}.weight"] = part
    return found


class Float32:
    from_pretrained = staticmethod(float32)


def run(path, folder):
    """What mergekit-moe makes of a file."""
    text = path.read_text()
    for kind in KINDS:
        text = text.replace(f": {kind}/", f": {folder}/{kind}/")
    with tempfile.TemporaryDirectory() as out:
        build(MoEMergeConfig.model_validate(yaml.safe_load(text)), out, MergeOptions(), device="cpu")
        tensors = {}
        for file in pathlib.Path(out).glob("*.safetensors"):
            tensors |= load_file(file)
        config = json.loads((pathlib.Path(out) / "config.json").read_text())
        tensors = apart(tensors, config["model_type"])
        model = AutoModelForCausalLM.from_pretrained(out, torch_dtype=torch.float32, attn_implementation="eager")
        found = []
        for tokens in TOKENS:
            with torch.no_grad():
                logits = model(torch.tensor([tokens])).logits[0].log_softmax(-1)
            found.append([float(f"{logits[i, tokens[i + 1]]:.7g}") for i in range(len(tokens) - 1)])
    gates = {name: value for name, value in tensors.items() if name.endswith(("gate.weight",)) and ".experts." not in name}
    return dict(
        tensors={name: digest(value) for name, value in sorted(tensors.items()) if name not in gates},
        gates={name: [float(f"{x:.8g}") for x in value.float().flatten().tolist()] for name, value in sorted(gates.items())},
        config={key: config[key] for key in KEYS if key in config}, logprobs=found)


def main():
    router.AutoModelForCausalLM = Float32
    folder = HERE / "models"
    shutil.rmtree(folder, ignore_errors=True)
    write_models(folder)
    cases = {path.stem: run(path, folder) for path in sorted((HERE / "merges").glob("*.yml"))}
    (HERE / "expected.json").write_text(json.dumps(dict(tokens=TOKENS, cases=cases), indent=1) + "\n")
    print(transformers.__version__, torch.__version__, np.__version__, {name: len(case["tensors"]) for name, case in cases.items()})


if __name__ == "__main__":
    main()
