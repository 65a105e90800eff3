"""What grading yields: one record an exercise, one a check, and the JSON file that holds them.

The file's schema, version 1::

    {"version": 1, "inputs": DIGEST, "exercises": [EXERCISE, ...]}
    EXERCISE = {"name", "stem", "file", "state", "points", "max_points", "message", "checks"}
    CHECK    = {"name", "title", "state", "points", "max_points", "message", "hint", "maps"}

`message` is what was observed, in plain text: it may quote a learner's code, so whoever shows it
escapes it. `maps` is {title: table}, a table being rows of numbers, None for one that is not
finite: a picture as data, which the page and the terminal each draw in their own way.
"""

import json
import math
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

VERSION = 1

PASSED = "passed"
FAILED = "failed"
ERROR = "error"
TIMED_OUT = "timed out"
CRASHED = "crashed"
OUT_OF_MEMORY = "out of memory"
TOO_MUCH_OUTPUT = "too much output"
TOO_MANY_PROCESSES = "too many processes"
NOT_STARTED = "not started"
NOT_RUN = "not run"
STATES = (PASSED, FAILED, ERROR, TIMED_OUT, CRASHED, OUT_OF_MEMORY, TOO_MUCH_OUTPUT,
          TOO_MANY_PROCESSES, NOT_STARTED)  # fmt: skip

LONGEST_MESSAGE = 1200
MOST_ROWS = 12  # of a map


@dataclass
class Check:
    """One check of an exercise and how it went."""

    name: str
    title: str
    max_points: int
    hint: str = ""
    state: str = NOT_RUN
    message: str = ""
    maps: dict = field(default_factory=dict)

    @property
    def points(self):
        return self.max_points if self.state == PASSED else 0


@dataclass
class Exercise:
    """One exercise: where the answer stands and how its checks went."""

    name: str
    stem: str
    file: str
    checks: list[Check] = field(default_factory=list)
    message: str = ""
    """What kept the whole file from being graded, such as a syntax error; else empty."""

    @property
    def points(self):
        return 0 if self.message else sum(check.points for check in self.checks)

    @property
    def max_points(self):
        return sum(check.max_points for check in self.checks)

    @property
    def diagnosis(self):
        """The first check that did not pass: the one to tell the learner about."""
        return next((check for check in self.checks if check.state != PASSED), None)

    @property
    def later_failures(self):
        """The failures after the diagnosis: they may have the same cause."""
        return [c for c in self.checks if c.state != PASSED and c is not self.diagnosis]

    @property
    def state(self):
        if self.message:
            return ERROR
        if self.points == 0 and any(check.state == NOT_STARTED for check in self.checks):
            return NOT_STARTED
        return self.diagnosis.state if self.diagnosis else PASSED

    @property
    def next_step(self):
        """What to do now, in one sentence; empty when there is nothing left to do."""
        command = f"make grade EXERCISE={self.name}"
        if self.state == NOT_STARTED:
            return f"Open {self.file}, write {self.name}, then run: {command}"
        return "" if self.state == PASSED else f"Mend {self.file}, then run: {command}"


def write(path, exercises, inputs=""):
    """Write the results, so that no reader ever meets half of them."""
    record = {
        "version": VERSION,
        "inputs": inputs,
        "exercises": [as_record(exercise) for exercise in exercises],
    }
    replace(path, record)


def replace(path, record):
    """Write a JSON file in one step."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)  # where it could not take the file's place


def read(path):
    """Read a results file: (exercises, inputs).

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged or of another version of the schema.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        version = record["version"]
        if version == VERSION:
            return [from_record(item) for item in record["exercises"]], record["inputs"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: run `make grade` again.") from error
    raise ValueError(
        f"{path} has results of version {version}, and this grader reads "
        f"version {VERSION}: run `make grade` again."
    )


def known(state):
    """The state, if it is one that a check can end in; else `ValueError`."""
    if state not in STATES:
        raise ValueError(f"no check ends in the state {state!r}")
    return state


def table(numbers):
    """Rows of numbers as a map holds them: plain floats, None for what is not finite.

    Raises:
        TypeError: if these are no numbers, or too many to read.
    """
    rows = numbers.tolist() if hasattr(numbers, "tolist") else numbers
    rows = rows if rows and isinstance(rows[0], list) else [rows]
    if len(rows) > MOST_ROWS or any(len(row) > MOST_ROWS for row in rows):
        raise TypeError(f"a map has at most {MOST_ROWS} rows and columns")
    return [[_number(entry) for entry in row] for row in rows]


def _number(entry):
    if entry is None or not math.isfinite(entry):
        return None
    return round(float(entry), 4)


def plain(text, longest=LONGEST_MESSAGE):
    """Text from a submission, made safe to show: no control characters, no endless lines."""
    text = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", str(text))  # ANSI escapes
    text = "".join(c for c in text if c in "\n\t" or c.isprintable()).strip()
    return text if len(text) <= longest else text[:longest].rstrip() + " … (cut)"


def as_record(exercise):
    """An exercise as the schema has it."""
    record = asdict(exercise)
    record |= {name: getattr(exercise, name) for name in ("state", "points", "max_points")}
    for check, item in zip(exercise.checks, record["checks"], strict=True):
        item["points"] = check.points
    return record


def from_record(record):
    """The inverse of `as_record`."""
    fields = {name: record[name] for name in ("name", "stem", "file", "message")}
    names = ("name", "title", "max_points", "hint", "state", "message", "maps")
    checks = [Check(**{name: check[name] for name in names}) for check in record["checks"]]
    return Exercise(**fields, checks=checks)
