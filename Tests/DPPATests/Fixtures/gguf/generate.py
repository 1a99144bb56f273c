"""Writes blocks.bin, what the Python package gguf makes of every type of block, and a small file of each architecture.

blocks.bin: for each type, in the order of TYPES, the bytes of 512 elements and the 512 float32 numbers that they are.

ARCHITECTURE.gguf: as convert_hf_to_gguf.py of llama.cpp writes it: names from gguf.get_tensor_name_map, rows of query and key
heads in pairs where it has them so, norms plus 1 for Gemma, experts in stacks. models.json: names and shapes of the model that
each was made from, and what its config.json says. Element i of a tensor is ((h + i) mod 251 - 125) / 64, where h is the sum of
(k + 1) times byte k of its name.

    pip install gguf==0.19.0
    python generate.py
"""

import json
import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
HIDDEN, HEADS, KEYS, HEAD, INNER, VOCABULARY, LAYERS, EXPERTS = 16, 4, 2, 4, 8, 12, 2, 3


def blocks():
    random, data = np.random.default_rng(1), b""
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        count = 512 // elements
        raw = random.integers(0, 256, (count, size), dtype=np.uint8)
        for block in range(count):
            for offset in HALVES[name]:
                # Every other scale is subnormal; none is infinite or NaN.
                bits = random.integers(0, 0x400 if block % 2 else 0x7C00) | random.integers(0, 2) << 15
                raw[block, offset:offset + 2] = np.frombuffer(np.uint16(bits).tobytes(), np.uint8)
        numbers = gguf.quants.dequantize(raw.reshape(1, -1), kind).astype("<f4")
        assert numbers.size == 512
        data += raw.tobytes() + numbers.tobytes()
    (HERE / "blocks.bin").write_bytes(data)


def values(name, shape):
    start = sum((k + 1) * byte for k, byte in enumerate(name.encode()))
    numbers = (start + np.arange(int(np.prod(shape)))) % 251 - 125
    return (numbers / 64).astype(np.float32).reshape(shape)


def paired(rows, heads):
    """LlamaModel.permute of convert_hf_to_gguf.py."""
    split = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


