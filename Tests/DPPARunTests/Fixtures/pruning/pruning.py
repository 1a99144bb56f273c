"""What goes into the linears of tiny models, and the same models pruned and merged by it, in NumPy alone.

    python pruning.py

writes text.jsonl, other.jsonl (token ids, a document a line) and expected.json beside itself. The models are those of
Tests/DPPATests/Fixtures/Evaluation/Architectures, of which the forward pass is written once more here, in float64. Methods follow
the authors' programs as the papers' notes in the library's modules say; weights and sums are float64 unless it says otherwise.
expected.json: "inputs" (by model and tensor: tokens, norm, mean, variance, the first two rows of the covariance), "masks" (by case and
tensor: what stays, as the hexadecimal digits of numpy.packbits over the rows) and "values" (by case and tensor: the first four rows).
"""
import json, pathlib, struct
import numpy as np

HERE = pathlib.Path(__file__).parent
MODELS = HERE / "../../../DPPATests/Fixtures/Evaluation/Architectures"


def load(name):
    raw = (MODELS / name / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for key, entry in json.loads(raw[8:8 + size]).items():
        if key == "__metadata__":
            continue
        begin, end = (8 + size + place for place in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            words = np.frombuffer(raw[begin:end], "<u2").astype(np.uint32) << 16
            values = words.view(np.float32)
        else:
            values = np.frombuffer(raw[begin:end], "<f4")
        tensors[key] = values.reshape(entry["shape"]).astype(np.float64)
    return json.loads((MODELS / name / "config.json").read_text()), tensors


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def turn(x, theta, share):
    """Rotary embedding of a share of heads [tokens, heads, width]."""
    x, rest = np.split(x, [int(x.shape[-1] * share)], -1)
    half = x.shape[-1] // 2
    angles = np.arange(len(x))[:, None] * theta ** (-np.arange(half) / half)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin, rest], -1)


def attend(q, k, v, heads, keys):
    count, width = len(q), q.shape[-1] // heads
    q, k, v = q.reshape(count, heads, width), k.reshape(count, keys, width), v.reshape(count, keys, width)
    return q, k, v, width


