"""How long one waits for the site, beside stock MyST-NB on the same pages: `make bench-build`.

Both start from a copy of the book in which the exercises are graded and the claims tested, so that
what is timed is what both do: running the cells and writing the pages. Stock is what a project gets
by following MyST-NB's manual: its own execution with its cache, one page after the other, and
mathematics drawn in the reader's browser. Prints a table and writes book/benchmarks.json.
"""

import pickle
import re
import shutil
import sys
import time
from statistics import median
from tempfile import TemporaryDirectory

from grader_subjects import CHROMIUM, Copy, live_page
from record import RESULT, ROOT, conditions, judge, save, spread, table
from rich.console import Console

EDITS = 5
SPHINX = ("-m", "sphinx", "-q", "-c", ".", "book", "_build/html")
TARGETS = {
    "cold: stock ÷ ours": ("at least", 1.8),
    "nothing changed: make html": ("at most", 2.5),
    "text edit: make live": ("at most", 0.7),
}
#: The extensions that stock does without, as they stand in conf.py.
OURS = r'    "(execution|katex|lean|notfound\.extension)",.*\n'
#: What a page of stock MyST-NB begins with, if it holds code.
HEADER = """---
file_format: mystnb
kernelspec:
  name: python3
---

"""
STOCK = """
nb_execution_mode = "cache"
nb_execution_timeout = 600
templates_path, html_sidebars, html_js_files = [], {}, []
"""
SHOWN = "words => document.querySelector('article > section').textContent.includes(words)"
#: Imported by the page `soft_lookup`; a changed comment must run that page again and no other.
PAGE, MODULE = "soft_lookup", "attention/soft_lookup/kernel_regression.py"


def main():
    console = Console()
    if not CHROMIUM:
        sys.exit("The benchmark needs the browser chromium: make browser")
    if not (ROOT / "_build" / "claims.json").is_file():
        sys.exit("The benchmark starts from a built book: make html")
    entry = conditions(("sphinx", "myst-nb", "torch"), EDITS)
    found = {}
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        ours, stock = fresh(one), fresh(other)
        make_stock(stock)
        for name, copy in (("ours", ours), ("stock", stock)):
            console.print(f"{name}: cold build, then edits; minutes")
            rows = {
                f"cold: {name}": [copy.seconds(*SPHINX)],
                f"nothing changed: {name}": repeat(copy, lambda copy, i: None),
                f"text edit: {name}": repeat(copy, edit_text),
                f"module edit: {name}": repeat(copy, edit_module),
            }
            if copy is ours:
                rows |= parts(copy, rows["cold: ours"][0])
                rows["nothing changed: make html"] = nothing_changed(copy)
                rows["text edit: make live"] = live_edits(copy)
            for row, seconds in rows.items():
                console.print(f"  {row}: {median(seconds):.2f} s")
            found |= rows
    measured = {name: {"unit": "s"} | spread(seconds) for name, seconds in found.items()}
    ratio = found["cold: stock"][0] / found["cold: ours"][0]
    measured["cold: stock ÷ ours"] = {"unit": "×"} | spread([ratio])
    entry["rows"] = judge(dict(sorted(measured.items())), TARGETS)  # ours beside stock
    save("build", "cpu", entry)
    console.print(table(f"cold once, edits {EDITS} times", entry["rows"]))
    console.print(
        "After a module's edit stock runs nothing and shows its old outputs; to have the new ones "
        f"it starts cold.\nWritten to {RESULT.relative_to(ROOT)}; make html shows it."
    )


def fresh(folder):
    """A copy without any page, run or written; without the grader's results it would fail."""
    copy = Copy(folder)
    for name in ("README.md", "Makefile", "constraints.txt"):
        shutil.copy(ROOT / name, copy.root)
    for name in ("html", "executed", "unchanged.json"):
        path = copy.root / "_build" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return copy


def make_stock(copy):
    """Leave out what this book does itself; its cells find their files from the pages' folder."""
    conf = copy.root / "conf.py"
    conf.write_text(re.sub(OURS, "", conf.read_text("utf-8")) + STOCK, "utf-8")
    for page in (copy.root / "book").glob("*.md"):
        if "{code-cell}" in (text := page.read_text("utf-8")):
            page.write_text(HEADER + text, "utf-8")
    (copy.root / "book" / "book").mkdir()
    for path in (copy.root / "book").glob("*.json"):
        shutil.copy(path, copy.root / "book" / "book")


def repeat(copy, edit):
    """Seconds of builds, each after an edit; the first fills what a machine keeps in memory."""
    seconds = []
    for i in range(EDITS + 1):
        edit(copy, i)
        seconds.append(copy.seconds(*SPHINX))
    return seconds[1:]


def parts(copy, pages):
    """Seconds of all that a cold `make html` does, and of the page whose cells take longest."""
    built = copy.root / "_build"
    with (built / "html" / ".doctrees" / "environment.pickle").open("rb") as environment:
        cells = pickle.load(environment).execution_seconds
    longest = max(cells, key=cells.get)
    for name in ("results.json", "exam.json", "claims.json"):
        (built / name).unlink(missing_ok=True)
    found = {
        "cold: grading": copy.seconds("-m", "grading", "--brief"),
        "cold: exam of the grader": copy.seconds("-m", "grading.exam"),
        "cold: claims": copy.seconds(*SPHINX),
    }
    found["cold: make html"] = sum(found.values(), pages)
    found["cold: the longest page"] = cells[longest]
    Console().print(f"  the cells of {longest} take longest")
    return {name: [seconds] for name, seconds in found.items()}


def edit_text(copy, i):
    page = copy.root / "book" / f"{PAGE}.md"
    page.write_text(page.read_text("utf-8") + f"\nOne more sentence, number {i}.\n", "utf-8")


def edit_module(copy, i):
    module = copy.root / MODULE
    module.write_text(module.read_text("utf-8") + f"# edited {i} times\n", "utf-8")


def nothing_changed(copy):
    """The seconds of `make html` where all is built, as a reader types it."""
    (copy.root / ".venv").symlink_to(ROOT / ".venv")
    installed = ["make", "-o", ".venv/.ready", "html"]  # though the copy's pyproject.toml is newer
    code = f"import subprocess; subprocess.run({installed}, check=True)"
    copy.seconds("-c", code)  # grades what the benchmark's own edits have made stale
    return [copy.seconds("-c", code) for _ in range(EDITS)]


def live_edits(copy):
    """From before a write to the frame in which the open page shows the new sentence."""
    path = copy.root / "book" / f"{PAGE}.md"
    found = []
    with live_page(copy, PAGE) as page:
        for i in range(EDITS + 1):
            words = f"Saved while it was open, time {i}."
            start = time.perf_counter()
            path.write_text(path.read_text("utf-8") + f"\n{words}\n", "utf-8")
            page.wait_for_function(SHOWN, arg=words, polling=20)  # each frame would cost us time
            found.append(time.perf_counter() - start)
            time.sleep(1)
    return found[1:]


if __name__ == "__main__":
    main()
