"""A tiny model with a tiny tokenizer and a chat template, and what lm-evaluation-harness says of it on tasks/.

    OMP_NUM_THREADS=1 python generate.py

writes model/ and expected.json beside itself: "plain" with the tokenizer as it is there, "begin" with BEGIN as its
post_processor, which puts <s> in front of every text. Of documents the harness then predicts that <s> as well; here it does not,
so those of "begin" are of a harness that was told to add none. Needs lm_eval 0.4.13, transformers, torch, safetensors.
"""
import json, pathlib, shutil, tempfile
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

import harness, questions

HERE = pathlib.Path(__file__).resolve().parent
CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
          "'\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
BEGIN = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [455], "tokens": ["<s>"]}}}


def make(folder):
    folder.mkdir(exist_ok=True)
    tokenizer = json.loads((HERE.parent / "tokenizers" / "smollm2.json").read_text())
    tokenizer["post_processor"] = None
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "clean_up_tokenization_spaces": False,
        "chat_template": CHATML}, indent=1) + "\n")
    config = LlamaConfig(vocab_size=464, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, max_position_embeddings=1024, tie_word_embeddings=False, bos_token_id=455,
                         eos_token_id=456, pad_token_id=None, dtype="bfloat16")
    model = LlamaForCausalLM(config)
    generator = torch.Generator().manual_seed(3)
    weights = {}
    for name, weight in model.state_dict().items():
        scale = 0.3 if weight.ndim > 1 else 0.0
        weights[name] = (scale * torch.randn(weight.shape, generator=generator) + (weight.ndim == 1)).bfloat16().contiguous()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config.architectures = ["LlamaForCausalLM"]
    (folder / "config.json").write_text(config.to_json_string())


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def main():
    model = HERE / "model"
    make(model)
    expected = {"begin_processor": BEGIN, "plain": harness.answers(model)}
    with tempfile.TemporaryDirectory() as scratch:
        begin = pathlib.Path(scratch) / "begin"
        shutil.copytree(model, begin)
        tokenizer = json.loads((begin / "tokenizer.json").read_text())
        tokenizer["post_processor"] = BEGIN
        (begin / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
        names = [name for name in questions.HARNESS if name != "documents"]
        expected["begin"] = harness.answers(begin, {name: questions.HARNESS[name] for name in names})
        expected["begin"]["documents"] = expected["plain"]["documents"]
    (HERE / "expected.json").write_text(json.dumps(rounded(expected), ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
