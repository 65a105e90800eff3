"""An answer may keep parts in files beside it, as any script may."""

import os
import py_compile

import pytest

from bad_answers import RIGHT, grade
from grading import grader, results
from grading.collect import with_catalog
from grading.users import users

HELPER = RIGHT.replace("softmax", "shares")
WRONG = HELPER.replace("sum(-1", "sum(-2")
ANSWER = "from {0} import shares\n\n\ndef softmax(scores):\n    return shares(scores)\n"

# name: (the helper's file, its content, what comes of the answer: words of the message, or a state)
HELPED = {
    "right": ("helpers.py", HELPER, results.PASSED),
    "wrong": ("helpers.py", WRONG, "sum of"),
    "package": ("helpers/__init__.py", HELPER, results.PASSED),
    "called as the grader's own": ("sources.py", HELPER, results.PASSED),
    "called as another chapter": ("masks.py", HELPER, results.PASSED),
    "windows": ("helpers.py", "\ufeff" + HELPER.replace("\n", "\r\n"), results.PASSED),
    "raises": (
        "helpers.py",
        HELPER.replace("e / e", "e @ e / e"),
        "(helpers.py, line 4: return e @ e / e.sum(-1, keepdim=True)) There e is (2, 3, 4).",
    ),
    "not written": (
        "helpers.py",
        "def shares(scores):\n    raise NotImplementedError\n",
        "calls `shares`, which is not written yet (line 5: return shares(scores))",
    ),
    "no Python": ("helpers.py", "def shares(\n", "Syntax error in helpers.py, line 1: '(' was"),
    "missing": ("other.py", HELPER, "No module named 'helpers' (line 1: from helpers import"),
    "ready-made": (
        "helpers.py",
        "import torch\ndef shares(scores): return torch.softmax(scores, -1)\n",
        "write it yourself",
    ),
}


def save(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode())
    module = "helpers" if name == "other.py" else name.removesuffix("/__init__.py")
    (folder / "soft_lookup.py").write_text(ANSWER.format(module.removesuffix(".py")))
    return folder / "soft_lookup.py"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """One warm process grades answers whose helpers have the same name in other folders."""
    files = {n: save(tmp_path_factory.mktemp("a"), *what[:2]) for n, what in HELPED.items()}

    def all_of_them(catalog):
        grader.warm_up()
        return {name: grade(catalog, file) for name, file in files.items()}

    return with_catalog(all_of_them, ["soft_lookup"])


@pytest.mark.parametrize("name", HELPED)
def test_helper_is_the_answers_own(name, graded):
    """It is found beside the answer alone, named where it is at fault, and no way around a ban."""
    exercise, expected = graded[name], HELPED[name][2]
    if expected in results.STATES:
        assert exercise.state == expected, exercise
    else:
        assert expected in (exercise.message or exercise.diagnosis.message)


def test_helper_that_was_just_saved_is_read(tmp_path):
    """Python's compiled copy is taken for new where time and size are the same."""
    answer, helper = save(tmp_path, "helpers.py", WRONG), tmp_path / "helpers.py"
    os.utime(helper, (1000, 1000))
    py_compile.compile(str(helper))
    helper.write_text(HELPER)
    os.utime(helper, (1000, 1000))
    exercise = with_catalog(lambda catalog: grade(catalog, answer), ["soft_lookup"])
    assert exercise.state == results.PASSED


def test_edit_concerns_whoever_imports_the_file(tmp_path):
    """At any depth, an answer from another's as well; what is no Python imports nothing."""
    for name, text in {
        "one": "from helpers import a",
        "two": "def f():\n    import deeper.down, torch",
        "three": "import one as first",
        "four": "import helpers\nx = (",
        "helpers": "from deeper import b; import helpers",
        "deeper": "from . import nothing",
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
    stems = ["one", "two", "three", "four", "missing"]
    found = {
        name: users(name, stems, tmp_path) for name in ("helpers", "deeper", "one", "two", "none")
    }
    assert found == {
        "helpers": ["one", "three"],
        "deeper": ["one", "two", "three"],
        "one": ["one", "three"],
        "two": ["two"],
        "none": [],
    }
