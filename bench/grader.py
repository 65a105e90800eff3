"""How long a reader waits for the grader, beside what a fresh pytest takes: `make bench-grader`.

Every round measures everything once, so that whatever else the machine does falls on all alike.
Runs on Linux; prints a table and writes book/benchmarks.json, which book/benchmarks.md shows.
The fresh pytest grades the reference by the same checks, with its plugins off.
"""

import sys
import time
from tempfile import TemporaryDirectory

from grader_subjects import CHROMIUM, LEAN, Copy, WarmGrader, live_page
from record import RESULT, ROOT, conditions, judge, save, spread, table
from rich.console import Console
from rich.progress import track

ROUNDS = 7
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
TARGETS = {
    "softmax: save → score": ("at most", 0.25),
    "scaled_dot_product_attention: save → score": ("at most", 0.25),
    "softmax: pytest ÷ score": ("at least", 15),
    "scaled_dot_product_attention: pytest ÷ score": ("at least", 15),
    "save → card failed": ("at most", 0.4),
    "save → card passed": ("at most", 0.4),
    "grading ÷ (import + checks)": ("at most", 1.5),
}
MEMORY = "memory of the warm process"
CARD = 'section.card[data-exercise="softmax"].card--'


def main():
    console = Console()
    if not CHROMIUM:
        sys.exit("The benchmark needs the browser chromium: make browser")
    entry = conditions(("torch", "pytest", "playwright"), ROUNDS)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        copy, live_copy = Copy(one), Copy(other)  # two: a save in one wakes nobody in the other
        warm = WarmGrader(copy)
        with live_page(live_copy, "soft_lookup") as page:
            rounds = [
                measure(copy, warm, live_copy, page)
                for _ in track(range(ROUNDS + 1), "measuring", console=console, transient=True)
            ][1:]  # the first fills caches
        memory = spread([warm.megabytes()])  # alone again, and after all that grading
        warm.end()
    measured = {}
    for name in rounds[0]:
        unit = "×" if "÷" in name else "s"
        measured[name] = {"unit": unit} | spread([found[name] for found in rounds])
    measured[MEMORY] = {"unit": "MB"} | memory
    entry["rows"] = judge(measured, TARGETS)
    save("grader", "cpu", entry)
    console.print(table(f"{ROUNDS} rounds", entry["rows"]))
    console.print(
        "The memory is its share of the machine's (PSS).\n"
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


if __name__ == "__main__":
    main()
