"""Opens the pages that dppa-run writes in a real browser, and says what is wrong with them.

Models of 6, 48 and 96 layers with tiny tensors are made, merged with page.lua and ties.lua, and measured; each page is
opened at 500, 1100 and 1600 pixels, light and dark, and as paper. Checked are: nothing is wider than the page; labels of an
axis do not touch; every figure has numbers to read and cells that can be seen; tables sort; the browser asks for nothing but
the page. Needs Chromium; without it the script says so and ends well. Standard library only. Use:
    python check_page.py [--dppa .build/release/dppa-run] [--screenshots FOLDER] [--layers 6 48 96]
"""

import argparse
import array
import base64
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[3]
WIDTHS = (500, 1100, 1600)
HIDDEN, INNER, ROWS = 16, 32, 24


def shapes(layers):
    result = {"model.embed_tokens.weight": (ROWS, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(layers):
        block = f"model.layers.{layer}"
        result[f"{block}.input_layernorm.weight"] = (HIDDEN,)
        for name in "qkvo":
            result[f"{block}.self_attn.{name}_proj.weight"] = (HIDDEN, HIDDEN)
        for name, shape in (("gate", (INNER, HIDDEN)), ("up", (INNER, HIDDEN)), ("down", (HIDDEN, INNER))):
            result[f"{block}.mlp.{name}_proj.weight"] = shape
    return result


def bf16(values):
    bits = array.array("I", array.array("f", values).tobytes())
    return array.array("H", [(bit + 0x7FFF + (bit >> 16 & 1)) >> 16 for bit in bits]).tobytes()


def write_model(folder, layers, seed, base_seed, scale):
    """A model of the LLaMA layout in bfloat16: the base's numbers, and steps that grow with depth where scale is not 0."""
    folder.mkdir(parents=True)
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
              "intermediate_size": INNER, "num_hidden_layers": layers, "num_attention_heads": 2,
              "num_key_value_heads": 2, "vocab_size": ROWS, "rms_norm_eps": 1e-6, "torch_dtype": "bfloat16",
              "tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(config))
    header, offset, parts = {}, 0, []
    base, own = random.Random(base_seed), random.Random(seed)
    for number, (name, shape) in enumerate(shapes(layers).items()):
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        step = scale * (0.3 + number / len(shapes(layers)))
        values = [base.gauss(0, 0.05) + (own.gauss(0, step) if scale and own.random() < 0.7 else 0) for _ in range(count)]
        parts.append(bf16(values))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, offset + 2 * count]}
        offset += 2 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


