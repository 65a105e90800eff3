"""Where things stand in the repository."""

from pathlib import Path

GRADER = Path(__file__).resolve().parent
ROOT = GRADER.parents[2]
STUBS = ROOT / "book" / "exercises"
CHECKS = ROOT / "tests" / "exercises"
MISTAKES = CHECKS / "mistakes"
RESULTS = ROOT / "_build" / "results.json"
EXAM = ROOT / "_build" / "exam.json"
