"""Writes checkpoints of scaled 8-bit floating-point weights, and expected.json, what PyTorch makes of them.

Of each file a list of the weights, name, shape and the bits of code.float() * scale.float(), broadcast over blocks by
repeat_interleave.

    pip install torch safetensors
    python generate.py
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
UP, DOWN = "model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj"


def codes(*shape, kind=torch.float8_e4m3fn):
    """Codes of every kind but NaN and infinity, subnormal ones among them."""
    return (torch.randn(shape) * torch.logspace(-3, 2, shape[-1])).to(kind)


def scales(*shape, kind=torch.float32):
    return (torch.rand(shape) * 0.01 + 0.001).to(kind)


def spread(scale, shape, block):
    scale = scale.float().reshape(scale.shape + (1,) * (len(shape) - scale.dim()))
    for axis, (size, count, width) in enumerate(zip(shape, scale.shape, block)):
        if count not in (1, size):
            scale = scale.repeat_interleave(width, axis).narrow(axis, 0, size)
    return scale.expand(shape)


def main():
    torch.manual_seed(3)
    e5m2 = torch.float8_e5m2
    files = {
        # weight_block_size [4, 8]; the last blocks are not whole.
        "blocks": ((4, 8), {UP + ".weight": codes(10, 20), UP + ".weight_scale_inv": scales(3, 3),
                            DOWN + ".weight": codes(20, 10, kind=e5m2), DOWN + ".weight_scale_inv": scales(5, 2)}),
        # Of the usual size, 128 by 128.
        "default": ((128, 128), {UP + ".weight": codes(3, 130), UP + ".weight_scale_inv": scales(1, 2)}),
        "rows": ((1, 1), {UP + ".weight": codes(5, 7), UP + ".weight_scale": scales(5, 1, kind=torch.bfloat16),
                          DOWN + ".weight": codes(7, 5), DOWN + ".weight_scale": scales(7)}),
        "tensor": ((1, 1), {UP + ".weight": codes(5, 7), UP + ".weight_scale": scales(1),
                            UP + ".input_scale": scales(1),
                            DOWN + ".weight": codes(7, 5, kind=e5m2), DOWN + ".weight_scale": scales(),
                            "model.layers.0.self_attn.q_proj.weight": codes(4, 4),
                            "model.layers.0.self_attn.q_proj.weight_scale": scales(1),
                            "model.layers.0.self_attn.k_scale": scales(1)}),
        "powers": ((2, 4), {UP + ".weight": codes(4, 8),
                            UP + ".weight_scale_inv": torch.tensor([[.25, 2.], [2.**-120, 1.]])
                            .to(torch.float8_e8m0fnu)}),
        "stack": ((1, 4, 8), {"model.layers.0.mlp.experts.gate_up_proj": codes(2, 6, 10),
                              "model.layers.0.mlp.experts.gate_up_proj_scale_inv": scales(2, 2, 2)}),
    }
    expected = {}
    for name, (block, tensors) in files.items():
        tensors = dict(tensors) | {"model.norm.weight": torch.ones(4, dtype=torch.bfloat16)}
        save_file(tensors, HERE / f"{name}.safetensors")
        expected[name] = []
        for own, code in tensors.items():
            scale = tensors.get(own + "_scale", tensors.get(own + "_scale_inv"))
            if scale is None:
                continue
            numbers = code.float() * spread(scale, tuple(code.shape), block)
            bits = numbers.contiguous().view(torch.int32).flatten().tolist()
            expected[name].append({"name": own, "shape": list(code.shape),
                                   "bits": " ".join(f"{bit & 0xFFFFFFFF:08x}" for bit in bits)})
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
