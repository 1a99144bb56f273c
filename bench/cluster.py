"""What a merge on many machines would be, from checkpoints of the largest shapes that take no disk.

    python3 bench/cluster.py --program PATH/TO/dppa-run --folder BIG/DISK

makes, as sparse files with headers alone, a dense model of 405 B parameters (the shapes of Llama 3.1 405B) and a mixture of
experts of 1 T (those of a DeepSeek-V3 with 384 experts), each with two experts; plans TIES of them for 1 to 1024 ranks; and
runs the rule on a few tensors that are filled with numbers, for the time and memory that a byte takes. Prints Markdown.
Needs NumPy, and 6 GB for the tensors that are filled.
"""
import argparse, json, os, pathlib, resource, struct, subprocess, time
import numpy as np

RANKS = [1, 8, 64, 256, 1024]


def dense():
    """Llama 3.1 405B."""
    hidden, middle, heads, vocabulary = 16384, 53248, 1024, 128256
    tensors = [("model.embed_tokens.weight", [vocabulary, hidden]), ("lm_head.weight", [vocabulary, hidden]),
               ("model.norm.weight", [hidden])]
    for layer in range(126):
        at = f"model.layers.{layer}."
        tensors += [(at + "self_attn.q_proj.weight", [hidden, hidden]), (at + "self_attn.k_proj.weight", [heads, hidden]),
                    (at + "self_attn.v_proj.weight", [heads, hidden]), (at + "self_attn.o_proj.weight", [hidden, hidden]),
                    (at + "mlp.gate_proj.weight", [middle, hidden]), (at + "mlp.up_proj.weight", [middle, hidden]),
                    (at + "mlp.down_proj.weight", [hidden, middle]), (at + "input_layernorm.weight", [hidden]),
                    (at + "post_attention_layernorm.weight", [hidden])]
    return tensors, {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden,
                     "intermediate_size": middle, "num_hidden_layers": 126, "num_attention_heads": 128,
                     "num_key_value_heads": 8, "vocab_size": vocabulary}


def mixture():
    """1 T parameters in 61 layers of 384 experts, with latent attention."""
    hidden, middle, vocabulary, experts = 7168, 2048, 163840, 384
    tensors = [("model.embed_tokens.weight", [vocabulary, hidden]), ("lm_head.weight", [vocabulary, hidden]),
               ("model.norm.weight", [hidden])]
    for layer in range(61):
        at = f"model.layers.{layer}."
        tensors += [(at + "self_attn.q_a_proj.weight", [1536, hidden]), (at + "self_attn.q_b_proj.weight", [12288, 1536]),
                    (at + "self_attn.kv_a_proj_with_mqa.weight", [576, hidden]),
                    (at + "self_attn.kv_b_proj.weight", [16384, 512]), (at + "self_attn.o_proj.weight", [hidden, 8192]),
                    (at + "input_layernorm.weight", [hidden]), (at + "post_attention_layernorm.weight", [hidden])]
        if layer == 0:
            parts, middles = ["mlp"], 18432
        else:
            tensors += [(at + "mlp.gate.weight", [experts, hidden])]
            parts, middles = [f"mlp.experts.{e}" for e in range(experts)] + ["mlp.shared_experts"], middle
        for part in parts:
            tensors += [(f"{at}{part}.gate_proj.weight", [middles, hidden]), (f"{at}{part}.up_proj.weight", [middles, hidden]),
                        (f"{at}{part}.down_proj.weight", [hidden, middles])]
    return tensors, {"architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "hidden_size": hidden,
                     "intermediate_size": 18432, "moe_intermediate_size": middle, "num_hidden_layers": 61,
                     "n_routed_experts": experts, "n_shared_experts": 1, "num_attention_heads": 64,
                     "num_key_value_heads": 64, "q_lora_rank": 1536, "kv_lora_rank": 512, "vocab_size": vocabulary}


MODELS = {
    "405B": (dense, "model.layers.3.self_attn.*"),
    "1T": (mixture, "model.layers.3.mlp.experts.1?.*"),
}


def make(folder, tensors, config, filled, seed):
    """A checkpoint of bfloat16 whose file is as long as it should be, and holds numbers in the tensors of `filled` alone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    offset, entries = 0, {"__metadata__": {"format": "pt"}}
    for name, shape in tensors:
        size = 2 * int(np.prod(shape))
        entries[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + offset)
        random = np.random.default_rng(0)
        other = np.random.default_rng(seed)
        for name in filled:
            first, last = entries[name]["data_offsets"]
            count = (last - first) // 2
            file.seek(8 + len(header) + first)
            for start in range(0, count, 1 << 24):
                size = min(1 << 24, count - start)
                values = random.standard_normal(size, dtype=np.float32) * 0.02
                if seed:
                    values += other.standard_normal(size, dtype=np.float32) * 0.001
                file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    return offset


def recipe(folder, glob):
    (folder / "ties.lua").write_text('''local dppa = require "dppa.v1"
local ties = require "ties"
local base, a, b = dppa.model "base", dppa.model "a", dppa.model "b"
return ties(base, { a, b }, { density = 0.2 })
''')
    (folder / "part.lua").write_text(f'''local dppa = require "dppa.v1"
local ties = require "ties"
local base, a, b = dppa.model "base", dppa.model "a", dppa.model "b"
ties(base, {{ a, b }}, {{ density = 0.2 }}):select "{glob}":save("part", {{ partial = true }})
''')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    options = parser.parse_args()
    import fnmatch
    rows = []
    for label, (shapes, glob) in MODELS.items():
        tensors, config = shapes()
        filled = [name for name, _ in tensors if fnmatch.fnmatch(name, glob)]
        folder = options.folder / label
        for seed, model in enumerate(["base", "a", "b"]):
            size = make(folder / model, tensors, config, filled, seed)
        recipe(folder, glob)
        sample = 2 * sum(int(np.prod(shape)) for name, shape in tensors if name in filled)
        best = None
        for _ in range(3):
            start = time.time()
            subprocess.run([options.program, "run", "part.lua", "--out", "out", "--force", "--fresh", "--quiet"], cwd=folder, check=True)
            best = min(best or 1e9, time.time() - start)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        rate = sample * 4 / best
        print(f"\n{label}: {len(tensors)} tensors, {size / 1e9:.0f} GB a model; {sample / 1e9:.2f} GB of it merged in {best:.1f} s, "
              f"{rate / 1e9:.2f} GB/s read and written, {memory / 1e6:.0f} MB\n")
        print("| ranks | GB of the rank with the most | × an even share | minutes at that rate | seconds to plan |")
        print("|---|---|---|---|---|")
        for ranks in RANKS:
            start = time.time()
            subprocess.run([options.program, "plan", "ties.lua", "--ranks", str(ranks), "--json", "plan.json"], cwd=folder,
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds = time.time() - start
            plan = json.loads((folder / "plan.json").read_text())
            shares = (plan["ranks"] or {"bytes": [plan["disk_bytes"] + plan["bytes_written"]]})["bytes"]
            most = max(shares)
            row = dict(model=label, ranks=ranks, most=most, imbalance=most * len(shares) / sum(shares), seconds=seconds)
            rows.append(row)
            print(f"| {ranks} | {most / 1e9:.1f} | {row['imbalance']:.2f} | {most / rate / 60:.1f} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
