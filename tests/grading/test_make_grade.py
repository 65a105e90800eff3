"""`make grade` ends with the report; the exit status says whether all is solved."""

import shutil
import subprocess

import pytest

from grading.paths import ROOT
from outside import outside_make

# In the place of the book's Python: it says what it was asked, and ends as it was told to.
PYTHON = """#!/bin/sh
case "$*" in
  "-m grading"*) echo "report on: $*"; exit $STATUS;;
esac
"""


@pytest.fixture
def make(tmp_path):
    """Call make in a folder where everything is installed, or nothing."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()

    def call(*arguments, status=0, **variables):
        around = outside_make() | {"STATUS": str(status), "LC_ALL": "C"} | variables
        command = ["make", *arguments, f"PYTHON={python}"]
        return subprocess.run(
            command, cwd=tmp_path, env=around, capture_output=True, text=True, timeout=60
        )

    return call


@pytest.mark.parametrize("status", [0, 1])
def test_report_is_the_last_thing_on_the_screen(make, status):
    """Exercises that are not solved yet are no error of make's."""
    done = make("grade", "EXERCISE=softmax", status=status)
    assert done.returncode == status
    assert done.stdout == "report on: -m grading softmax\n" and done.stderr == ""


def test_failure_of_the_grader_is_one_of_makes(make):
    """As when a name is unknown: make says where it stopped."""
    done = make("grade", status=2)
    assert done.returncode == 2 and "Error 2" in done.stderr


def test_what_is_missing_is_installed_first(make, tmp_path):
    """With the Python that was named."""
    (tmp_path / ".venv" / ".ready").unlink()
    (tmp_path / ".venv" / "bin" / "python").write_text(
        PYTHON.replace("esac", '  *) echo "asked: $1";;\nesac')
    )
    done = make("grade", status=1)
    assert done.returncode == 1 and done.stderr == ""
    assert "asked: " in done.stdout and done.stdout.endswith("report on: -m grading\n")
