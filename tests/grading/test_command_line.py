"""`python -m grading` as a learner types it."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

import copies
from grading.paths import ROOT
from grading.results_file import VERSION

RIGHT = """import torch

def softmax(scores):
    e = torch.exp(scores - scores.amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)
"""
WRONG = RIGHT.replace("e.sum(-1", "e.sum(0")
STEM = "soft_lookup"


@pytest.fixture
def answers(tmp_path):
    """A folder with an answer to softmax, apart from the real stubs, and alone in another."""
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / f"{STEM}.py").write_text(RIGHT)
    return folder


def grading(*arguments, cwd=ROOT, **options):
    command = [sys.executable, "-m", "grading", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, **options)


def test_exit_status_is_zero_only_when_all_asked_for_passes(answers):
    """softmax passes; soft_lookup is missing from the file."""
    report = answers / "report.json"
    passing = grading("softmax", "--from", answers, "--json", report)
    assert passing.returncode == 0 and "Everything passes" in passing.stdout
    failing = grading(STEM, "--from", answers)
    assert failing.returncode == 1 and "no `soft_lookup`" in failing.stdout
    record = json.loads(report.read_text())
    assert record["version"] == VERSION
    state = {e["name"]: e["state"] for e in record["exercises"]}
    assert state["softmax"] == "passed"


def test_diagnosis_shows_what_was_observed_and_a_hint_and_the_next_command(answers):
    """With both tables of numbers; the command stays in one line, so that it can be copied out of a
    terminal that is narrower, whatever the folder is called."""
    folder = answers / f"make do [1] {'x' * 60}"
    folder.mkdir()
    (folder / f"{STEM}.py").write_text(WRONG)
    out = grading("softmax", "--from", folder, env={**os.environ, "COLUMNS": "60"}).stdout
    for words in ("Each row of weights sums to one", "yours", "expected", "Hint: Which axis"):
        assert words in out
    assert f"python -m grading softmax --from '{folder}'" in out


def test_unknown_name_lists_the_known_ones():
    """Exit status 2, as for any wrong use."""
    done = grading("sofmax")
    assert done.returncode == 2
    assert "no exercise or chapter is called sofmax" in done.stderr and "softmax" in done.stderr


def test_missing_folder_is_named():
    """Nothing is graded."""
    done = grading("--from", "/nowhere/at/all")
    assert done.returncode == 2 and "/nowhere/at/all" in done.stderr


def test_file_in_place_of_a_folder_is_told_apart(answers):
    """The learner means the folder that it is in."""
    done = grading("--from", answers / f"{STEM}.py")
    assert done.returncode == 2 and "name the folder that it is in" in done.stderr


def test_folder_may_be_named_from_where_one_stands(answers):
    """Lines are found and short cuts are closed there, too; no file passes for a module, neither
    beside the answer nor where one stands."""
    for name in ("attention", "torch", "pytest"):
        for folder in (answers, answers.parent):
            (folder / f"{name}.py").write_text("raise RuntimeError('not the one you want')\n")
    (answers / f"{STEM}.py").write_text(RIGHT.replace("e / e.sum", "torch.softmax(e, -1) / e.sum"))
    done = grading("softmax", "--from", answers.name, cwd=answers.parent)
    assert "without torch.softmax" in done.stdout, done


def test_results_that_cannot_be_written_are_told_after_the_report(answers):
    """No traceback, no draft left lying about; a terminal without a check mark gets a ?."""
    (answers / "taken").mkdir()
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = grading("softmax", "--from", answers, "--json", answers / "taken", env=ascii_only)
    assert done.returncode == 2 and "Everything passes" in done.stdout
    assert "results cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in answers.iterdir()) == [f"{STEM}.py", "taken"]


def hear_interrupts():
    """What a shell starts in the background has been told to ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt_is_no_traceback(answers):
    """Ctrl-C in the middle of a grading."""
    loop = "import os\nopen(os.path.dirname(__file__) + '/begun', 'w')\nwhile True: pass\n"
    (answers / f"{STEM}.py").write_text(loop)
    command = [sys.executable, "-m", "grading", STEM, "--from", answers]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts
    )
    while not (answers / "begun").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1].strip() == "Stopped."


def test_help_tells_every_option():
    """And costs no import of torch."""
    out = grading("--help").stdout
    for option in ("--watch", "--from", "--json", "--reset", "--brief"):
        assert option in out


def test_reset_gives_one_stub_back_and_keeps_a_backup(tmp_path):
    """Of the book in which it is asked for, a copy of another; the other exercise stays, and a no
    leaves everything."""
    copies.original(tmp_path / "one")
    python = copies.copied(tmp_path / "one", tmp_path / "two")
    answer = RIGHT + "\n\ndef soft_lookup(query, key, value):\n    return value\n"
    theirs, file = (tmp_path / n / "book/exercises" / f"{STEM}.py" for n in ("one", "two"))
    for book in (theirs, file):
        book.write_text(answer)

    def reset(typed):
        command = [python, "-m", "grading", "softmax", "--reset"]
        around = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=tmp_path / "two", env=around, input=typed, text=True, timeout=120,
            capture_output=True,
        )  # fmt: skip

    reset("n\n")
    assert file.read_text() == theirs.read_text() == answer
    done = reset("y\n")
    assert done.returncode == 0, done
    text = file.read_text()
    assert "raise NotImplementedError" in text and "return value" in text
    (backup,) = file.parent.glob("*.bak")
    assert backup.read_text() == theirs.read_text() == answer


def test_watch_grades_on_every_save(answers):
    """The screen follows the file, and Ctrl-C ends it."""
    file = answers / f"{STEM}.py"
    file.write_text(WRONG)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "grading", "softmax", "--watch", "--from", str(answers)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=theirs, stderr=theirs, preexec_fn=hear_interrupts
    )
    os.close(theirs)
    try:
        _read_until(ours, "Which axis")
        file.unlink()
        _read_until(ours, "There is no file")
        file.write_text(RIGHT)
        _read_until(ours, "Everything passes")
    finally:
        process.send_signal(2)
        process.wait(timeout=20)
        os.close(ours)
    assert process.returncode == 0


def _read_until(terminal, words, seconds=60):
    seen, end = "", time.monotonic() + seconds
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        assert ready, seen
        seen += os.read(terminal, 4096).decode(errors="replace")
