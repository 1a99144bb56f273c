"""Digests of some byte sequences, by the package xxhash: python make.py > digests.json

byte i of a sequence of n bytes is (i * 131 + i // 256 + n) mod 256.
"""

import json
import struct

import xxhash


def digest(data):
    total = sum(xxhash.xxh3_128_intdigest(data[k:k + 4096], k // 4096) for k in range(0, len(data), 4096))
    return xxhash.xxh3_128_hexdigest((total % 2**128).to_bytes(16, "little") + struct.pack("<Q", len(data)))


def sequence(n):
    return bytes((i * 131 + i // 256 + n) % 256 for i in range(n))


lengths = [0, 1, 3, 16, 200, 4095, 4096, 4097, 8192, 12345, 1 << 20]
print(json.dumps({str(n): digest(sequence(n)) for n in lengths}, indent=1))
