"""Makes a base and experts of the shape of Qwen2-0.5B (LLaMA layout, bfloat16, tied embeddings) to measure with.

Tensors are made and written one after the other, in blocks, so memory stays small; the same seed gives the same bytes. The
base is normal; a delta is Student's t with 3 degrees of freedom, cut at 50, times --scale, larger in later layers, so that
few elements carry much of it. Needs NumPy. Use:
    python make_models.py DIR [--layers 24] [--hidden 896] [--intermediate 4864] [--vocab 151936] [--experts 3] [--seed 0]
writes DIR/base, DIR/expert1, DIR/expert2, … each with config.json and model.safetensors.
"""

import argparse
import json
import math
import pathlib
import struct

import numpy as np

BLOCK = 1 << 21


def shapes(options):
    """{tensor name: shape} of the LLaMA layout."""
    hidden, head = options.hidden, options.hidden // options.heads
    result = {"model.embed_tokens.weight": (options.vocab, hidden), "model.norm.weight": (hidden,)}
    for layer in range(options.layers):
        block = f"model.layers.{layer}"
        result |= {
            f"{block}.input_layernorm.weight": (hidden,),
            f"{block}.post_attention_layernorm.weight": (hidden,),
            f"{block}.self_attn.q_proj.weight": (hidden, hidden),
            f"{block}.self_attn.k_proj.weight": (options.kv_heads * head, hidden),
            f"{block}.self_attn.v_proj.weight": (options.kv_heads * head, hidden),
            f"{block}.self_attn.o_proj.weight": (hidden, hidden),
            f"{block}.mlp.gate_proj.weight": (options.intermediate, hidden),
            f"{block}.mlp.up_proj.weight": (options.intermediate, hidden),
            f"{block}.mlp.down_proj.weight": (hidden, options.intermediate),
        }
    return dict(sorted(result.items(), key=lambda item: item[0].encode()))


def config(options):
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": options.hidden,
        "intermediate_size": options.intermediate, "num_hidden_layers": options.layers,
        "num_attention_heads": options.heads, "num_key_value_heads": options.kv_heads, "vocab_size": options.vocab,
        "head_dim": options.hidden // options.heads, "hidden_act": "silu", "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "tie_word_embeddings": True, "attention_bias": False,
        "torch_dtype": "bfloat16",
    }


def to_bf16(values):
    """The bits of finite float32 numbers rounded to bfloat16, to nearest, ties to even."""
    bits = values.view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


def base_block(name, count, rng):
    values = rng.standard_normal(count, dtype=np.float32)
    return values * np.float32(0.02) + np.float32("norm" in name)


def delta_block(count, rng, scale):
    """Student's t with 3 degrees of freedom: a normal over the root of a mean of three squares."""
    normal = rng.standard_normal(count, dtype=np.float32)
    squares = np.zeros(count, np.float32)
    for _ in range(3):
        x = rng.standard_normal(count, dtype=np.float32)
        squares += x * x
    tail = normal / np.sqrt(squares / np.float32(3) + np.float32(1e-12))
    return np.clip(tail, -50, 50) * np.float32(scale)


def header(tensors):
    entries, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors.items():
        end = offset + 2 * math.prod(shape)
        entries[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--hidden", type=int, default=896)
    parser.add_argument("--intermediate", type=int, default=4864)
    parser.add_argument("--heads", type=int, default=14)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--vocab", type=int, default=151936)
    parser.add_argument("--experts", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.hidden % options.heads:
        parser.error(f"--hidden {options.hidden} is no multiple of --heads {options.heads}")

    tensors = shapes(options)
    labels = ["base"] + [f"expert{number}" for number in range(1, options.experts + 1)]
    files = []
    for label in labels:
        folder = options.directory / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config(options), indent=2) + "\n")
        files.append(open(folder / "model.safetensors", "wb"))
        files[-1].write(header(tensors))
    for number, (name, shape) in enumerate(tensors.items()):
        streams = [np.random.default_rng([options.seed, model, number]) for model in range(len(labels))]
        parts = name.split(".")
        depth = (int(parts[2]) + 1) / options.layers if parts[1] == "layers" else 0.5
        count = math.prod(shape)
        for start in range(0, count, BLOCK):
            size = min(BLOCK, count - start)
            bits = to_bf16(base_block(name, size, streams[0]))
            bits.tofile(files[0])
            base = (bits.astype(np.uint32) << 16).view(np.float32)
            for stream, file in zip(streams[1:], files[1:]):
                to_bf16(base + delta_block(size, stream, options.scale * (0.5 + depth))).tofile(file)
    for file in files:
        file.close()
    elements = sum(math.prod(shape) for shape in tensors.values())
    print(f"{len(labels)} models of {elements / 1e6:.1f} M parameters, {2 * elements / 1e9:.2f} GB each: {', '.join(labels)}")


if __name__ == "__main__":
    main()