def tensors(family):
    """The tensors of the model in transformers, name to shape."""
    kind = family["type"]
    found = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    if not family.get("tied"):
        found["lm_head.weight"] = (VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        if kind == "phi3":
            found[at + "self_attn.qkv_proj.weight"] = ((HEADS + 2 * KEYS) * HEAD, HIDDEN)
            found[at + "mlp.gate_up_proj.weight"] = (2 * INNER, HIDDEN)
            found[at + "mlp.down_proj.weight"] = (HIDDEN, INNER)
        else:
            for word, rows in ("q", HEADS * HEAD), ("k", KEYS * HEAD), ("v", KEYS * HEAD):
                found[at + f"self_attn.{word}_proj.weight"] = (rows, HIDDEN)
                if family.get("bias"):
                    found[at + f"self_attn.{word}_proj.bias"] = (rows,)
        found[at + "self_attn.o_proj.weight"] = (HIDDEN, HEADS * HEAD)
        for norm in family.get("norms", ["input_layernorm", "post_attention_layernorm"]):
            found[at + norm + ".weight"] = (HIDDEN,)
        if family.get("head_norms"):
            found[at + "self_attn.q_norm.weight"] = found[at + "self_attn.k_norm.weight"] = (HEAD,)
        site, words = family.get("experts", (None, None))
        if site:
            found[at + family["router"] + ".weight"] = (EXPERTS, HIDDEN)
            for expert in range(EXPERTS):
                gate, up, down = (f"{at}{site}.{expert}.{word}.weight" for word in words)
                found[gate] = found[up] = (INNER, HIDDEN)
                found[down] = (HIDDEN, INNER)
        elif kind != "phi3":
            for word in "gate", "up":
                found[at + f"mlp.{word}_proj.weight"] = (INNER, HIDDEN)
            found[at + "mlp.down_proj.weight"] = (HIDDEN, INNER)
        if kind == "qwen2_moe":
            for word in "gate", "up":
                found[at + f"mlp.shared_expert.{word}_proj.weight"] = (2 * INNER, HIDDEN)
            found[at + "mlp.shared_expert.down_proj.weight"] = (HIDDEN, 2 * INNER)
            found[at + "mlp.shared_expert_gate.weight"] = (1, HIDDEN)
    return found


GATED = ("gate_proj", "up_proj", "down_proj")
SANDWICH = ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"]
FAMILIES = {
    "llama": {"arch": "llama", "type": "llama"},
    "mistral": {"arch": "llama", "type": "mistral", "name": "Mistral-7B-v0.3"},
    "mixtral": {
        "arch": "llama", "type": "mixtral", "experts": ("block_sparse_moe.experts", ("w1", "w3", "w2")),
        "router": "block_sparse_moe.gate",
    },
    "qwen2": {"arch": "qwen2", "type": "qwen2", "bias": True, "tied": True},
    "qwen3": {"arch": "qwen3", "type": "qwen3", "head_norms": True},
    "qwen2moe": {"arch": "qwen2moe", "type": "qwen2_moe", "bias": True, "experts": ("mlp.experts", GATED),
                 "router": "mlp.gate"},
    "qwen3moe": {"arch": "qwen3moe", "type": "qwen3_moe", "head_norms": True, "experts": ("mlp.experts", GATED),
                 "router": "mlp.gate"},
    "gemma": {"arch": "gemma", "type": "gemma", "tied": True},
    "gemma2": {"arch": "gemma2", "type": "gemma2", "tied": True, "norms": SANDWICH},
    "gemma3": {"arch": "gemma3", "type": "gemma3_text", "tied": True, "norms": SANDWICH, "head_norms": True},
    "phi3": {"arch": "phi3", "type": "phi3"},
}


def config(family):
    """What config.json must say, but for what every family says alike."""
    said = {
        "model_type": family["type"], "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": KEYS, "intermediate_size": INNER,
        "vocab_size": VOCABULARY, "max_position_embeddings": 64, "rms_norm_eps": 1e-05, "rope_theta": 50000.0,
        "tie_word_embeddings": bool(family.get("tied")), "torch_dtype": "float16", "bos_token_id": 1, "eos_token_id": 2,
    }
    kind = family["type"]
    said["hidden_activation" if kind.startswith("gemma") else "hidden_act"] = (
        "gelu_pytorch_tanh" if kind.startswith("gemma") else "silu")
    if kind in ("mistral", "mixtral"):
        said["sliding_window"] = None
    if kind == "mixtral":
        said |= {"num_local_experts": EXPERTS, "num_experts_per_tok": 2}
    if kind in ("qwen2_moe", "qwen3_moe"):
        said |= {"num_experts": EXPERTS, "num_experts_per_tok": 2, "moe_intermediate_size": INNER,
                 "norm_topk_prob": kind == "qwen3_moe"}
    if kind == "qwen2_moe":
        said["shared_expert_intermediate_size"] = 2 * INNER
    if kind == "gemma2":
        said |= {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "query_pre_attn_scalar": HEAD,
                 "sliding_window": 8}
    if kind == "gemma3_text":
        said |= {"attn_logit_softcapping": None, "query_pre_attn_scalar": HEAD, "sliding_window": 8,
                 "rope_local_base_freq": 10000.0, "sliding_window_pattern": 6,
                 "rope_scaling": {"rope_type": "linear", "factor": 8.0}}
    if kind == "phi3":
        said["sliding_window"] = 8
    return said


def write(name, family):
    arch = gguf.MODEL_ARCH[family["arch"].upper()]
    names = gguf.get_tensor_name_map(arch, LAYERS)
    writer = gguf.GGUFWriter(HERE / f"{name}.gguf", family["arch"])
    writer.add_name(family.get("name", name))
    writer.add_block_count(LAYERS)
    writer.add_context_length(64)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEYS)
    writer.add_layer_norm_rms_eps(1e-05)
    writer.add_rope_freq_base(50000.0)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    if family["arch"] == "llama":
        writer.add_rope_dimension_count(HEAD)
    if "experts" in family:
        writer.add_expert_count(EXPERTS)
        writer.add_expert_used_count(2)
    if family["type"] in ("qwen2_moe", "qwen3_moe"):
        writer.add_expert_feed_forward_length(INNER)
    if family["type"] == "qwen2_moe":
        writer.add_expert_shared_feed_forward_length(2 * INNER)
    if family["type"] in ("gemma2", "gemma3_text", "phi3"):
        writer.add_sliding_window(8)
    if family["type"] == "gemma2":
        writer.add_attn_logit_softcapping(50.0)
        writer.add_final_logit_softcapping(30.0)
    if family["type"] == "gemma3_text":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(8.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{index}" for index in range(VOCABULARY)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    stacks = {}
    for own, shape in tensors(family).items():
        data = values(own, shape)
        stem, ending = own.rsplit(".", 1)
        if ".experts." in own:
            before, after = own.split(".experts.")
            stacks.setdefault(f"{before}.experts.{after.split('.', 1)[1]}", []).append(data)
            continue
        if family["arch"] == "llama" and "q_proj" in own:
            data = paired(data, HEADS)
        if family["arch"] == "llama" and "k_proj" in own:
            data = paired(data, KEYS)
        if family["type"].startswith("gemma") and own.endswith("norm.weight"):
            data = data + 1
        if own.endswith("shared_expert_gate.weight"):
            data = data.reshape(-1)
        plain = data.ndim == 1 or "gate_inp" in names.get_name(stem)
        writer.add_tensor(f"{names.get_name(stem)}.{ending}", data.astype(np.float32 if plain else np.float16))
    for own, parts in stacks.items():
        writer.add_tensor(names.get_name(own.removesuffix(".weight")) + ".weight", np.stack(parts).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    blocks()
    for name, family in FAMILIES.items():
        write(name, family)
    models = {
        name: {"tensors": {own: list(shape) for own, shape in tensors(family).items()}, "config": config(family)}
        for name, family in FAMILIES.items()
    }
    (HERE / "models.json").write_text(json.dumps(models, separators=(",", ":")) + "\n")
