"""Reads and writes safetensors files with nothing but NumPy; bfloat16 is widened to float32 on reading."""

import json
import pathlib
import struct

import numpy as np

_TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16}


def from_bf16(bits):
    """The float32 numbers of bfloat16 bits."""
    return (np.asarray(bits, np.uint16).astype(np.uint32) << 16).view(np.float32)


def to_bf16(values):
    """The bits of float32 numbers rounded to bfloat16, to nearest, ties to even; a NaN keeps its sign and stays one."""
    values = np.ascontiguousarray(values, np.float32)
    bits = values.view(np.uint32)
    rounded = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), ((bits >> 16) | 0x40).astype(np.uint16), rounded)


def round_bf16(values):
    """float32 numbers rounded to bfloat16 and back."""
    return from_bf16(to_bf16(values)).reshape(np.shape(values))


def read(path):
    """The tensors of a file, or of all shards of a directory: {name: array}, 16-bit types as float32 or float16."""
    path = pathlib.Path(path)
    if path.is_dir():
        return {name: value for part in sorted(path.glob("*.safetensors")) for name, value in read(part).items()}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        raw = data[start:end]
        if entry["dtype"] == "BF16":
            value = from_bf16(np.frombuffer(raw, np.uint16))
        else:
            value = np.frombuffer(raw, _TYPES[entry["dtype"]])
        tensors[name] = value.reshape(entry["shape"])
    return dict(sorted(tensors.items(), key=lambda item: item[0].encode()))


def encode(values, dtype):
    """The little-endian bytes of float32 numbers stored as F32 or BF16."""
    return (to_bf16(values) if dtype == "BF16" else np.ascontiguousarray(values, _TYPES[dtype])).tobytes()


def write(path, tensors, dtype="F32"):
    """Writes {name: array} as one file, tensors in bytewise order of their names."""
    header, parts, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors, key=str.encode):
        parts.append(encode(tensors[name], dtype))
        end = offset + len(parts[-1])
        header[name] = {"dtype": dtype, "shape": list(np.shape(tensors[name])), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def write_json(path, value):
    """Writes JSON with one entry of the outermost list or table a line."""
    if isinstance(value, list):
        text = "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]\n"
    else:
        text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()) + "\n}\n"
    pathlib.Path(path).write_text(text)
