"""python read_pack.py BASE.safetensors DELTA.safetensors OUT.safetensors: the model of a pack (docs/formats.md, "Packs")."""
import json, sys
import numpy as np

def read(path):
    data = np.memmap(path, np.uint8, "r")
    start = 8 + int(data[:8].view("<u8")[0])
    header = json.loads(bytes(data[8:start]))
    metadata = header.pop("__metadata__", {})
    return {name: (t["dtype"], data[start:][slice(*t["data_offsets"])]) for name, t in header.items()}, metadata

def words(dtype, data):  # as integers of the elements' size: nothing is computed with them
    return np.frombuffer(data.tobytes(), "<u%d" % {"64": 8, "32": 4, "16": 2}.get(dtype[-2:], 1))

def floats(x, dtype):
    return (x.astype("<u4") << 16).view("<f4") if dtype == "BF16" else x.view("<f%d" % x.itemsize).astype("<f4")

def rounded(x, dtype):  # to nearest even
    bits = x.astype("<f4").view("<u4")
    return (bits + 0x7FFF + (bits >> 16 & 1) >> 16).astype("<u2") if dtype == "BF16" else x.astype("<f" + str(int(dtype[1:]) // 8))

def unpack(name, tensor, base, pack):
    part = lambda word: words(*pack[word + "/" + name])
    bits = lambda word, count: np.unpackbits(part(word), count=count, bitorder="little")
    coding, dtype, count = tensor["coding"], tensor["dtype"], int(np.prod(tensor["shape"], dtype=np.int64))
    if coding == "dense": return part("dense")
    x = np.resize(words(*base[name]), count)  # a base of fewer rows: all further words are in the pack
    if coding == "bitmask": x[bits("mask", count) == 1] = part("values")
    if coding == "gaps":
        gaps = part("gaps").astype(np.int64)
        gap = np.cumsum(gaps < 128) - (gaps < 128)  # the gap that each byte is of, and its bytes before it
        before = np.arange(len(gaps)) - np.searchsorted(gap, gap)
        x[np.cumsum(np.bincount(gap, (gaps & 127) * 128.0**before) + 1).astype(np.int64) - 1] = part("values")
    if coding == "nm":
        n, m, width = tensor["n"], tensor["m"], tensor["m"].bit_length() - 1
        place = bits("places", count // m * n * width).reshape(-1, n, width).astype(np.int64) << np.arange(width)
        x[(place.sum(2) + np.arange(0, count, m)[:, None]).ravel()] = part("values")
    if coding == "sign":
        x = rounded(floats(x, dtype) + (bits("signs", count) * 2.0 - 1).astype("<f4") * part("scale").view("<f4"), dtype)
    if coding == "lowrank":
        up, down = (part(word).view("<f4").reshape(shape) for word, shape in (("up", (-1, tensor["rank"])), ("down", (tensor["rank"], -1))))
        x = rounded(floats(x, dtype) + (up @ down).ravel(), dtype)
    return x

if __name__ == "__main__":
    (base, _), (pack, metadata) = read(sys.argv[1]), read(sys.argv[2])
    tensors = json.loads(metadata["dppa_pack"])["model"]["tensors"]
    data = [unpack(name, tensor, base, pack).tobytes() for name, tensor in tensors.items()]
    ends = np.cumsum([0] + [len(x) for x in data]).tolist()
    header = json.dumps({name: {"dtype": t["dtype"], "shape": t["shape"], "data_offsets": ends[i:i + 2]} for i, (name, t) in enumerate(tensors.items())}).encode()
    open(sys.argv[3], "wb").write(len(header).to_bytes(8, "little") + header + b"".join(data))
