"""Writes tensors.safetensors with the official package and tensors.json with what is in it: names, types, shapes, bytes.

Needs PyTorch and safetensors. Use: python generate.py
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "I64": torch.int64, "I32": torch.int32,
    "I16": torch.int16, "I8": torch.int8, "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8,
    "BOOL": torch.bool,
}


def main():
    here = pathlib.Path(__file__).resolve().parent
    random = torch.Generator().manual_seed(3)
    tensors = {}
    for name, dtype in TYPES.items():
        count = 15
        if dtype == torch.bool:
            data = torch.randint(0, 2, (count,), generator=random).bool()
        else:
            size = torch.empty(0, dtype=dtype).element_size()
            data = torch.randint(0, 256, (count * size,), dtype=torch.uint8, generator=random).view(dtype)
        tensors[f"model.{name.lower()}.weight"] = data.reshape(3, 5)
    tensors["scalar"] = torch.tensor(1.5)
    tensors["none"] = torch.empty(0, 7, dtype=torch.float16)
    tensors["nothing"] = torch.empty(0, dtype=torch.int64)
    for name in ['quote"d', "back\\slash", "line\nbreak", "tab\t", "bell\x07", "é€", "😀", "sl/ash", " space "]:
        tensors[name] = torch.randint(0, 100, (2,), dtype=torch.int32, generator=random)
    save_file(tensors, here / "tensors.safetensors", metadata={"format": "pt", 'ke"y': "val\\ue\n"})
    names = {dtype: name for name, dtype in TYPES.items()}
    listing = [
        {
            "name": name, "dtype": names[tensor.dtype], "shape": list(tensor.shape),
            "bytes": tensor.reshape(-1).contiguous().view(torch.uint8).numpy().tobytes().hex() if tensor.numel() else "",
        }
        for name, tensor in tensors.items()
    ]
    (here / "tensors.json").write_text(json.dumps(listing, indent=0) + "\n")


main()
