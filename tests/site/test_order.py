"""The longest pages run first, also where no time is known yet."""

from types import SimpleNamespace

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from execution.order import longest_first

CELLS = {
    "a_short": "1",
    "long": "x = 1\n" * 100,
    "trains_here": "loss.backward()",
    "uses": "from attention import train",
    "uses_more": "from attention import train\n" + "x = 1\n" * 50,
}


@pytest.fixture
def jobs(tmp_path):
    """Pages in the order of the alphabet; two use a module that trains."""
    (tmp_path / "attention").mkdir()
    (tmp_path / "attention/training.py").write_text("def train(loss):\n    loss.backward()\n")
    (tmp_path / "attention/other.py").write_text("# nothing is trained here\n")
    found = []
    for name, code in CELLS.items():
        used = "attention/training.py" if "uses" in name else "attention/other.py"
        cells = [new_markdown_cell("text " * 1000), new_code_cell(code)]
        parts = {"its cells": "", "Python": "3.11", used: "", "attention/gone.py": ""}
        notebook = SimpleNamespace(cells=cells)
        found.append(SimpleNamespace(docname=name, notebook=notebook, parts=parts))
    return found


def test_in_a_fresh_clone_what_trains_runs_first_then_what_has_more_code(jobs, tmp_path):
    """A guess; by the alphabet the longest page of the book would run last and alone."""
    order = [job.docname for job in longest_first(jobs, {}, tmp_path)]
    assert order == ["uses_more", "uses", "trains_here", "long", "a_short"]


def test_times_of_the_last_build_tell_better(jobs, tmp_path):
    """What is new comes first: it may take long."""
    seconds = {"a_short": 9.0, "long": 2.0, "trains_here": 3.0, "uses": 1.0}
    order = [job.docname for job in longest_first(jobs, seconds, tmp_path)]
    assert order == ["uses_more", "a_short", "trains_here", "long", "uses"]
