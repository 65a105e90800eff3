"""What is known of holes in the checks: `book/holes.json`, and the list of what is none.

`holes` writes the file; the page `grader_exam` and `tests/exercises/test_exam.py` read it. Its
schema, version 1::

    {"version": 1, "exercises": {EXERCISE: {"inputs": DIGEST, "caught": N, "crashed": N,
                                            "passed": [MUTANT, ...]}}}

The list, `tests/exercises/same_function.toml`, has of each exercise groups of mutants that may
pass, each group with its reason, `why`: they are the same function, or differ in what the exercise
does not ask for.
"""

import hashlib
import json
import tomllib
from dataclasses import dataclass

from grading import results_file
from grading.paths import CHECKS, GRADER, HOLES, SAME_FUNCTION
from sources import read_source

VERSION = 1
MACHINERY = [GRADER / f"{name}.py" for name in ("defaults", "mutants", "slips", "solutions")]


@dataclass(frozen=True)
class Counts:
    """What became of an exercise's mutants."""

    caught: int
    crashed: int
    same: int
    """Listed: they change nothing that is asked for, so they count as no mistakes."""
    holes: list

    @property
    def made(self):
        return self.caught + self.crashed + len(self.holes)


def read():
    """What has been found: {exercise: {"inputs", "caught", "crashed", "passed"}}."""
    try:
        record = json.loads(HOLES.read_text(encoding="utf-8"))
        return record["exercises"] if record["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write(known):
    results_file.replace(HOLES, {"version": VERSION, "exercises": known})


def listed():
    """{exercise: {mutant: the reason why it may pass}}."""
    groups = tomllib.loads(SAME_FUNCTION.read_text(encoding="utf-8"))
    return {
        exercise: {mutant: group["why"] for group in found for mutant in group["mutants"]}
        for exercise, found in groups.items()
    }


def counts(known):
    """{exercise: its `Counts`}"""
    same = listed()
    return {
        name: Counts(
            record["caught"],
            record["crashed"],
            sum(mutant in same.get(name, {}) for mutant in record["passed"]),
            [mutant for mutant in record["passed"] if mutant not in same.get(name, {})],
        )
        for name, record in known.items()
    }


def inputs(stem, solved):
    """A digest of what the fate of an exercise's mutants follows from: its checks and solutions."""
    texts = map(read_source, [CHECKS / f"test_{stem}.py", *MACHINERY])
    sources = (solution.source for solution in solved)
    return hashlib.sha256("\0".join([*texts, *sources]).encode()).hexdigest()
