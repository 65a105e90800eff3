"""The JSON file that holds the results, and the records in it.

The schema, version 3::

    {"version": 3, "inputs": DIGEST, "exercises": [EXERCISE, ...]}
    EXERCISE = {"name", "stem", "file", "state", "points", "max_points", "message", "output",
                "checks"}
    CHECK    = {"name", "title", "state", "points", "max_points", "message", "hint", "pictures",
                "output"}

`state` is one of `results.STATES`, or "not run". `message` is what was observed, in plain text: it
may quote a learner's code, so whoever shows it escapes it. So may `output`, the first lines that
the code printed while the file was loaded, or in a check. `pictures` shows it, as data: see
`grading.picture_schema`, which the page and the terminal each draw in their own way.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from grading.picture_schema import all_checked
from grading.results import Check, Exercise

VERSION = 3
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


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
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged: run `make grade` again.") from error
    raise ValueError(
        f"{path} has results of version {version}, and this grader reads "
        f"version {VERSION}: run `make grade` again."
    )


def as_record(exercise):
    """An exercise as the schema has it."""
    record = asdict(exercise)
    record |= {name: getattr(exercise, name) for name in ("state", "points", "max_points")}
    for check, item in zip(exercise.checks, record["checks"], strict=True):
        item["points"] = check.points
    return record


def from_record(record):
    """The inverse of `as_record`."""
    fields = {name: record[name] for name in ("name", "stem", "file", "message", "output")}
    return Exercise(**fields, checks=[_check(check) for check in record["checks"]])


def _check(record):
    names = ("name", "title", "max_points", "hint", "state", "message", "output")
    fields = {name: record[name] for name in names}
    return Check(**fields, pictures=all_checked(record["pictures"]))