class Browser:
    """Headless Chromium behind its debugging pipe."""

    def __init__(self, program, profile):
        read_end, self.to_browser = os.pipe()
        self.from_browser, write_end = os.pipe()

        def place():
            # The browser reads 3 and writes 4; the pipes may have just these numbers.
            a, b = os.dup(read_end), os.dup(write_end)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
             f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place)
        os.close(read_end)
        os.close(write_end)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.from_browser, 1 << 20)
            if not piece:
                sys.exit("the browser has ended")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.to_browser, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, page):
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message())

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            sys.exit(f"the page's check failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def close(self):
        self.call("Browser.close")
        self.process.wait()


# What can be seen to be wrong with the page as it is laid out now.
FAULTS = r"""
(function () {
  const faults = [], width = document.documentElement.clientWidth;
  const add = (what, element) => faults.push(what + ": " + (element ? element.outerHTML.slice(0, 120) : ""));
  if (document.documentElement.scrollWidth > width) add("page of " + document.documentElement.scrollWidth + " px in " + width);
  const scrolls = element => element.closest(".scroll, pre, .row");
  for (const element of document.querySelectorAll("main *")) {
    const box = element.getBoundingClientRect();
    if (box.width && !scrolls(element) && (box.right > width + 1 || box.left < -1)) add("outside the page", element);
  }
  function textBox(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect();
  }
  for (const figure of document.querySelectorAll("figure")) {
    if (!/\d/.test(figure.querySelector("figcaption").textContent + figure.querySelector(".panels, .bars").textContent))
      add("a figure without numbers", figure);
    if (!figure.querySelector("h3").textContent || !figure.querySelector("figcaption").textContent) add("no words", figure);
    const cells = figure.querySelectorAll(".heat i, .columns i, .track i");
    if (!cells.length) add("a figure without marks", figure);
    for (const cell of cells) {
      const box = cell.getBoundingClientRect();
      if (box.width < 0.9 || box.height < 0.9) { add("a mark that cannot be seen", cell); break; }
    }
    for (const cell of figure.querySelectorAll(".heat i")) if (!/\d|no number/.test(cell.title)) add("no number", cell);
    for (const axis of figure.querySelectorAll(".heat, .ticks")) {
      let last = null;
      for (const tick of axis.querySelectorAll(":scope > .tick")) {
        if (!tick.textContent) continue;
        const box = textBox(tick);
        if (last && box.top === last.top && box.left < last.right + 1) { add("labels touch", tick); break; }
        last = box;
      }
    }
    for (const legend of figure.querySelectorAll(".legend span"))
      if (!/\d/.test(legend.textContent)) add("a scale without numbers", legend);
    if (figure.querySelector(".heat") && !figure.querySelector(".legend")) add("no scale", figure);
  }
  for (const link of document.querySelectorAll("nav a"))
    if (!document.querySelector(link.getAttribute("href"))) add("a link to nothing", link);
  return faults;
})()
"""

# Presses the head of each column of the first long table, and looks at the order of the rows.
SORTING = r"""
(function () {
  const faults = [];
  for (const details of document.querySelectorAll("details")) details.open = true;
  const table = Array.from(document.querySelectorAll("table")).sort((a, b) => b.rows.length - a.rows.length)[0];
  const count = table.tBodies[0].rows.length;
  for (const head of table.tHead.rows[0].cells) {
    for (let press = 0; press !== 2; press++) {
      head.querySelector("button").click();
      const descending = head.getAttribute("aria-sort") === "descending";
      const keys = Array.from(table.tBodies[0].rows).map(row => row.cells[head.cellIndex])
        .filter(cell => !cell.dataset || cell.dataset.v !== "")
        .map(cell => cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v));
      for (let index = 1; index < keys.length; index++) {
        const [a, b] = descending ? [keys[index], keys[index - 1]] : [keys[index - 1], keys[index]];
        const isWrong = typeof a === "number" ? a > b : a.localeCompare(b, "en", { numeric: true }) > 0;
        if (isWrong) { faults.push("not sorted by " + head.textContent + ": " + a + " before " + b); break; }
      }
    }
  }
  if (table.tBodies[0].rows.length !== count) faults.push("rows are lost by sorting");
  return faults;
})()
"""


def check(browser, page, screenshots):
    """All that is wrong with one page, in words."""
    faults = []
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            browser.call("Emulation.setEmulatedMedia", media="screen",
                         features=[{"name": "prefers-color-scheme", "value": scheme}])
            browser.call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
            browser.open(page)
            found = browser.evaluate(FAULTS)
            requests = {event["params"]["request"]["url"].split("#")[0] for event in browser.events
                        if event["method"] == "Network.requestWillBeSent"}
            found += [f"asks for {url}" for url in requests - {page.as_uri()}]
            found += [f"the browser says {event['params']['entry']['text']}" for event in browser.events
                      if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error"]
            if screenshots:
                shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
                (screenshots / f"{page.stem}-{width}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))
            found += browser.evaluate(SORTING)
            found += browser.evaluate(FAULTS)  # with everything unfolded
            faults += [f"{width} px, {scheme}: {fault}" for fault in dict.fromkeys(found)]
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    # The width of a sheet of A4 without its margins.
    browser.call("Emulation.setDeviceMetricsOverride", width=688, height=1000, deviceScaleFactor=1, mobile=False)
    browser.open(page)
    faults += [f"paper: {fault}" for fault in browser.evaluate(FAULTS)]
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True,
                                        paperWidth=8.27, paperHeight=11.69)["data"])
    if not pdf.startswith(b"%PDF") or pdf.count(b"/Type /Page") < 1:
        faults.append("paper: no pages")
    if screenshots:
        (screenshots / f"{page.stem}.pdf").write_bytes(pdf)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dppa", type=pathlib.Path, default=PROJECT / ".build" / "release" / "dppa-run")
    parser.add_argument("--screenshots", type=pathlib.Path, help="a folder to keep pictures and paper in")
    parser.add_argument("--layers", type=int, nargs="+", default=[6, 48, 96])
    options = parser.parse_args()
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    if not program:
        print("skipped: there is no browser to open the pages in (apt-get install chromium)")
        return
    if not options.dppa.exists():
        sys.exit(f"there is no {options.dppa}; build it with: swift build -c release")
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)

    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pages = []
        for layers in options.layers:
            models = [folder / f"{layers}" / label for label in ("base", "maths", "law-and-order", "x")]
            for number, model in enumerate(models):
                write_model(model, layers, number, layers, 0.01 * number)
            settings = ["--set", f"base={models[0]}", "--set", "experts=" + ",".join(map(str, models[1:]))]
            ties = PROJECT / "recipes" / "ties.lua"
            for name, command in (("page", ["run", HERE / "page.lua"]), ("measured", ["measure", HERE / "page.lua"]),
                                  ("ties", ["run", ties])):
                page = folder / f"{name}-{layers}.html"
                out = ["--out", folder / f"{name}-{layers}"] if command[0] == "run" else []
                done = subprocess.run(
                    [options.dppa, *command, *settings, *out, "--quiet", "--report", page], capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"dppa-run {' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
                pages.append(page)
        browser = Browser(program, folder / "profile")
        for page in pages:
            faults = check(browser, page, options.screenshots)
            failed = failed or bool(faults)
            print(f"{page.stem}: {'ok' if not faults else ''}")
            for fault in faults[:20]:
                print(f"  {fault}")
        browser.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
