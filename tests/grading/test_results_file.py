"""The results file: damaged, forged or missing, it is graded anew and never a traceback."""

import json
import os

import pytest

from grading import command_line, results, results_file
from grading.results import Check, Exercise
from grading.results_file import VERSION

NOW = f'"version": {VERSION}'
DAMAGED = ["", "{", "[]", "null", "7", "{}", f"{{{NOW}}}", f'{{{NOW}, "exercises": 3}}',
           f'{{{NOW}, "inputs": "", "exercises": [{{"name": "softmax"}}]}}']  # fmt: skip


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "results.json"
    monkeypatch.setattr(command_line, "RESULTS", file)
    return file


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_file_is_named_with_the_remedy(file, text):
    """And for `make grade` and `make html` it is as if there were none."""
    file.write_text(text)
    with pytest.raises(ValueError, match="damaged: run `make grade` again"):
        results_file.read(file)
    assert command_line._kept() is None


def test_other_version_is_named(file):
    """With both versions."""
    file.write_text('{"version": 1}')
    with pytest.raises(ValueError, match=f"version 1, and this grader reads version {VERSION}"):
        results_file.read(file)
    assert command_line._kept() is None


def test_results_written_while_grading_are_not_taken_up(file, monkeypatch, tmp_path):
    """An answer can write files; what it says of the other exercises is not believed."""
    file.write_text("")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    passed = Exercise(
        "influence", "why_attention", "", [Check("test_it", "It", 1, state=results.PASSED)]
    )
    results_file.write(tmp_path / "forged.json", [passed])
    forged = (tmp_path / "forged.json").read_text()
    answer = f"open({str(file)!r}, 'w').write({forged!r})\n"
    (stubs / "soft_lookup.py").write_text(answer)
    monkeypatch.setattr(command_line, "STUBS", stubs)
    assert command_line.main(["softmax"]) == 1
    state = {e["name"]: e["state"] for e in json.loads(file.read_text())["exercises"]}
    assert state["influence"] == results.NOT_RUN and state["softmax"] == results.ERROR


def test_digest_passes_over_what_cannot_be_read(monkeypatch, tmp_path):
    """Emacs marks a file that is being edited by a link to nowhere, `.#scoring.py`; a pipe would
    have it wait for ever, and a name need not be UTF-8."""
    monkeypatch.setattr(command_line, "ROOT", tmp_path)
    monkeypatch.setattr(command_line, "INPUTS", ["book"])
    (tmp_path / "book").mkdir()
    before = command_line._digest()
    (tmp_path / "book" / ".#scoring.py").symlink_to("somebody@somewhere.17")
    (tmp_path / "book" / "folder.py").mkdir()
    (tmp_path / "book" / os.fsdecode(b"caf\xe9.py")).touch()
    os.mkfifo(tmp_path / "book" / "pipe.py")
    assert command_line._digest() != before
