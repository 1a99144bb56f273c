"""The merge methods that are measured, and how each side is asked for the same formula.

What differs in the defaults of the two is set on both sides: mergekit's `normalize` and `lambda` are dppa's; dppa's `rescale`
is mergekit's l1; density, gamma and epsilon are the same numbers. Otherwise mergekit runs with its plain defaults and with
`dtype: bfloat16`, `--num-threads`, `--random-seed 1` and `--no-copy-tokenizer`, as the models have none.
"""

import dataclasses
import json
import os
import pathlib
import re

PROJECT = pathlib.Path(__file__).resolve().parents[1]


@dataclasses.dataclass(frozen=True)
class Method:
    """`options` are dppa-run's, `shared` and `each` mergekit's parameters of the merge and of every expert."""

    name: str
    recipe: str
    options: dict = dataclasses.field(default_factory=dict)
    shared: dict = dataclasses.field(default_factory=dict)
    each: dict | None = None  # None: mergekit has no such method
    has_base: bool = True
    experts: int = 3
    takes: str = "experts"  # the option of the recipe that takes them
    is_random: bool = False
    within: float = 1.0  # the least share of elements in which the two sides have to agree

    def inputs(self, models):
        """The models that it reads, of a base and experts."""
        return models[0 if self.has_base else 1:1 + self.experts]


METHODS = [
    Method("linear", "average", {}, {}, {"weight": 1.0}, has_base=False),
    Method("task_arithmetic", "task_arithmetic", {"lambda": 0.6}, {"lambda": 0.6}, {"weight": 1.0}),
    Method("dare_linear", "dare", {"rate": 0.8, "rescale": "l1", "lambda": 0.6}, {"lambda": 0.6},
           {"weight": 1.0, "density": 0.2}, is_random=True),
    Method("dare_ties", "dare_ties", {"rate": 0.8, "rescale": "l1"}, {"normalize": True},
           {"weight": 1.0, "density": 0.2}, is_random=True),
    Method("ties", "ties", {"density": 0.2}, {"normalize": True}, {"weight": 1.0, "density": 0.2}, within=0.98),
    Method("della", "della", {"density": 0.7, "epsilon": 0.07, "rescale": "l1"}, {"normalize": True},
           {"weight": 1.0, "density": 0.7, "epsilon": 0.07}, is_random=True),
    Method("breadcrumbs_ties", "breadcrumbs_ties", {"density": 0.9, "gamma": 0.01}, {"normalize": True},
           {"weight": 1.0, "density": 0.9, "gamma": 0.01}, within=0.98),
    Method("sce", "sce", {"select_topk": 0.2}, {"select_topk": 0.2}, {}, within=0.98),
    Method("dp", "dp", {"rate": 0.9}, experts=1, takes="expert"),
    Method("dppa, rates 0.9 and 0.8, factors 1.8 and 1", str(PROJECT / "bench/dppa_fixed.lua")),
]
# Those of mergekit's twenty that are not above, and those that dppa-run alone has; one row for each recipe that ships.
OTHERS = [
    Method("slerp", "slerp", {"t": 0.5}, {"t": 0.5}, {}, experts=1),
    Method("nuslerp", "nuslerp", {}, {}, {"weight": 1.0}, experts=2),
    # mergekit takes its angles in bfloat16.
    Method("multislerp", "multislerp", {}, {}, {"weight": 1.0}, within=0.9999),
    Method("karcher", "karcher", {}, {}, {}, has_base=False, within=0.95),
    Method("della_linear", "della_linear", {"density": 0.7, "epsilon": 0.07, "rescale": "l1", "lambda": 1}, {},
           {"weight": 1.0, "density": 0.7, "epsilon": 0.07}, is_random=True),
    Method("breadcrumbs", "breadcrumbs", {"density": 0.9, "gamma": 0.01, "lambda": 1}, {},
           {"weight": 1.0, "density": 0.9, "gamma": 0.01}, within=0.98),
    Method("ram", "ram", {}, {}, {}, within=0.98),
    Method("ramplus_tl", "ramplus_tl", {}, {}, {}, within=0.98),
    # Of deltas that have nothing in common the base is left, and what mergekit's rounding makes of it.
    Method("model_stock", "model_stock", {}, {}, {}, within=0.9999),
    Method("nearswap", "nearswap", {"t": 0.001}, {"t": 0.001}, {}, experts=1, takes="expert"),
    Method("arcee_fusion", "arcee_fusion", {}, {}, {}, experts=1, takes="expert", within=0.98),
    Method("passthrough", "passthrough", {}, {}, {}, has_base=False, experts=1, takes="expert"),
]


def of_one_side(known):
    """The recipes of the library that are in none of the lists, on three experts."""
    library = {path.stem for path in (PROJECT / "Sources/DPPAScript/Library").glob("*.lua")}
    names = {path.stem for path in (PROJECT / "recipes").glob("*.lua")} & library - {method.recipe for method in known}
    # Importance files and searches are not measured here.
    return [Method(name, name) for name in sorted(names - {"fisher", "dppa"})]


def decomposes(method):
    """Whether its page says that it takes matrices apart."""
    text = (PROJECT / f"Sources/DPPAScript/Library/{method.recipe}.lua").read_text()
    return re.search(r"\b(svd|spectral|polar|gram|solve)\b", text) is not None


ALONE = of_one_side(METHODS + OTHERS)
OF_MATRICES = [method for method in ALONE if decomposes(method)]
ALL = METHODS + OTHERS + [method for method in ALONE if method not in OF_MATRICES]
TIES = next(method for method in METHODS if method.name == "ties")
OWN_TIES = dataclasses.replace(TIES, name="ties, written as a recipe", recipe=str(PROJECT / "bench/own_ties.lua"))


def dppa_command(program, method, models, out):
    inputs = method.inputs(models)
    settings = dict(method.options)
    if method.has_base:
        settings["base"] = inputs[0]
    experts = inputs[1:] if method.has_base else inputs
    settings[method.takes] = ",".join(str(path) for path in experts)
    recipe = method.recipe if method.recipe.endswith(".lua") else str(PROJECT / f"recipes/{method.recipe}.lua")
    command = [program, "run", recipe, "--out", out, "--quiet"]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    return command


def mergekit_command(program, method, models, out, threads):
    """Writes the configuration beside the output, as JSON, which is YAML."""
    experts = method.inputs(models)[1 if method.has_base else 0:]
    config = {"merge_method": method.name, "dtype": "bfloat16", "parameters": method.shared,
              "models": [{"model": str(path), "parameters": method.each} for path in experts]}
    if method.has_base:
        config["base_model"] = str(models[0])
    file = out.with_name(out.name + ".yaml")
    file.write_text(json.dumps(config, indent=2))
    return [program, file, out, "--num-threads", threads, "--random-seed", "1", "--no-copy-tokenizer"]


def mergekit_environment(threads):
    return os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(threads)}
