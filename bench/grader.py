"""How long a reader waits for the grader, beside what a fresh pytest takes: `make bench-grader`.

Every round measures everything once, so that whatever else the machine does falls on all alike.
Runs on Linux; prints a table and writes book/benchmarks.json, which book/benchmarks.md shows.
The fresh pytest grades the reference by the same checks, with its plugins off.
"""

import json
import os
import platform
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track
from rich.table import Table
from subjects import CHROMIUM, LEAN, ROOT, Copy, WarmGrader, live_page

ROUNDS = 7
RESULT = ROOT / "book" / "benchmarks.json"
SOFTMAX = """
def softmax(scores):
    e = (scores - scores.amax(-1, True)).exp()
    return e / e.sum(-1, True)
"""
WRONG_AXIS = SOFTMAX.replace("e.sum(-1", "e.sum(0")
ATTENTION = """
import math, torch
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    e = (scores - scores.amax(-1, keepdim=True)).exp() * mask
    return e / e.sum(-1, keepdim=True).clamp_min(torch.finfo(e.dtype).tiny) @ value
"""
EXERCISES = {
    "softmax": ("soft_lookup", SOFTMAX),
    "scaled_dot_product_attention": ("scoring", ATTENTION),
}
CARD = 'section.card[data-exercise="softmax"].card--'


def main():
    console = Console()
    if not CHROMIUM:
        sys.exit("The benchmark needs the browser chromium: make browser")
    load = os.getloadavg()[0]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        copy, live_copy = Copy(one), Copy(other)  # two: a save in one wakes nobody in the other
        warm = WarmGrader(copy)
        with live_page(live_copy, "soft_lookup") as page:
            rounds = [
                measure(copy, warm, live_copy, page)
                for _ in track(range(ROUNDS + 1), "measuring", console=console, transient=True)
            ][1:]  # the first fills caches
        megabytes = warm.megabytes()  # alone again, and after all that grading
        warm.end()
    record = {
        "date": date.today().isoformat(),
        "machine": {"model": cpu_model(), "cores": os.cpu_count(), "load": round(load, 2)},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "pytest", "playwright")},
        "rounds": ROUNDS,
        "megabytes": round(megabytes),
        "measured": {name: spread([r[name] for r in rounds]) for name in rounds[0]},
    }
    RESULT.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    console.print(table(record))
    console.print(
        f"The warm process holds {megabytes:.0f} MB (PSS).\n"
        "A fresh pytest runs the same checks on the reference, with pytest's plugins off.\n"
        f"Written to {RESULT.relative_to(ROOT)}; make html shows it."
    )


def measure(copy, warm, live_copy, page):
    """One round: {name: seconds, or how many times}."""
    found = {}
    for name, (stem, answer) in EXERCISES.items():
        mine = found[f"{name}: save → score"] = save_to_score(copy, warm, name, stem, answer)
        checks = [c["name"] for c in warm.exercises[name]["checks"]]
        file = f"tests/exercises/test_{stem}.py"
        fresh = copy.seconds("-m", "pytest", *(f"{file}::{check}" for check in checks), env=LEAN)
        found[f"{name}: fresh pytest"] = fresh
        found[f"{name}: pytest ÷ score"] = fresh / mine
    for answer, state in ((WRONG_AXIS, "failed"), (SOFTMAX, "passed")):
        found[f"save → card {state}"] = save_to_card(live_copy, page, answer, state)
    torch = copy.seconds("-c", "import torch")
    start = time.perf_counter()
    list(warm.grade(*copy.stubs))
    checks = time.perf_counter() - start
    # status 1: most exercises are not started
    cold = copy.seconds("-m", "grading", "--json", "_build/cold.json", statuses=(0, 1))
    (copy.root / "_build" / "cold.json").unlink()  # an error would have left none
    return found | {
        "import torch": torch,
        "all checks, warm": checks,
        "python -m grading": cold,
        "grading ÷ (import + checks)": cold / (torch + checks),
    }


def save_to_score(copy, warm, name, stem, answer):
    """From before the write to the finished result; a comment makes every save a change."""
    answer = answer.replace("\n    ", f"\n    # saved at {time.time_ns()}\n    ", 1)
    start = time.perf_counter()
    copy.save(stem, answer)
    for exercise in warm.grade(stem):
        if exercise["name"] == name:
            seconds = time.perf_counter() - start
            assert exercise["state"] == "passed", exercise
    return seconds


def save_to_card(copy, page, answer, state):
    """From before the write to the frame in which the open page shows the final state."""
    start = time.perf_counter()
    copy.save("soft_lookup", answer)
    page.wait_for_function("card => document.querySelector(card)", arg=CARD + state)
    seconds = time.perf_counter() - start
    time.sleep(1)  # the file's other exercise is still being graded
    return seconds


def spread(values):
    """The median with the least and the greatest."""
    return {f.__name__: round(f(values), 4) for f in (median, min, max)}


def cpu_model():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")


def table(record):
    drawn = Table("", title=f"Seconds; times at ÷; {record['rounds']} rounds", box=None)
    for heading in ("median", "min", "max"):
        drawn.add_column(heading, justify="right")
    for name, values in record["measured"].items():
        drawn.add_row(name, *(f"{value:.3f}" for value in values.values()))
    return drawn


if __name__ == "__main__":
    main()
