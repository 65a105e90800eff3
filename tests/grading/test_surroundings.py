"""The grader starts from known surroundings: no setting of the reader's has a say in a grade."""

import json
import os
import subprocess
import sys

import pytest

import copies
import surroundings
from bad_answers import RIGHT
from grading import results_file

WRONG = "def soft_lookup(query, key, value):\n    return torch.zeros(7)\n"
HOSTILE = {
    "PYTEST_ADDOPTS": "--color=yes --no-such-option",
    "PYTEST_PLUGINS": "no_such_plugin",
    "PYTHONBREAKPOINT": "no.such.debugger",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONSAFEPATH": "",
    "TORCH_LOGS": "+all",
    "GIT_DIR": "/nowhere",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copied checkout whose Python still names the original, in the most unkind folder."""
    above = tmp_path_factory.mktemp("above")
    (above / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (above / "conftest.py").write_text("raise RuntimeError('not of the book')\n")
    (above / "attention.py").write_text("raise RuntimeError('not the one you want')\n")
    copies.original(above / "original")
    folder = above / "course [2026] é $HOME 100% @x"
    python = copies.copied(above / "original", folder)
    answers = folder / "book" / "exercises"
    (answers / "soft_lookup.py").write_text(f"from helpers import softmax\nimport torch\n{WRONG}")
    (answers / "helpers.py").write_text(RIGHT)
    plugin = copies.packages_of(folder) / "unkind-1.dist-info"
    plugin.mkdir()
    (plugin / "METADATA").write_text("Name: unkind\nVersion: 1\n")
    (plugin / "entry_points.txt").write_text("[pytest11]\nunkind = unkind\n")
    (plugin.parent / "unkind.py").write_text("raise RuntimeError('a plugin of pytest')\n")
    return folder, python, os.environ | HOSTILE | {"PYTHONPATH": str(above)}


def states(records):
    return {r["name"]: r["state"] for r in records if r["stem"] == "soft_lookup"}


TRUE = {"softmax": "passed", "soft_lookup": "failed"}


def test_copied_book_grades_itself_whatever_is_set(copy, tmp_path):
    """Variables, flags, files in the folders above, plugins, and any name of the folder."""
    folder, python, around = copy
    command = [python, "-OO", "-W", "error", "-m", "grading", "soft_lookup"]
    done = subprocess.run(
        [*command, "--json", tmp_path / "report"], cwd=folder / "book", env=around, timeout=120,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr == "", done
    exercises, _ = results_file.read(tmp_path / "report")
    assert states(map(results_file.as_record, exercises)) == TRUE


def test_warm_grader_of_a_copied_book_does_so_too(copy):
    """It is what `make live` starts; and a helper that is saved has its users graded."""
    folder, python, around = copy
    process = subprocess.Popen(
        [python, "-m", "grading.warm"], cwd=folder, env=around, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def graded_for(stem):
        heard = []
        process.stdin.write(json.dumps({"stem": stem}) + "\n")
        process.stdin.flush()
        for line in map(json.loads, process.stdout):
            heard += [line["exercise"]] if line.get("done") else []
            if line.get("graded") == "soft_lookup":
                return states(heard)

    assert graded_for("soft_lookup") == TRUE
    (folder / "book" / "exercises" / "helpers.py").write_text(RIGHT.replace("sum(-1", "sum(-2"))
    assert graded_for("helpers") == TRUE | {"softmax": "failed"}
    process.communicate(timeout=60)


def test_variables_that_could_decide_are_not_handed_on(monkeypatch):
    """What says where the reader's programs are, and in which letters they write, is."""
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    known = surroundings.environment()
    assert set(HOSTILE) & set(known) == {"GIT_DIR"}  # `reset` alone asks git
    assert known["PYTHONIOENCODING"] == "ascii" and known["PATH"] == os.environ["PATH"]
    assert known["OMP_NUM_THREADS"] == "1"


@pytest.fixture
def books(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "book" / "_ext").mkdir(parents=True)
        (tmp_path / name / "book" / "_ext" / "surroundings.py").touch()
        (tmp_path / name / ".venv").mkdir()
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("stands_in", "python", "code", "meant"),
    [
        ("one/book", "one/.venv", "one", "one"),
        ("one", "one/.venv", "two", "one"),  # a copied environment names the original
        ("elsewhere", "one/.venv", "two", "one"),  # and is asked from anywhere
        ("one", "elsewhere", "two", "one"),  # an environment for all books
        ("elsewhere", "elsewhere", "two", "two"),
        ("one", "two/.venv", "one", "one"),  # told by PYTHONPATH
        ("one", "two/.venv", "two", None),  # either may be meant
    ],
)
def test_book_that_is_meant_is_graded(books, monkeypatch, stands_in, python, code, meant):
    """Where one stands, and where Python stands; where these differ, nothing happens."""
    monkeypatch.chdir(books / stands_in)
    monkeypatch.setattr(sys, "prefix", str(books / python))
    monkeypatch.setattr(surroundings, "ROOT", books / code)
    if meant:
        assert surroundings.checkout() == books / meant
    else:
        with pytest.raises(SystemExit, match=r"This Python belongs to the book in .*two, and you"):
            surroundings.checkout()


def test_folder_that_is_gone_is_no_reason_to_fail(tmp_path, monkeypatch):
    """Somebody removed the folder that one stands in."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert surroundings.checkout() == surroundings.ROOT
