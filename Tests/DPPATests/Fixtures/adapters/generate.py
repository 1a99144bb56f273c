"""Makes adapters on the stacks of small mixtures with PEFT 0.21, and what its merge_and_unload changes of their bases.

For each case a folder: base (the experts alone) and adapter; expected.safetensors: the change of every tensor. Bases are those that
transformers 5 has in memory, with stacks, or those that it writes, with a matrix for each expert (apart). Needs torch, transformers,
peft and safetensors. Use: python generate.py
"""

import copy
import json
import pathlib
import shutil
import tempfile

import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
SIZES = dict(vocab_size=8, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2)
MODELS = {
    "qwen3_moe": lambda: transformers.Qwen3MoeForCausalLM(transformers.Qwen3MoeConfig(
        hidden_size=4, moe_intermediate_size=3, intermediate_size=3, num_experts=3, num_experts_per_tok=2, head_dim=2, **SIZES)),
    "mixtral": lambda: transformers.MixtralForCausalLM(transformers.MixtralConfig(
        hidden_size=4, intermediate_size=5, num_local_experts=2, **SIZES)),
    # down_proj is square: nothing but the neighbour or the model type tells that it is transposed.
    "gpt_oss": lambda: transformers.GptOssForCausalLM(transformers.GptOssConfig(
        hidden_size=4, intermediate_size=4, num_local_experts=2, num_experts_per_tok=1, head_dim=2, **SIZES)),
}
BOTH = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
CASES = {
    "stacks": ("qwen3_moe", False, dict(target_parameters=BOTH, alpha_pattern={"experts.down_proj": 5})),
    "apart": ("qwen3_moe", True, dict(target_parameters=BOTH, use_rslora=True)),
    "apart_mixtral": ("mixtral", True, dict(target_parameters=BOTH)),
    "transposed": ("gpt_oss", False, dict(target_parameters=BOTH, rank_pattern={"experts.gate_up_proj": 3})),
    "square": ("gpt_oss", False, dict(target_parameters=["experts.down_proj"])),
    "matrix": ("gpt_oss", False, dict(target_parameters=["experts.gate_up_proj_bias", "experts.down_proj"])),
}


def experts(weights):
    return {k: v.contiguous().clone() for k, v in weights.items() if ".experts." in k}


def weights(model, is_apart):
    if not is_apart:
        return experts(model.state_dict())
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return experts(load_file(folder + "/model.safetensors"))


def main():
    expected = {}
    for name, (kind, is_apart, how) in CASES.items():
        torch.manual_seed(len(name))
        base = MODELS[kind]().float().eval()
        with torch.no_grad():
            for value in base.parameters():
                value.copy_(torch.randn(value.shape) / 8)
        model = get_peft_model(copy.deepcopy(base), LoraConfig(r=2, lora_alpha=3, target_modules=[], **how))
        with torch.no_grad():
            for value in model.parameters():
                if value.requires_grad:
                    value.copy_(torch.randn(value.shape) / 4)
        shutil.rmtree(HERE / name, ignore_errors=True)
        model.save_pretrained(HERE / name / "adapter")
        (HERE / name / "adapter" / "README.md").unlink(missing_ok=True)
        before = weights(base, is_apart)
        (HERE / name / "base").mkdir()
        save_file(before, HERE / name / "base" / "model.safetensors", {"format": "pt"})
        (HERE / name / "base" / "config.json").write_text(json.dumps({"model_type": kind}) + "\n")
        after = weights(model.merge_and_unload(), is_apart)
        assert before.keys() == after.keys(), name
        changed = {k: after[k] - before[k] for k in before if not torch.equal(after[k], before[k])}
        expected |= {f"{name}.{k}": v for k, v in changed.items()}
        print(name, {k: tuple(v.shape) for k, v in load_file(HERE / name / "adapter" / "adapter_model.safetensors").items()})
        print("  ", sorted(changed))
    save_file(expected, HERE / "expected.safetensors")


main()
