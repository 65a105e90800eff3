"""What the grader, and the tests behind the claims, start from: the same for everyone.

A reader's shell sets their own Python, pytest and torch, and each such setting could decide a
grade: PYTHONOPTIMIZE takes the checks' asserts out, PYTEST_ADDOPTS may ask for what the grader's
pytest lacks. So none is handed on. And the code that runs is the code of the checkout in which the
command is typed, also where the environment was copied along and still names the original.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_HANDED_ON = ("PYTEST_", "PYTHON", "PYTORCH_", "TORCH")
#: Of these, what says only where to and in which letters bytes are written.
KEPT = {"PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED",
        "PYTHONUTF8"}  # fmt: skip
SETTLED = "BOOK_SETTLED"  # holds the process that has been through `settle`


def environment(root=ROOT):
    """The variables for a process that grades, or runs tests, with the code of a checkout."""
    handed_on = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not name.startswith(NOT_HANDED_ON)
    }
    return handed_on | {
        "OMP_NUM_THREADS": "1",  # a fork of a process with torch's threads hangs
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(root / "book" / "_ext"), str(root)]),
    }


def settle(module):
    """Start `python -m module` anew from what is known, unless that has been done.

    Python's own flags end here, too: under -O no assert would be left.
    """
    root = checkout()
    if os.environ.get(SETTLED) != str(os.getpid()):
        settled = environment(root) | {SETTLED: str(os.getpid())}
        # -P: where one stands, a file may be called as a module is
        os.execve(sys.executable, [sys.executable, "-P", "-m", module, *sys.argv[1:]], settled)
    if root != ROOT:
        sys.exit(f"The book in {root} is meant, and the one in {ROOT} answers: run make there.")


def checkout():
    """The root of the book that a command is about: where one stands, or where Python stands."""
    here, pythons = _book_around(_working_folder()), _book_around(Path(sys.prefix))
    if here and pythons and here != pythons and here != ROOT:
        sys.exit(
            f"This Python belongs to the book in {pythons}, and you stand in the one in {here}. "
            "Use that one's own (make sets it up), or stand elsewhere."
        )
    return here or pythons or ROOT


def _book_around(folder):
    """The innermost checkout of the book that holds a folder; None outside of any."""
    for root in (folder, *folder.parents):
        # unlike Path.is_file, this says no where one may not look
        if os.path.isfile(root / "book" / "_ext" / "surroundings.py"):
            return root.resolve()
    return None


def _working_folder():
    try:
        return Path.cwd()
    except FileNotFoundError:  # it has been removed
        os.chdir(ROOT)
        return ROOT
