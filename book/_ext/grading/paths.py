"""Where things stand in the repository."""

from surroundings import ROOT

EXTENSIONS = ROOT / "book" / "_ext"
GRADER = EXTENSIONS / "grading"
BELOW_GRADER = (EXTENSIONS / "sources.py", EXTENSIONS / "surroundings.py")  # what it stands on
STUBS = ROOT / "book" / "exercises"
CHECKS = ROOT / "tests" / "exercises"
MISTAKES = CHECKS / "mistakes"
RESULTS = ROOT / "_build" / "results.json"
EXAM = ROOT / "_build" / "exam.json"
HOLES = ROOT / "book" / "holes.json"
SAME_FUNCTION = CHECKS / "same_function.toml"
