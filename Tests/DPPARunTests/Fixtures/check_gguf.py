"""Makes small models with transformers, writes them as GGUF files, has dppa-run read these, and compares logits: those of what
is written with those of the model that has the decoded weights, and, where transformers reads the file itself, with that.
FP8 checkpoints are compared with torch.

Prints a line for each case and exits with 1 when one fails. Needs torch, transformers, safetensors and gguf. Use:
    python check_gguf.py .build/release/dppa-run
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import gguf
import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())
RECIPES = pathlib.Path(__file__).resolve().parents[3] / "recipes"
SIZES = dict(vocab_size=96, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, head_dim=16, max_position_embeddings=128, rms_norm_eps=1e-5)
MIXTURE = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, decoder_sparse_step=1)
CASES = {
    "llama": ("llama", "LlamaConfig", dict(rope_theta=50000.0)),
    "llama 3.1": ("llama", "LlamaConfig", dict(rope_theta=500000.0, tie_word_embeddings=True, rope_scaling=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=8192))),
    "mistral": ("llama", "MistralConfig", dict(sliding_window=None)),
    "mixtral": ("llama", "MixtralConfig", dict(num_local_experts=4, num_experts_per_tok=2)),
    "qwen2": ("qwen2", "Qwen2Config", dict(tie_word_embeddings=True)),
    "qwen3": ("qwen3", "Qwen3Config", dict(rope_theta=1000000.0)),
    "qwen2moe": ("qwen2moe", "Qwen2MoeConfig", MIXTURE | dict(shared_expert_intermediate_size=64)),
    "qwen3moe": ("qwen3moe", "Qwen3MoeConfig", MIXTURE | dict(norm_topk_prob=True)),
    "gemma": ("gemma", "GemmaConfig", {}),
    "gemma2": ("gemma2", "Gemma2Config", dict(query_pre_attn_scalar=16, sliding_window=8)),
    "gemma3": ("gemma3", "Gemma3TextConfig", dict(query_pre_attn_scalar=16, sliding_window=8, num_hidden_layers=7)),
    "phi3": ("phi3", "Phi3Config", dict(sliding_window=None, pad_token_id=0)),
}


def call(*arguments):
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def copied(path, *more):
    """The folder of what the program writes of a model as it is, in float32."""
    out = ROOT / "out"
    shutil.rmtree(out, ignore_errors=True)
    call("run", RECIPES / "passthrough.lua", "--out", out, "--quiet", "--set", f"expert={path}", *more)
    return out


def logits(model):
    with torch.no_grad():
        return model.eval()(torch.arange(40).reshape(2, 20) % 96).logits


def paired(rows, heads):
    split = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


def write(path, arch, config, state, kind):
    """The state as convert_hf_to_gguf.py writes it; gives the state with what quantising leaves of it."""
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[arch.upper()], config.num_hidden_layers)
    writer = gguf.GGUFWriter(path, arch)
    writer.add_name(config.model_type)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    rope = config.rope_parameters
    writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_key_length(head)
    writer.add_value_length(head)
    for key in "num_local_experts", "num_experts":
        if hasattr(config, key):
            writer.add_expert_count(getattr(config, key))
            writer.add_expert_used_count(config.num_experts_per_tok)
            break
    if hasattr(config, "moe_intermediate_size"):
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if hasattr(config, "shared_expert_intermediate_size"):
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)
    if getattr(config, "sliding_window", None):
        writer.add_sliding_window(config.sliding_window)
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if rope.get("rope_type") == "llama3":
        frequencies = 1 / rope["rope_theta"] ** (np.arange(0, head, 2) / head)
        low, high, whole = rope["low_freq_factor"], rope["high_freq_factor"], rope["original_max_position_embeddings"]
        factors = []
        for wave in 2 * np.pi / frequencies:
            smooth = (whole / wave - low) / (high - low)
            factors.append(1 if wave < whole / high else rope["factor"] if wave > whole / low
                           else 1 / ((1 - smooth) / rope["factor"] + smooth))
        writer.add_tensor("rope_freqs.weight", np.array(factors, np.float32))
    left, stacks = {}, {}

    def add(name, data, is_plain):
        if is_plain:
            writer.add_tensor(name, data)
            return data
        raw = gguf.quants.quantize(data, kind)
        writer.add_tensor(name, raw, raw_dtype=kind)
        return gguf.quants.dequantize(raw, kind).reshape(data.shape)

    for own, tensor in state.items():
        data = tensor.float().numpy()
        stem, ending = own.rsplit(".", 1)
        if ".experts." in own:
            before, after = own.split(".experts.")
            number, word = after.split(".", 1)
            stacks.setdefault(f"{before}.experts.{word}", {})[int(number)] = (own, data)
            continue
        name = names.get_name(stem)
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(name.split(".")[-1])
        is_norm = own.endswith("norm.weight")
        if arch == "llama" and heads:
            data = paired(data, heads)
        if arch.startswith("gemma") and is_norm:
            data = data + 1
        if own.endswith("shared_expert_gate.weight"):
            data = data.reshape(-1)
        data = add(f"{name}.{ending}", np.ascontiguousarray(data), data.ndim == 1 or "gate_inp" in name)
        if arch == "llama" and heads:
            split = data.reshape(heads, -1, 2, *data.shape[1:])
            data = split.swapaxes(1, 2).reshape(data.shape)
        if arch.startswith("gemma") and is_norm:
            data = data - 1
        left[own] = torch.from_numpy(data.copy()).reshape(tensor.shape)
    for stack, parts in stacks.items():
        data = np.stack([parts[number][1] for number in sorted(parts)])
        data = add(names.get_name(stack.removesuffix(".weight")) + ".weight", data, False)
        for number in parts:
            left[parts[number][0]] = torch.from_numpy(data[number].copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return left


def models():
    for name, (arch, config, keys) in CASES.items():
        for kind in ("F32", "Q8_0", "Q4_0", "Q5_1"):
            torch.manual_seed(7)
            settings = getattr(transformers, config)(**(SIZES | keys))
            model = transformers.AutoModelForCausalLM.from_config(settings).float()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(torch.randn_like(parameter) * 0.1)
            folder = ROOT / "model"
            shutil.rmtree(folder, ignore_errors=True)
            model.save_pretrained(folder)
            path = ROOT / "model.gguf"
            path.unlink(missing_ok=True)
            left = write(path, arch, settings, load_file(folder / "model.safetensors"), gguf.GGMLQuantizationType[kind])
            save_file(left, folder / "model.safetensors", metadata={"format": "pt"})
            load = transformers.AutoModelForCausalLM.from_pretrained
            expected = logits(load(folder, dtype=torch.float32))
            out = copied(path, "--dtype", "f32")
            found = load_file(out / "model.safetensors")
            assert found.keys() == left.keys(), found.keys() ^ left.keys()
            for own, tensor in left.items():
                assert torch.equal(found[own], tensor), own
            same = logits(load(out, dtype=torch.float32))
            assert torch.equal(same, expected), (same - expected).abs().max()
            told = ""
            try:
                theirs = logits(load(ROOT, gguf_file="model.gguf", dtype=torch.float32))
                told = f"; transformers' own reading differs by {(theirs - same).abs().max():.1e}"
            except Exception as error:  # It does not read every architecture.
                told = f"; transformers does not read it: {type(error).__name__} {str(error)[:60]}"
            print(f"ok    {name} {kind}{told}")


def scaled():
    """FP8 as DeepSeek V3 and Qwen 3 have it, in blocks of 128."""
    torch.manual_seed(8)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**(SIZES | dict(
        hidden_size=192, intermediate_size=320, head_dim=48)))).float()
    folder = ROOT / "fp8"
    model.save_pretrained(folder)
    state, codes = load_file(folder / "model.safetensors"), {}
    for name, tensor in state.items():
        if not name.endswith("proj.weight"):
            codes[name] = tensor.bfloat16()
            state[name] = codes[name].float()
            continue
        rows, columns = (-(-size // 128) for size in tensor.shape)
        padded = torch.zeros(rows * 128, columns * 128)
        padded[:tensor.shape[0], :tensor.shape[1]] = tensor
        scale = padded.reshape(rows, 128, columns, 128).abs().amax((1, 3)) / 448
        spread = scale.repeat_interleave(128, 0).repeat_interleave(128, 1)[:tensor.shape[0], :tensor.shape[1]]
        codes[name] = (tensor / spread).to(torch.float8_e4m3fn)
        codes[name + "_scale_inv"] = scale
        state[name] = codes[name].float() * spread
    save_file(codes, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}
    (folder / "config.json").write_text(json.dumps(config))
    out = copied(folder, "--dtype", "f32")
    found = load_file(out / "model.safetensors")
    assert found.keys() == state.keys() and all(torch.equal(found[name], state[name]) for name in state)
    written = json.loads((out / "config.json").read_text())
    assert "quantization_config" not in written and written.get("dtype", written.get("torch_dtype")) == "float32"
    model.load_state_dict(state, strict=False)
    again = transformers.AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    assert torch.equal(logits(again), logits(model))
    print("ok    fp8 in blocks")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        models()
        scaled()
    finally:
        shutil.rmtree(ROOT)
