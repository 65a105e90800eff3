"""Gives an exercise's stub back, and keeps what stood there."""

import ast
import contextlib
import io
import itertools
import subprocess
import time

from grading.paths import ROOT


class CannotReset(Exception):
    """Says what is missing and what to do."""


def reset(exercise, file):
    """Put the exercise's stub back into its file; the file's other exercises stay.

    The stub is taken from the newest commit in which it was not yet solved.

    Returns:
        The path of the backup.

    Raises:
        CannotReset: git does not know the stub, or the file is too broken to find the exercise.
    """
    stub = unsolved(exercise, file)
    try:
        # as bytes, and any byte survives: what is not replaced must stay as it was typed
        source = file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        file.write_text(stub, encoding="utf-8")
        return None
    place = segment(source, exercise)
    if place is None:
        raise CannotReset(
            f"{file.relative_to(ROOT)} has no {exercise}, or is no longer Python, so there is no "
            f"place to put the stub. To give back the whole file: rename it, then run this again."
        )
    lines, (first, last) = _lines(source), place
    stub_lines = _lines(stub)[slice(*segment(stub, exercise))]
    backup = _backup(file)
    mended = "".join([*lines[:first], *stub_lines, *lines[last:]])
    file.write_bytes(mended.encode("utf-8", "surrogateescape"))
    return backup


def _backup(file):
    """Copy a file beside itself, under a name that no earlier backup has."""
    content, stamp = file.read_bytes(), time.strftime("%Y%m%d-%H%M%S")
    for number in itertools.count(1):
        backup = file.with_name(f"{file.name}.{stamp}{f'-{number}' if number > 1 else ''}.bak")
        with contextlib.suppress(FileExistsError), backup.open("xb") as copy:
            copy.write(content)
            return backup


def unsolved(exercise, file):
    """The newest committed text of the file in which the exercise is still a stub."""
    path = file.relative_to(ROOT).as_posix()
    for commit in _git("log", "--format=%H", "--", path).split():
        source = _git("show", f"{commit}:{path}")
        place = segment(source, exercise)
        if place and "raise NotImplementedError" in "".join(_lines(source)[slice(*place)]):
            return source
    raise CannotReset(f"git has no version of {path} in which {exercise} is a stub.")


def segment(source, name):
    """The lines [first, last) of a top-level function or class; None if it cannot be found."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in reversed(tree.body):  # of two definitions Python keeps the last
        if getattr(node, "name", None) == name:
            starts = [node.lineno, *(d.lineno for d in node.decorator_list)]
            return min(starts) - 1, node.end_lineno
    return None


def _lines(source):
    """The lines as `ast` counts them; `str.splitlines` also ends one at a form feed."""
    return io.StringIO(source, newline="").readlines()


def _git(*arguments):
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        raise CannotReset("The stubs are taken from git's history: install git.") from None
    if done.returncode:
        raise CannotReset(
            "The stubs are taken from git's history, and this folder has none: "
            f"{done.stderr.strip()}"
        )
    return done.stdout
