"""Writes small files with torch.save and expected.json with what torch.load finds in them: names, types, shapes, bytes.

Needs PyTorch. Use: python generate.py
"""

import json
import pathlib
import zipfile
from collections import OrderedDict

import torch

HERE = pathlib.Path(__file__).resolve().parent
TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "F8_E8M0": torch.float8_e8m0fnu, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16,
    "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in TYPES.items()}
RANDOM = torch.Generator().manual_seed(5)


def raw(dtype, *shape):
    """A tensor of any bits."""
    count = torch.Size(shape).numel()
    if dtype == torch.bool:
        return torch.randint(0, 2, shape, generator=RANDOM).bool()
    size = torch.empty(0, dtype=dtype).element_size()
    return torch.randint(0, 256, (count * size,), dtype=torch.uint8, generator=RANDOM).view(dtype).reshape(shape)


def every_type():
    tensors = OrderedDict((f"model.{name.lower()}.weight", raw(dtype, 3, 5)) for name, dtype in TYPES.items())
    tensors["scalar"] = torch.tensor(1.5)
    tensors["none"] = torch.empty(0, 7, dtype=torch.float16)
    for name in ['quote"d', "line\nbreak", "é€", "😀", "n" * 300]:
        tensors[name] = raw(torch.int16, 2)
    tensors._metadata = OrderedDict({"": {"version": 1}})
    return tensors


def views():
    matrix, cube = raw(torch.float32, 6, 7), raw(torch.bfloat16, 4, 5, 6)
    tied = raw(torch.float16, 3, 4)
    return {
        "whole": matrix, "transposed": matrix.t(), "columns": matrix[:, ::2], "rows": matrix[::3], "corner": matrix[2:5, 3:],
        "one": matrix[3, 4], "column": matrix[:, 3], "permuted": cube.permute(2, 0, 1), "swapped": cube.transpose(0, 1),
        "slice": cube[:, 2], "inner": cube[1:3, :, 1::3], "expanded": raw(torch.int32, 1, 4).expand(5, 4),
        "expanded_columns": raw(torch.int64, 3, 1).expand(3, 9), "expanded_scalar": raw(torch.uint8, 1).expand(2, 3, 4),
        "tied.a": tied, "tied.b": tied, "overlapping": matrix.reshape(-1).as_strided((4, 5), (2, 3), 1),
        "bits": raw(torch.float8_e5m2, 4, 4).t(), "empty": matrix[:0].t(), "flat": matrix[1],
    }


def few():
    return {"model.layers.0.mlp.up_proj.weight": raw(torch.bfloat16, 4, 3), "model.norm.weight": raw(torch.bfloat16, 3)}


def wrapped():
    return {"epoch": 3, "lr": 0.5, "note": "é", "config": {"a": [1, (2, -3)], "b": None}, "state_dict": few(),
            "optimizer": {"state": {0: {"exp_avg": raw(torch.float32, 2)}}, "groups": [True, 1 << 40, -(1 << 40)]},
            "dtype": torch.float16, "size": torch.Size([1, 2])}


def aside():
    return {**few(), "iteration": 7, "extra_state": None}


def adapter():
    prefix = "base_model.model.model.layers.0.self_attn.q_proj."
    return {prefix + "lora_A.weight": torch.tensor([[0.125, 0.25]]), prefix + "lora_B.weight": torch.tensor([[1.0], [0], [-1]])}


def listing(tensors):
    def data(tensor):
        flat = tensor.contiguous().reshape(-1)
        return flat.view(torch.uint8).numpy().tobytes().hex() if flat.numel() else ""

    return [{"name": name, "dtype": NAMES[t.dtype], "shape": list(t.shape), "bytes": data(t)} for name, t in tensors.items()
            if isinstance(t, torch.Tensor)]


def main():
    expected = {}

    def save(name, value, state=lambda x: x, **how):
        torch.save(value, HERE / name, **how)
        found = torch.load(HERE / name, weights_only=False)
        expected[name] = listing(state(found))

    save("types.bin", every_type())
    save("types4.pt", every_type(), pickle_protocol=4)
    save("views.bin", views())
    save("parameters5.bin", {k: torch.nn.Parameter(v, k.startswith("model.n")) for k, v in few().items()}, pickle_protocol=5)
    save("wrapped.pth", wrapped(), lambda x: x["state_dict"])
    save("aside.bin", aside())
    save("adapter_model.bin", adapter())
    # PyTorch does not read the newer types in its older form.
    new = ("float8", "uint16", "uint32", "uint64")
    old = {k: v for k, v in (every_type() | views()).items() if not any(word in str(v.dtype) for word in new)}
    save("legacy.bin", old, _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(HERE / "aside.bin") as archive, zipfile.ZipFile(
            HERE / "compressed.bin", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    (HERE / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")


main()
