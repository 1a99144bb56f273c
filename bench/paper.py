"""What the tables of bench/paper_table.lua are made into: Markdown of one domain and of merges."""
import json, math, pathlib, subprocess
from tables import mean, spread

DOMAINS = ("math", "finance", "law")


def run(program, recipe, models, out, results, settings=(), flags=()):
    """Runs a recipe and gives its tables by name, each a list of rows by column."""
    words = [word for setting in settings for word in ("--set", setting)]
    subprocess.run([program, "run", str(recipe), "--models", str(models), "--out", str(out), "--force", "--json", str(results), *words, *flags],
                   check=True)
    tables = json.loads(pathlib.Path(results).read_text())["tables"]
    return {name: [dict(zip(table["columns"], row)) for row in table["rows"]] for name, table in tables.items()}


def score(group):
    return spread([r["score"] for r in group], [r["error"] for r in group])


def share(groups, experts):
    """The geometric mean over domains of score / score of the dense expert."""
    ratios = [mean([r["score"] for r in group]) / expert for group, expert in zip(groups, experts)]
    return math.prod(ratios) ** (1 / len(ratios))


def experts(table):
    return {r["domain"]: r["score"] for r in table if r["method"] == "dense expert"}


def single(table):
    """Lines of the table of one domain, and of the factors that the authors' rule ends with."""
    lines = ["| method | rate | " + " | ".join(DOMAINS) + " | share of the experts |", "|---|---|" + "---|" * (len(DOMAINS) + 1)]
    dense = [experts(table)[domain] for domain in DOMAINS]
    for method, rate in dict.fromkeys((r["method"], r["rate"]) for r in table):
        groups = [[r for r in table if (r["method"], r["rate"], r["domain"]) == (method, rate, d)] for d in DOMAINS]
        shown = "–" if method in ("base", "dense expert") else rate
        lines.append(f"| {method} | {shown} | " + " | ".join(map(score, groups)) + f" | {share(groups, dense):.3f} |")
    rule = [r for r in table if r["method"] == "DPPA (rule)"]
    for rate in dict.fromkeys(r["rate"] for r in rule):
        factors = [f"{r['domain']} {r['coefficient']}" for r in rule if r["rate"] == rate]
        which = "" if len({r["rate"] for r in rule}) == 1 else f" at {rate}"
        lines += ["", f"Factors that the authors' rule ends with{which}: " + ", ".join(factors) + "."]
    return lines


def merges(table, dense):
    """Lines of a table for each set of domains that are merged."""
    lines = []
    for title in dict.fromkeys(r["domains"] for r in table):
        own = [r for r in table if r["domains"] == title]
        domains = title.split(" + ")
        lines += [f"**{title}**", "", "| method | coefficient | " + " | ".join(domains) + " | share of the experts |",
                  "|---|---|" + "---|" * (len(domains) + 1)]
        for method in dict.fromkeys(r["method"] for r in own):
            groups = [[r for r in own if (r["method"], r["domain"]) == (method, d)] for d in domains]
            coefficients = ", ".join(dict.fromkeys(str(r["coefficient"]) for r in groups[0]))
            kept = share(groups, [dense[domain] for domain in domains])
            lines.append(f"| {method} | {coefficients} | " + " | ".join(map(score, groups)) + f" | {kept:.3f} |")
        lines.append("")
    return lines[:-1]
