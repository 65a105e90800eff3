"""Where things stand in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STUBS = ROOT / "book" / "exercises"
CHECKS = ROOT / "tests" / "exercises"
MISTAKES = CHECKS / "mistakes"
RESULTS = ROOT / "_build" / "results.json"
EXAM = ROOT / "_build" / "exam.json"
