"""Writes models with torch.save, has dppa-run read them, and compares what it writes with torch.load, bit by bit;
pickles that would run something are refused, and run nothing.

Prints a line for each case and exits with 1 when one fails. Needs torch, transformers, peft and safetensors. Use:
    python check_pytorch.py .build/release/dppa-run
"""

import builtins
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp())
RECIPES = pathlib.Path(__file__).resolve().parents[3] / "recipes"


def llama(seed, **keys):
    torch.manual_seed(seed)
    sizes = dict(vocab_size=4000, hidden_size=512, intermediate_size=1024, num_hidden_layers=6, num_attention_heads=8,
                 num_key_value_heads=4, dtype="bfloat16")
    return LlamaForCausalLM(LlamaConfig(**(sizes | keys))).to(torch.bfloat16).eval()


def call(*arguments):
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def run(recipe, *sets):
    out = ROOT / "out"
    shutil.rmtree(out, ignore_errors=True)
    arguments = [x for pair in sets for x in ("--set", pair)]
    code, told = call("run", RECIPES / f"{recipe}.lua", "--out", out, "--quiet", *arguments)
    assert code == 0, told
    tensors = {}
    for file in out.glob("*.safetensors"):
        tensors |= load_file(file)
    return tensors


def same(found, expected):
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape, name
        a, b = (x.contiguous().reshape(-1).view(torch.uint8) for x in (found[name], tensor))
        assert torch.equal(a, b), name


def folder(name, config):
    path = ROOT / name
    path.mkdir()
    config.save_pretrained(path)
    return path


def copied(path):
    """What the program writes of a model as it is."""
    return run("passthrough", f"expert={path}")


def kinds():
    """A state_dict in every way in which torch.save and trainings write one."""
    model = llama(1)
    state = model.state_dict()
    ways = {
        "plain": (state, {}), "protocol3": (state, {"pickle_protocol": 3}), "protocol5": (state, {"pickle_protocol": 5}),
        "older": (state, {"_use_new_zipfile_serialization": False}), "wrapped": ({"state_dict": state, "epoch": 1}, {}),
        "parameters": (dict(model.named_parameters()), {}),
        "views": ({k: v.t().contiguous().t() if v.dim() == 2 else v for k, v in state.items()}, {}),
        "stacked": (dict(zip(state, torch.cat([v.reshape(-1) for v in state.values()]).split(
            [v.numel() for v in state.values()]))), {}),
    }
    for name, (value, how) in ways.items():
        path = folder(name, model.config)
        torch.save(value, path / "pytorch_model.bin", **how)
        found = torch.load(path / "pytorch_model.bin", weights_only=False)
        same(copied(path), {k: v.detach() for k, v in found.get("state_dict", found).items()})


def sharded():
    """Two shards with an index and tied weights, as transformers has written them, and reads them again."""
    model = llama(2, tie_word_embeddings=True)
    path = folder("sharded", model.config)
    state = model.state_dict()
    names = list(state)
    first = [n for n in names if n in ("lm_head.weight", "model.embed_tokens.weight")] + names[1:20]
    parts = {"pytorch_model-00001-of-00002.bin": first,
             "pytorch_model-00002-of-00002.bin": [n for n in names if n not in first]}
    for file, part in parts.items():
        torch.save({n: state[n] for n in part}, path / file)
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    (path / "pytorch_model.bin.index.json").write_text(json.dumps({
        "metadata": {"total_size": size}, "weight_map": {n: f for f, part in parts.items() for n in part}}))
    code, told = call("inspect", path)
    assert code == 0 and "warning" not in told, told
    again = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16).state_dict()
    # A head that is tied is left out of what is written, as transformers leaves it out.
    for tensors in state, again:
        same(copied(path), {n: t for n, t in tensors.items() if n != "lm_head.weight"})


def adapters():
    """A LoRA adapter in either form is the same delta."""
    base = llama(3)
    base.save_pretrained(ROOT / "base")
    model = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "down_proj"]))
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name:
                p.copy_(torch.randn_like(p) * 0.05)
    model.save_pretrained(ROOT / "lora")
    shutil.copytree(ROOT / "lora", ROOT / "lora_bin")
    (ROOT / "lora_bin/adapter_model.safetensors").unlink()
    torch.save(load_file(ROOT / "lora/adapter_model.safetensors"), ROOT / "lora_bin/adapter_model.bin")
    results = [run("task_arithmetic", f"base={ROOT / 'base'}", f"experts={ROOT / name}") for name in ("lora", "lora_bin")]
    same(*results)


class Attack:
    """What Python would call when the pickle is loaded."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def attacks():
    """Pickles of Python itself that would leave a file: they are refused by the name of what they call, and leave none."""
    mark = ROOT / "mark"
    state = llama(4, num_hidden_layers=1).state_dict()
    command = f"open({str(mark)!r}, 'w').close()"
    cases = {
        "posix.system": Attack(os.system, f"touch {mark}"), "builtins.eval": Attack(builtins.eval, command),
        "builtins.exec": Attack(builtins.exec, command), "builtins.getattr": Attack(getattr, Attack(__import__, "os"), "system"),
        "subprocess.Popen": Attack(subprocess.Popen, ["touch", str(mark)]), "builtins.open": Attack(open, str(mark), "w"),
    }
    for name, attack in cases.items():
        for place, value in {"root": attack, "entry": {**state, "x": attack}, "key": {"state_dict": state, "x": [attack]}}.items():
            for form, how in {"zip": {}, "older": {"_use_new_zipfile_serialization": False}, "5": {"pickle_protocol": 5}}.items():
                file = ROOT / "attack.bin"
                torch.save(value, file, **how)
                code, told = call("inspect", file)
                # Older protocols have older names of modules; what is called first may be what an argument is made by.
                words = [".__import__", ".getattr"] if name.endswith("getattr") else ["." + name.split(".")[1]]
                assert code == 65 and "attack.bin: its pickle is not read at byte" in told, (name, place, form, told)
                assert any(word + "," in told for word in words), (name, place, form, told)
                assert not mark.exists(), (name, place, form)
    # The same file does leave a mark where it is loaded as PyTorch once did.
    torch.save({"x": Attack(os.system, f"touch {mark}")}, ROOT / "attack.bin")
    torch.load(ROOT / "attack.bin", weights_only=False)
    assert mark.exists()


failed = 0
for case in kinds, sharded, adapters, attacks:
    start = time.time()
    try:
        case()
        print(f"{case.__name__}: as torch.load ({time.time() - start:.0f} s)")
    except Exception as error:
        failed = 1
        print(f"{case.__name__}: FAILED: {type(error).__name__}: {str(error)[:1500]}")
shutil.rmtree(ROOT)
sys.exit(failed)
