"""What PEFT 0.21 makes of the calls of add_weighted_adapter in calls/, of the adapters one and two: peft.safetensors.

For each call and matrix the delta of the new adapter, in float32. Run lora.py first. Needs torch, peft and safetensors. Use:
    python peft_calls.py
"""

import json
import pathlib

import torch
from peft import PeftConfig, PeftModel
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent


def tree(weights):
    """Modules that hold matrices under their names."""
    root = torch.nn.Module()
    for name, weight in weights.items():
        *path, last = name.removesuffix(".weight").split(".")
        module = root
        for part in path:
            if not hasattr(module, part):
                module.add_module(part, torch.nn.Module())
            module = getattr(module, part)
        if weight.ndim == 2:
            linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
            linear.weight.data = weight
            module.add_module(last, linear)
    return root


def opened():
    model = None
    for name in ("one", "two"):
        config = PeftConfig.from_pretrained(HERE / name)
        config.task_type = None
        if model is None:
            model = PeftModel.from_pretrained(
                tree(load_file(HERE / "base" / "model.safetensors")), HERE / name, name, config=config)
        else:
            model.load_adapter(HERE / name, name)
    return model


def main():
    found = {}
    for path in sorted((HERE / "calls").glob("*.json")):
        call, model = json.loads(path.read_text()), opened()
        call.pop("base")
        model.add_weighted_adapter(adapter_name="merged", **call)
        for name, module in model.base_model.model.named_modules():
            if "merged" in getattr(module, "lora_A", {}):
                delta = module.get_delta_weight("merged").detach()
                # A module that no adapter of the call has gets factors of zeros.
                if delta.any():
                    found[f"{path.stem}.{name}.weight"] = delta.contiguous()
        print(path.stem, sorted(k.split(".")[-2] for k in found if k.startswith(path.stem + ".")), flush=True)
    save_file(found, HERE / "peft.safetensors")


main()
