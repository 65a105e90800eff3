"""Copies of the book's grader, as people make them."""

import shutil
import subprocess
import sys
import venv

from grading.paths import ROOT

STUBS = """import torch


def softmax(scores):
    raise NotImplementedError


def soft_lookup(query, key, value):
    raise NotImplementedError
"""


def original(folder):
    """A book with a history and an environment that names it, as `pip install -e` does.

    Returns:
        Its Python.
    """
    for name in ("attention", "book/_ext", "book/exercises", "tests/exercises"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "book" / "index.md", folder / "book")
    (folder / "book" / "exercises" / "soft_lookup.py").write_text(STUBS)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "book/exercises"], ["commit", "-qm", "stubs"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    venv.create(folder / ".venv", symlinks=True, with_pip=False)
    installed = next(path for path in sys.path if path.endswith("site-packages"))
    (packages_of(folder) / "a_book.pth").write_text(f"{folder / 'book' / '_ext'}\n{folder}\n")
    (packages_of(folder) / "packages.pth").write_text(
        f"import site; site.addsitedir({installed!r})"
    )
    return folder / ".venv" / "bin" / "python"


def copied(folder, to):
    """What `cp -r` makes of it: the environment still names the original. Returns its Python."""
    shutil.copytree(folder, to, symlinks=True)
    return to / ".venv" / "bin" / "python"


def packages_of(folder):
    (packages,) = (folder / ".venv").glob("lib/python*/site-packages")
    return packages
