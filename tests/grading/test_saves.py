"""However a file is saved, `--watch` notices, and the last save counts.

Each way to save is also seen failing without what defends it. `site/live/test_watching.py` does so
for the live server.
"""

import os
from contextlib import suppress
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from bad_answers import RIGHT
from grading import watch
from grading.results import Check, Exercise

WRONG = RIGHT.replace("sum(-1", "sum(-2")
STEM = "soft_lookup"


def stamp(file, seconds):
    """Say when a file was saved."""
    os.utime(file, ns=(int(seconds * 1e9),) * 2)


def two_quick_saves(file):
    file.write_text(WRONG), stamp(file, 1000.10)
    yield
    file.write_text(RIGHT), stamp(file, 1000.13)
    yield


def renamed_draft(file):
    file.write_text(WRONG), stamp(file, 1000)
    yield
    draft = file.with_suffix(".swp")
    draft.write_text(RIGHT), stamp(draft, 1000)
    draft.rename(file)
    yield


def half_first(file):
    file.write_text(RIGHT[:50]), stamp(file, 1000)
    yield
    file.write_text(RIGHT), stamp(file, 1000)
    yield


def gone_and_back(file):
    file.unlink()
    yield
    file.write_text(RIGHT), stamp(file, 1000)
    yield


def stamps_without(part):
    """How `watch` tells that a file was saved, without one part of it."""

    def stamps(folder):
        found = {}
        for path in folder.glob("*.py"):
            s = path.stat()
            seen = {"time": s.st_mtime_ns, "size": s.st_size, "file": s.st_ino}
            coarse = {"time": int(s.st_mtime), "size": 0, "file": 0}
            found[path.stem] = tuple((seen | {part: coarse[part]}).values())
        return found

    return stamps


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("saves", "part"),
    [(two_quick_saves, "time"), (renamed_draft, "file"), (half_first, "size")],
)
def test_watch_grades_what_was_saved_last(saves, part, kept, tmp_path, monkeypatch):
    """Two saves in one second, a file in another's place, half of it first."""
    if not kept:
        monkeypatch.setattr(watch, "_stamps", stamps_without(part))
    assert (followed(tmp_path, saves, monkeypatch)[-1] == RIGHT) is kept


def test_watch_outlives_a_file_that_is_gone(tmp_path, monkeypatch):
    """It comes back, and is graded."""
    assert followed(tmp_path, gone_and_back, monkeypatch) == [None, RIGHT]


def test_watch_grades_the_users_of_a_helper(tmp_path, monkeypatch):
    """The answer's own file has not changed."""

    def helper(file):
        file.write_text("from helpers import e"), stamp(file, 1000)
        yield
        file.with_name("helpers.py").write_text("e = 1")
        yield
        file.with_name("of_nobody.py").write_text("e = 1")
        yield

    assert followed(tmp_path, helper, monkeypatch) == ["from helpers import e"] * 2


def followed(folder, saves, monkeypatch):
    """What `watch` grades while a file is saved between its looks; None for no file."""
    file, graded = folder / f"{STEM}.py", []
    file.write_text("")
    saving = saves(file)

    def sleep(_):
        if next(saving, "over") == "over":
            raise KeyboardInterrupt

    def grade_stem(stem):
        graded.append(file.read_text() if file.exists() else None)
        return []

    monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=sleep))
    exercises = {"softmax": Exercise("softmax", STEM, str(file), [Check("it", "It", 1)])}
    with suppress(KeyboardInterrupt):
        watch.watch(Console(file=StringIO()), exercises, grade_stem, folder)
    return graded