def mix(q, k, v, width, window=None):
    group = q.shape[1] // k.shape[1]
    out = np.empty_like(q)
    back = np.arange(len(q))[:, None] - np.arange(len(q))
    mask = np.where((back < 0) | (back >= (window or len(q))), -np.inf, 0)
    for head in range(q.shape[1]):
        scores = q[:, head] @ k[:, head // group].T / np.sqrt(width) + mask
        out[:, head] = softmax(scores) @ v[:, head // group]
    return out.reshape(len(q), -1)


class Model:
    """A model whose blocks run on the stream of one document; `see(name, x)` is told of the inputs of linears."""

    def __init__(self, name, tensors=None):
        self.config, own = load(name)
        self.t = tensors or own
        self.kind = self.config["model_type"]
        self.layers = self.config.get("num_hidden_layers", self.config.get("n_layer"))

    def start(self, tokens):
        if self.kind == "gpt2":
            prefix = self.prefix()
            return self.t[prefix + "wte.weight"][tokens] + self.t[prefix + "wpe.weight"][:len(tokens)]
        return self.t["model.embed_tokens.weight"][tokens]

    def prefix(self):
        return "" if "wte.weight" in self.t else "transformer."

    def linears(self, layer):
        if self.kind == "gpt2":
            return [f"{self.prefix()}h.{layer}.{name}.weight" for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")]
        if self.kind == "phi3":
            names = ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")
            return [f"model.layers.{layer}.{name}.weight" for name in names]
        attention = [f"model.layers.{layer}.self_attn.{name}_proj.weight" for name in "qkvo"]
        if self.kind == "mixtral":
            experts = range(self.config["num_local_experts"])
            module = f"model.layers.{layer}.block_sparse_moe.experts"
            return attention + [f"{module}.{e}.{w}.weight" for e in experts for w in ("w1", "w3", "w2")]
        return attention + [f"model.layers.{layer}.mlp.{name}_proj.weight" for name in ("gate", "up", "down")]

    def norm(self, name, x):
        if self.kind == "gpt2":
            centred = x - x.mean(-1, keepdims=True)
            scaled = centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + self.config["layer_norm_epsilon"])
            return scaled * self.t[name + ".weight"] + self.t[name + ".bias"]
        return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + self.config["rms_norm_eps"]) * self.t[name + ".weight"]

    def block(self, layer, x, see):
        def linear(name, x):
            see(name + ".weight", x)
            return x @ self.t[name + ".weight"].T

        if self.kind == "gpt2":
            return self.gpt2(f"{self.prefix()}h.{layer}.", x, see)
        config, module = self.config, f"model.layers.{layer}."
        heads, keys = config["num_attention_heads"], config["num_key_value_heads"]
        rope, window = config["rope_parameters"], config.get("sliding_window")
        angles = rope["rope_theta"], rope.get("partial_rotary_factor", 1)
        h = self.norm(module + "input_layernorm", x)
        if self.kind == "phi3":
            all = linear(module + "self_attn.qkv_proj", h)
            width = all.shape[1] // (heads + 2 * keys)
            q, k, v = np.split(all, [heads * width, (heads + keys) * width], 1)
        else:
            q, k, v = (linear(f"{module}self_attn.{name}_proj", h) for name in "qkv")
        q, k, v, width = attend(q, k, v, heads, keys)
        x = x + linear(module + "self_attn.o_proj", mix(turn(q, *angles), turn(k, *angles), v, width, window))
        h = self.norm(module + "post_attention_layernorm", x)
        if self.kind == "mixtral":
            return x + self.experts(module + "block_sparse_moe.", h, see)
        if self.kind == "phi3":
            gate, up = np.split(linear(module + "mlp.gate_up_proj", h), 2, 1)
        else:
            gate, up = linear(module + "mlp.gate_proj", h), linear(module + "mlp.up_proj", h)
        return x + linear(module + "mlp.down_proj", silu(gate) * up)

    def experts(self, module, h, see):
        weights = softmax(h @ self.t[module + "gate.weight"].T)
        order = np.argsort(-weights, 1, kind="stable")[:, :self.config["num_experts_per_tok"]]
        out = np.zeros_like(h)
        for expert in range(self.config["num_local_experts"]):
            rows = np.where((order == expert).any(1))[0]
            name, part = f"{module}experts.{expert}.", h[rows]
            see(name + "w1.weight", part)
            see(name + "w3.weight", part)
            inner = silu(part @ self.t[name + "w1.weight"].T) * (part @ self.t[name + "w3.weight"].T)
            see(name + "w2.weight", inner)
            chosen = np.take_along_axis(weights[rows], order[rows], 1).sum(1)
            out[rows] += (inner @ self.t[name + "w2.weight"].T) * (weights[rows, expert] / chosen)[:, None]
        return out

    def gpt2(self, module, x, see):
        def linear(name, x):
            see(module + name + ".weight", x)
            return x @ self.t[module + name + ".weight"] + self.t[module + name + ".bias"]

        heads = self.config["n_head"]
        q, k, v, width = attend(*np.split(linear("attn.c_attn", self.norm(module + "ln_1", x)), 3, 1), heads, heads)
        x = x + linear("attn.c_proj", mix(q, k, v, width))
        return x + linear("mlp.c_proj", gelu(linear("mlp.c_fc", self.norm(module + "ln_2", x))))


class Inputs:
    """Sums over the inputs of linears."""

    def __init__(self):
        self.rows = {}

    def see(self, name, x):
        self.rows.setdefault(name, []).append(x)

    def of(self, name):
        return np.concatenate(self.rows[name])


def block_inputs(model, layer, streams):
    inputs = Inputs()
    after = [model.block(layer, x, inputs.see) for x in streams]
    return inputs, after


def norms(x, samples):
    return np.sqrt((x ** 2).sum(0) / samples)


# Methods: from weights [outputs, inputs], inputs [tokens, inputs] and the number of documents to what stays of the weights.


def wanda(w, x, samples, s=0.5, keep=0, group=4):
    return by_row(w, abs(w) * norms(x, samples), s, keep, group)


def by_row(w, score, s, keep, group):
    kept = np.ones(w.shape, bool)
    if keep:
        for first in range(0, w.shape[1], group):
            part = np.argsort(-score[:, first:first + group], 1, kind="stable")[:, keep:]
            np.put_along_axis(kept[:, first:first + group], part, False, 1)
    else:
        gone = np.argsort(score, 1, kind="stable")[:, :int(w.shape[1] * s)]
        np.put_along_axis(kept, gone, False, 1)
    return np.where(kept, w, 0)


def ria(w, x, samples, s=0.5, alpha=0.5, row=False):
    size = abs(w)
    score = (size / size.sum(0) + size / size.sum(1, keepdims=True)) * norms(x, samples) ** alpha
    if row:
        return by_row(w, score, s, 0, 4)
    return np.where(score <= np.sort(score.ravel())[int(w.size * s)], 0, w)


def sparsegpt(w, x, samples, s=0.5, keep=0, group=4, block=128, damp=0.01):
    w = w.copy()
    h = 2 * x.T @ x / samples
    h += damp * np.diag(h).mean() * np.eye(len(h))
    u = np.linalg.cholesky(np.linalg.inv(h)).T
    for first in range(0, w.shape[1], block):
        last = min(first + block, w.shape[1])
        part, errors, own = w[:, first:last].copy(), np.zeros((len(w), last - first)), u[first:last, first:last]
        if not keep:
            score = part ** 2 / np.diag(own) ** 2
            gone = score <= np.sort(score.ravel())[int(score.size * s)]
        else:
            gone = np.zeros(part.shape, bool)
        for i in range(last - first):
            if keep and i % group == 0:
                score = part[:, i:i + group] ** 2 / np.diag(own)[i:i + group] ** 2
                order = np.argsort(-score, 1, kind="stable")[:, keep:]
                np.put_along_axis(gone[:, i:i + group], order, True, 1)
            q = np.where(gone[:, i], 0, part[:, i])
            error = (part[:, i] - q) / own[i, i]
            part[:, i + 1:] -= error[:, None] * own[i, i + 1:]
            part[:, i], errors[:, i] = q, error
        w[:, first:last] = part
        w[:, last:] -= errors @ u[first:last, last:]
    return w


def dsnot(w, x, samples, s=0.5, rounds=50, threshold=0.1):
    kept, norm = wanda(w, x, samples, s) != 0, norms(x, samples)
    g, var = w * (x.sum(0) / samples), x.var(0)
    for row in range(len(w)):
        settled, error = np.zeros(w.shape[1], bool), g[row][~kept[row]].sum()
        for _ in range(rounds):
            if abs(error) <= threshold:
                break
            sign = np.sign(error)
            back = np.where(~kept[row] & ~settled)[0]
            gone = np.where(kept[row] & ~settled & (sign * g[row] < 0))[0]
            if not len(back) or not len(gone):
                break
            b = back[np.argmax(sign * g[row][back] / var[back])]
            d = gone[np.argmin(abs(w[row][gone]) * norm[gone])]
            kept[row, b], kept[row, d] = True, False
            settled[[b, d]] = True
            error += g[row, d] - g[row, b]
    return np.where(kept, w, 0)


def largest(x, count, keep, group):
    kept = np.zeros(x.shape, bool)
    if keep:
        for first in range(0, x.shape[1], group):
            part = np.argsort(-x[:, first:first + group] ** 2, 1, kind="stable")[:, :keep]
            np.put_along_axis(kept[:, first:first + group], part, True, 1)
    else:
        kept.ravel()[np.argsort(-x.ravel() ** 2, kind="stable")[:count]] = True
    return kept


def alps(w, gram, s=0.5, keep=0, group=4, rho=0.1, rounds=300, damp=0.01):
    gram = gram + damp * np.diag(gram).mean() * np.eye(len(gram))
    size = np.sqrt(np.diag(gram)) + 1e-8
    gram = gram / size / size[:, None]
    start = w * size
    target, values, vectors = start @ gram, *np.linalg.eigh(gram)
    count = w.size // group * keep if keep else int(np.round((1 - s) * w.size))
    kept = before = largest(start, count, keep, group)
    sparse, dual, settled = np.where(kept, start, 0), 0 * start, False
    inverse = vectors / (values + rho) @ vectors.T
    for number in range(1, rounds + 1):
        dense = (target - dual + rho * sparse) @ inverse
        moved = dense + dual / rho
        kept = largest(moved, count, keep, group)
        sparse = np.where(kept, moved, 0)
        dual = dual + rho * (dense - sparse)
        if number % 3:
            continue
        changed = (kept != before).sum()
        before = kept
        if changed / count > 0.1:
            rho, settled = rho * 1.3, True
        elif changed / count > 0.005:
            rho, settled = rho * 1.2, True
        elif settled:
            if not changed:
                break
            rho *= 1.1
        else:
            rho /= 5
            if changed:
                kept = largest(start, count, keep, group)
                sparse, dual = np.where(kept, start, 0), 0 * start
        rho = min(rho, 1e6)
        inverse = vectors / (values + rho) @ vectors.T
    residual = np.where(kept, target - sparse @ gram, 0)
    direction, length = residual.copy(), (residual ** 2).sum(1)
    for _ in range(10):
        work = direction @ gram
        step = np.where(length > 0, length / np.maximum((direction * work).sum(1), 1e-300), 0)[:, None]
        sparse = np.where(kept, sparse + step * direction, 0)
        residual = np.where(kept, residual - step * work, 0)
        new = (residual ** 2).sum(1)
        direction = residual + np.where(length > 0, new / np.maximum(length, 1e-300), 0)[:, None] * direction
        length = new
    return sparse / size


def regmean(ws, xs, scale):
    total, left = 0, 0
    for w, x in zip(ws, xs):
        g = x.T @ x / len(x)
        g = scale * g + (1 - scale) * np.diag(np.diag(g))
        total, left = total + g, left + w @ g
    return np.linalg.solve(total, left.T).T


# Schedules.


def single(x):
    """Rounded as a tensor in float32 is."""
    return x.astype(np.float32).astype(np.float64)


def pruned(name, texts, rule, layerwise, schedule=None):
    model, dense = Model(name), Model(name)
    streams, found = [model.start(tokens) for tokens in texts], {}
    for layer in range(model.layers):
        inputs, after = block_inputs(dense, layer, streams)
        for tensor in model.linears(layer):
            options = schedule(layer) if schedule else {}
            w = model.t[tensor]
            made = rule(w.T if model.kind == "gpt2" else w, inputs.of(tensor), len(texts), **options)
            found[tensor] = single(made.T if model.kind == "gpt2" else made)
        if layerwise:
            model.t.update({tensor: found[tensor] for tensor in model.linears(layer)})
            after = [model.block(layer, x, lambda *_: None) for x in streams]
        streams = after
    return found


def merged(name, texts, scale, layerwise):
    a = Model(name)
    b = Model(name, {key: single(np.where(w > 0, 1.5 * w, w)) for key, w in a.t.items()})
    models, found = [a, b], {}
    mean = {key: single((a.t[key] + b.t[key]) / 2) for key in a.t}
    if layerwise:
        streams = [[Model(name, mean).start(tokens) for tokens in text] for text in texts]
    else:
        streams = [[m.start(tokens) for tokens in text] for m, text in zip(models, texts)]
    for layer in range(a.layers):
        seen = [block_inputs(m, layer, s) for m, s in zip(models, streams)]
        for tensor in a.linears(layer):
            ws, xs = [m.t[tensor] for m in models], [inputs.of(tensor) for inputs, _ in seen]
            found[tensor] = single(regmean(ws, xs, scale))
        if layerwise:
            whole = Model(name, mean | found)
            streams = [[whole.block(layer, x, lambda *_: None) for x in s] for s in streams]
        else:
            streams = [after for _, after in seen]
    return found


def owl(name, texts, s, multiple, spread):
    model = Model(name)
    streams, shares = [model.start(tokens) for tokens in texts], []
    for layer in range(model.layers):
        inputs, streams = block_inputs(model, layer, streams)
        scores = np.concatenate([
            (abs(model.t[t]) * norms(inputs.of(t), len(texts))).ravel() for t in model.linears(layer)])
        shares.append(100 * (scores > multiple * scores.mean()).mean())
    shares = np.array(shares)
    part = (shares - shares.min()) / (shares.max() - shares.min()) * 2 * spread
    density = part - part.mean() + 1 - s
    return pruned(name, texts, wanda, True, lambda layer: {"s": 1 - density[layer]})


def numbers(x):
    return [float(f"{value:.8g}") for value in np.asarray(x).ravel()]


def write():
    random, texts = np.random.default_rng(7), []
    for file in ("text.jsonl", "other.jsonl"):
        lines = [random.integers(0, 64, random.integers(5, 40)).tolist() for _ in range(24)]
        (HERE / file).write_text("".join(json.dumps({"tokens": line}) + "\n" for line in lines))
        texts.append(lines)
    text = texts[0]
    expected = {"inputs": {}, "masks": {}, "values": {}}
    for name in ("llama1", "phi3", "gpt2", "mixtral"):
        model, told = Model(name), {}
        streams = [model.start(tokens) for tokens in text]
        for layer in range(model.layers):
            inputs, streams = block_inputs(model, layer, streams)
            for tensor in model.linears(layer):
                x = inputs.of(tensor)
                told[tensor] = {"tokens": len(x), "norm": numbers(norms(x, len(text)))}
                if name != "mixtral":
                    told[tensor] |= {"mean": numbers(x.mean(0)), "variance": numbers(x.var(0)),
                                     "covariance": numbers((x.T @ x / len(x))[:2])}
        expected["inputs"][name] = told
    def masks(case, found):
        expected["masks"][case] = {key: np.packbits(w.ravel() != 0).tobytes().hex() for key, w in found.items()}
    def values(case, found):
        masks(case, found)
        expected["values"][case] = {key: numbers(w[:4]) for key, w in found.items()}
    masks("wanda", pruned("llama1", text, wanda, True))
    masks("wanda schedule=dense,sparsity=0.7", pruned("llama1", text, lambda *a: wanda(*a, s=0.7), False))
    masks("wanda keep=2", pruned("llama1", text, lambda *a: wanda(*a, keep=2), True))
    masks("wanda of phi3", pruned("phi3", text, wanda, True))
    masks("wanda of gpt2", pruned("gpt2", text, wanda, True))
    masks("ria", pruned("llama1", text, ria, True))
    masks("ria over=row", pruned("llama1", text, lambda *a: ria(*a, row=True), True))
    masks("dsnot mlp=true,threshold=0.01", pruned("llama1", text, lambda *a: dsnot(*a, threshold=0.01), True))
    masks("owl sparsity=0.6,multiple=3", owl("llama1", text, 0.6, 3, 0.08))
    values("sparsegpt", pruned("llama1", text, sparsegpt, True))
    values("sparsegpt keep=2", pruned("llama1", text, lambda *a: sparsegpt(*a, keep=2), True))
    values("sparsegpt schedule=dense,block=16", pruned("llama1", text, lambda *a: sparsegpt(*a, block=16), False))
    values("sparsegpt of gpt2", pruned("gpt2", text, sparsegpt, True))
    values("regmean", merged("llama1", texts, 0.9, False))
    values("regmean schedule=layerwise,scale=0.1", merged("llama1", texts, 0.1, True))
    expected["alps"] = []
    for options in ({}, {"s": 0.75}, {"keep": 2}, {"keep": 1}):
        # Whole numbers below 2^24, so that float32 has them as they are.
        w, x = random.integers(-50, 51, (7, 16)) / 64, random.integers(-4, 5, (40, 16)) @ random.integers(-1, 3, (16, 16))
        expected["alps"].append({"sparsity": options.get("s", 0.5), "keep": options.get("keep", 0), "weights": w.ravel().tolist(),
                                 "products": (x.T @ x).ravel().tolist(), "result": numbers(alps(w, x.T @ x, **options))})
    values("alps sparsity=0.6", pruned("llama1", text, lambda w, x, samples: alps(w, x.T @ x / len(x), 0.6), True))
    del expected["masks"]["alps sparsity=0.6"]
    del expected["masks"]["regmean"], expected["masks"]["regmean schedule=layerwise,scale=0.1"]
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


write()
