"""Tables of what was measured: as Markdown, between the markers of a page whose other text stays, and as JSON.

Files are written whole or not at all.
"""

import json
import os


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def side(row, name, what):
    """A number of a side of a row, or None where it was not measured or failed."""
    return row["sides"].get(name, {}).get(what)


def ratio(row, above, below):
    """Seconds of one side by those of another."""
    a, b = side(row, above, "seconds"), side(row, below, "seconds")
    return None if a is None or b is None else f"{a / b:.2f}" if a / b < 10 else f"{a / b:.0f}"


def shown(value, form):
    return None if value is None else form(value)


def gigabytes(value):
    return f"{value / 1e9:.2f}"


def mebibytes(value):
    return f"{value / 2**20:.0f}"


COLUMNS = [
    ("lines of Lua", lambda row: shown(row.get("lines"), str)),
    ("GB read", lambda row: shown(row.get("read"), gigabytes)),
    ("GB written", lambda row: shown(row.get("written"), gigabytes)),
    ("floor s", lambda row: shown(side(row, "floor", "seconds"), seconds)),
    ("dppa-run s", lambda row: shown(side(row, "dppa", "seconds"), seconds)),
    ("CPU s", lambda row: shown(side(row, "dppa", "cpu"), seconds)),
    ("peak MiB", lambda row: shown(side(row, "dppa", "peak"), mebibytes)),
    ("× floor", lambda row: ratio(row, "dppa", "floor")),
    ("mergekit s", lambda row: shown(side(row, "mergekit", "seconds"), seconds)),
    ("its CPU s", lambda row: shown(side(row, "mergekit", "cpu"), seconds)),
    ("its peak MiB", lambda row: shown(side(row, "mergekit", "peak"), mebibytes)),
    ("mergekit / dppa-run", lambda row: ratio(row, "mergekit", "dppa")),
    ("results", lambda row: row.get("agreement", {}).get("text")),
    ("note", lambda row: note(row)),
]


def note(row):
    """What there is to say of a row: why a side has no numbers, or a remark."""
    errors = [what["error"].replace("|", "/") for what in row["sides"].values() if "error" in what]
    return "; ".join(errors + ([row["note"]] if "note" in row else [])) or None


def markdown(title, rows):
    """Lines of a table; columns of which no row has anything are left out."""
    columns = [(name, [cell(row) for row in rows]) for name, cell in COLUMNS]
    columns = [(name, cells) for name, cells in columns if any(cells)]
    lines = ["| " + " | ".join([title] + [name for name, _ in columns]) + " |"]
    lines.append("|---|" + "".join("---|" if name in ("results", "note") else "---:|" for name, _ in columns))
    for number, row in enumerate(rows):
        lines.append("| " + " | ".join([row["name"]] + [cells[number] or "–" for _, cells in columns]) + " |")
    return lines


def mean(values):
    return sum(values) / len(values)


def spread(values, errors):
    """The mean over seeds, the standard error of the questions, and the range over seeds where there are several."""
    text = f"{mean(values):.3f}" + (f" ± {mean(errors):.3f}" if all(e is not None for e in errors) else "")
    return text + (f" ({min(values):.3f}–{max(values):.3f})" if len(values) > 1 else "")


def replace(text, marker, lines):
    """A page with other lines between the two markers of a name; an error says which is missing."""
    start, end = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        raise SystemExit(f"the page needs the markers {start} and {end}, once each")
    before, rest = text.split(start)
    return before + start + "\n\n" + "\n".join(lines) + "\n\n" + end + rest.split(end)[1]


def write(path, text):
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def publish(page, results, name, machine, title, rows):
    """Puts one table onto the page and into the results; the other tables stay what they were."""
    old = json.loads(results.read_text()) if results.exists() else {}
    write(results, json.dumps(old | {name: {"machine": machine, "rows": rows}}, indent=1) + "\n")
    lines = markdown(title, rows) + ["", described(machine)]
    write(page, replace(page.read_text(), name, lines))


def described(machine):
    """The line below a table: where and with what it was measured."""
    return "*" + "; ".join(str(value) for value in machine.values()) + ".*"
