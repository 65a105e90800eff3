"""Ask the built site what a reader would complain about: `make audit`.

Each page is opened in Chromium at 320, 390 and 1280 px in both themes, weighed, and put to
axe-core and Lighthouse, without a network. It prints a table and ends with 1 if a page misses a
limit. `--sample` asks Lighthouse, which takes most of the time, of five pages only. `--save` also
writes book/audit.json, from which the page `benchmarks` is drawn.
"""

import argparse
import itertools
import json
import multiprocessing
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from page import examine, open_browser
from rich.console import Console
from rich.progress import track
from rich.table import Table
from site_server import served

ROOT = Path(__file__).resolve().parents[2]
HTML, TOOLS = ROOT / "_build" / "html", ROOT / "_build" / "audit"
RESULT = ROOT / "book" / "audit.json"
HEAVIEST = 250_000  # bytes of a page without its figures, compressed
SCORES = {"performance": 90, "accessibility": 100, "best-practices": 100, "seo": 100}
TRIES = 5  # for performance, which depends on what else the machine does
#: The pages that differ most: the first, one with panels, the two with the largest tables, and what
#: is heaviest besides (which changes, and is looked up).
SAMPLE = ("index", "soft_lookup", "progress", "grader_exam")


def main():
    args = arguments()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.exit("Chromium is missing: make browser")
    pages = [path.stem for path in sorted(HTML.glob("*.html"))]
    if unknown := set(args.pages) - set(pages):
        sys.exit(f"There is no page {', '.join(sorted(unknown))}; there are {', '.join(pages)}.")
    pages = args.pages or pages
    install()
    found = {}
    with served(HTML) as site:
        addresses = {page: f"{site}/{page}.html" for page in pages}
        for page, result in watched(in_browsers(chromium, addresses), pages, "In a browser"):
            found[page] = result
        asked = [] if args.quick else sample(found) if args.sample else pages
        for form in ("mobile", "desktop") if asked else ():
            with lighthouse(chromium, form) as ask:
                for page in watched(asked, asked, f"Lighthouse, {form}"):
                    found[page][form] = best(ask, addresses[page])
    missed = {page: complaints(result) for page, result in found.items()}
    show(found, missed)
    if args.save:
        save(found, chromium)
    sys.exit(any(missed.values()))


