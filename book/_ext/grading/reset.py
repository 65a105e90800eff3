"""Gives an exercise's stub back, and keeps what stood there."""

import contextlib
import itertools
import os
import subprocess
import time

from grading.paths import ROOT
from sources import Source, cut, segment

#: Variables with which git is told of another repository; its settings, GIT_CONFIG_…, stay.
ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE",
             "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX",
             "GIT_CEILING_DIRECTORIES")  # fmt: skip


class CannotReset(Exception):
    """Says what is missing and what to do."""


def reset(exercise, file):
    """Put the exercise's stub back into its file; the file's other exercises stay.

    The stub is taken from the newest commit in which it was not yet solved. It gets the encoding
    and the line ends of the file; not a byte of the rest changes.

    Returns:
        The path of the backup.

    Raises:
        CannotReset: git does not know the stub, or the file is too broken to find the exercise.
    """
    stub = unsolved(exercise, file)
    try:
        source = Source.of(file)
    except FileNotFoundError:
        file.write_bytes(stub.data)
        return None
    except SyntaxError as problem:
        raise _no_place(exercise, file, f" ({problem.msg})") from None
    place = segment(source.text, exercise)
    if place is None:
        raise _no_place(exercise, file)
    try:
        mended = source.with_lines(place, cut(stub.text, exercise) + "\n")
    except ValueError as problem:
        raise _no_place(exercise, file, f" ({problem})") from None
    backup = _backup(file)
    file.write_bytes(mended)
    return backup


def _no_place(exercise, file, why=""):
    return CannotReset(
        f"{file.relative_to(ROOT)} has no {exercise}, or is no longer Python{why}, so there is no "
        "place to put the stub. To give back the whole file: rename it, then run this again."
    )


def _backup(file):
    """Copy a file beside itself, under a name that no earlier backup has."""
    content, stamp = file.read_bytes(), time.strftime("%Y%m%d-%H%M%S")
    for number in itertools.count(1):
        backup = file.with_name(f"{file.name}.{stamp}{f'-{number}' if number > 1 else ''}.bak")
        with contextlib.suppress(FileExistsError), backup.open("xb") as copy:
            copy.write(content)
            return backup


def unsolved(exercise, file):
    """The newest committed version of the file in which the exercise is still a stub."""
    path = file.relative_to(ROOT).as_posix()
    for commit in _git("rev-list", "HEAD", "--", path).decode().split():
        with contextlib.suppress(CannotReset, SyntaxError):  # there it was removed, or broken
            # ./: the book may be a folder of another repository
            source = Source.from_bytes(_git("cat-file", "blob", f"{commit}:./{path}"), path)
            if "raise NotImplementedError" in (cut(source.text, exercise) or ""):
                return source
    raise CannotReset(f"git has no version of {path} in which {exercise} is a stub.")


def _git(*arguments):
    """What a command of git's says, as bytes, asked of the repository that the book lies in."""
    around = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, env=around | {"LC_ALL": "C"}, capture_output=True
        )
    except FileNotFoundError:
        raise CannotReset("The stubs are taken from git's history: install git.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        if "not a git repository" in said:
            said = f"The stubs are taken from git's history, and this folder has none: {said}"
        raise CannotReset(said)
    return done.stdout