def in_browsers(chromium, addresses):
    """Yields (page, what a browser finds there), from as many browsers as there are cores."""
    axe = (TOOLS / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    apart = multiprocessing.get_context("spawn")  # a fork would take the server's thread half along
    with ProcessPoolExecutor(None, apart, open_browser, (chromium,)) as pool:
        results = pool.map(examine, addresses.values(), itertools.repeat(axe))
        yield from zip(addresses, results, strict=True)


def sample(found):
    """Five pages: the fixed ones, and of the others the heaviest."""
    others = [page for page in found if page not in SAMPLE]
    heaviest = max(others, key=lambda page: without_figures(found[page]), default=None)
    return [page for page in found if page in {*SAMPLE, heaviest}]


def arguments():
    parser = argparse.ArgumentParser(
        prog="make audit", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as masks; default: all")
    parser.add_argument(
        "--quick", action="store_true", help="without Lighthouse, which takes minutes"
    )
    parser.add_argument(
        "--sample", action="store_true", help="Lighthouse of five pages only, which differ most"
    )
    parser.add_argument("--save", action="store_true", help="also write book/audit.json")
    args = parser.parse_args()
    if args.save and (args.quick or args.sample or args.pages):
        parser.error("--save records what a whole audit has found: leave out the rest")
    return args


def install():
    """Install Lighthouse and axe-core at the pinned versions, once, beside the built site."""
    if not shutil.which("npm"):
        sys.exit("The audit asks Lighthouse and axe-core, which need node and npm: install npm.")
    TOOLS.mkdir(parents=True, exist_ok=True)
    here, lock = Path(__file__).parent, TOOLS / "package-lock.json"
    wanted = (here / lock.name).read_text("utf-8")
    shutil.copy(here / "lighthouse.mjs", TOOLS)
    if (TOOLS / "node_modules").exists() and lock.exists() and lock.read_text("utf-8") == wanted:
        return
    shutil.copy(here / "package.json", TOOLS)
    lock.write_text(wanted, "utf-8")
    if subprocess.run(["npm", "ci", "--silent", "--no-audit"], cwd=TOOLS).returncode:
        lock.unlink()
        sys.exit("npm could not install what the audit needs.")


def watched(results, pages, what):
    """Go through one result a page with a bar; where there is no terminal, say what begins."""
    if not sys.stdout.isatty():
        print(f"{what}: {len(pages)} pages", flush=True)
    shown = sys.stdout.isatty()
    return track(results, f"{what:<22}", len(pages), transient=True, disable=not shown)


@contextmanager
def lighthouse(chromium, form):
    """Yields a function that asks Lighthouse about one address."""
    command = ["node", "lighthouse.mjs", chromium, form]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=TOOLS, stdin=pipe, stdout=pipe, text=True) as process:

        def ask(address):
            print(address, file=process.stdin, flush=True)
            line = process.stdout.readline()
            if not line:
                sys.exit("Lighthouse ended; its words are above.")
            return json.loads(line)

        yield ask
        process.stdin.close()


def best(ask, address):
    """Ask again while the speed alone is too low: the machine may have been busy."""
    answers = []
    for _ in range(TRIES):
        answers.append(ask(address))
        if answers[-1]["scores"]["performance"] >= SCORES["performance"]:
            break
    return max(answers, key=lambda answer: answer["scores"]["performance"])


def complaints(found) -> list[str]:
    """What a page misses, in words."""
    said = []
    if (weight := without_figures(found)) > HEAVIEST:
        said.append(
            f"weighs {weight / 1000:.0f} KB without its figures, over {HEAVIEST / 1000:.0f}"
        )
    said += [f"asks another host: {host}" for host in found["hosts"]]
    said += [f"is wider than the screen at {width}" for width in dict.fromkeys(found["overflows"])]
    said += [f"error in the console: {text}" for text in found["errors"]]
    said += [f"has a picture without a description: {tag}" for tag in found["undescribed"]]
    for barrier, views in found["barriers"].items():
        said.append(f"axe: {barrier} ({'; '.join(views)})")
    for form in ("mobile", "desktop"):
        answer = found.get(form, {"scores": {}, "failed": []})
        for name, score in answer["scores"].items():
            if score < SCORES[name]:
                why = ", ".join(answer["failed"]) if name != "performance" else ""
                said.append(
                    f"Lighthouse, {form}: {name} {score}, under {SCORES[name]} {why}".rstrip()
                )
    return said


def without_figures(found):
    return sum(found["weight"].values()) - found["weight"]["figures"]


def show(found, missed):
    """Print the table, and below it what is missed."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("page", no_wrap=True)
    kinds = {"text": "text", "style": "css", "scripts": "js", "fonts": "font", "figures": "fig"}
    lists = {"hosts": "host", "barriers": "axe", "overflows": "wide", "errors": "err",
             "undescribed": "alt"}  # fmt: skip
    for heading in (*kinds.values(), "KB", *lists.values(), "mobile", "desktop", "ok"):
        table.add_column(heading, justify="right", no_wrap=True)
    for page, result in found.items():
        weights = [f"{result['weight'][kind] / 1000:.0f}" for kind in kinds]
        counts = [str(len(result[name])) for name in lists]
        marks = [_marks(result[form]["scores"]) if form in result else ""
                 for form in ("mobile", "desktop")]  # fmt: skip
        verdict = "[red]no" if missed[page] else "[green]yes"
        total = f"{without_figures(result) / 1000:.0f}"
        table.add_row(page, *weights, total, *counts, *marks, verdict)
    console = Console()
    console.print(table)
    console.print(
        "\nKB compressed; the column KB is without the figures. Lighthouse: performance / the "
        "lowest of accessibility, best practices and SEO."
    )
    for page, said in missed.items():
        for text in said:
            console.print(f"[red]{page}[/] {text}", highlight=False, soft_wrap=True)
    held = sum(not said for said in missed.values())
    console.print(f"{held} of {len(missed)} pages reach every limit.")


def _marks(scores):
    performance, *others = scores.values()
    return f"{performance}/{min(others)}"


def save(found, chromium):
    """Write what the page `benchmarks` draws."""
    tools = json.loads((Path(__file__).parent / "package.json").read_text())["dependencies"]
    browser = subprocess.run([chromium, "--version"], capture_output=True, text=True).stdout
    versions = tools | {"chromium": browser.split()[1]}
    record = {"schema": 1, "date": date.today().isoformat(), "versions": versions, "pages": found}
    RESULT.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
