"""`python -m grading [EXERCISE ...]`, which `make grade` and `make html` call."""

import argparse
import contextlib
import hashlib
import os
import sys
from pathlib import Path

from rich.console import Console

from grading import results, results_file, terminal
from grading.nothing_graded import NothingGraded
from grading.paths import BELOW_GRADER, RESULTS, ROOT, STUBS
from sources import content

INPUTS = ("attention", "book/exercises", "book/_ext/grading", "tests/exercises")


def main(arguments=None):
    parser = _parser()
    options = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a ? where a terminal knows no ✓
    console = Console(highlight=False, markup=False)
    try:
        if options.brief:
            return _brief(console, parser)
        if options.reset:
            return _reset(console, parser, options)
        return _grade(console, parser, options)
    except NothingGraded as problem:
        print(f"Nothing was graded: {problem}", file=sys.stderr)
        return 2


def _grade(console, parser, options):
    folder = (options.folder or STUBS).absolute()  # as tracebacks have it
    if not folder.is_dir():
        file = folder.is_file() and f"{folder} is a file; name the folder that it is in"
        parser.error(f"--from: {file or f'there is no folder {folder}'}")
    inputs = _digest()
    # Read ahead of the grading: an answer can write files while it runs.
    earlier = {e.name: e for e in _kept() or []} if folder == STUBS else {}
    from grading import asked  # now that torch is needed

    try:
        everything, wanted = asked.grade(console, options.exercise, folder, earlier, options.watch)
    except asked.Unknown as problem:
        parser.error(str(problem))
    terminal.report(console, wanted)
    if options.json or folder == STUBS:
        _keep(parser, options.json or RESULTS, everything, inputs)
    return 0 if all(exercise.state == results.PASSED for exercise in wanted) else 1


def _keep(parser, file, exercises, inputs):
    try:
        results_file.write(file, exercises, inputs)
    except OSError as problem:
        parser.error(f"the results cannot be written: {problem}")


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m grading",
        description="Grade the exercises in book/exercises and keep the results for the pages. "
        "The exit status is 0 only when everything asked for passes.",
    )
    add = parser.add_argument
    add("exercise", nargs="*", help="exercises or chapters (default: all)")
    add("--watch", action="store_true", help="grade again on every save, one exercise at a time")
    add("--from", dest="folder", type=Path, metavar="DIR", help="grade the answers in DIR instead")
    add("--json", type=Path, metavar="FILE", help="write the results there; grading.results_file "
        "documents the schema (default: _build/results.json, which the pages read)")  # fmt: skip
    add("--reset", action="store_true", help="give the stubs of the named exercises back; "
        "asks first and keeps a backup")  # fmt: skip
    add("--yes", action="store_true", help="with --reset: do not ask")
    add("--brief", action="store_true", help="for the build: one line of output, status 0 "
        "whatever the results, and nothing run if nothing has changed")  # fmt: skip
    return parser


def _brief(console, parser):
    inputs = _digest()
    graded = _kept(inputs)
    if graded is None:
        from grading import asked

        graded, _ = asked.grade(console, [], STUBS, earlier={})
        _keep(parser, RESULTS, graded, inputs)
    console.print(terminal.summary(graded))
    return 0


def _reset(console, parser, options):
    from grading.collect import with_catalog
    from grading.reset import CannotReset, reset

    known = with_catalog(lambda catalog: {name: catalog.exercise(name) for name in catalog})
    if not options.exercise or set(options.exercise) - set(known):
        parser.error(f"--reset: name one or more of: {', '.join(known)}")
    for name in options.exercise:
        file = known[name].file
        if not options.yes and not _agreed(f"Replace {name} in {file} by its stub? [y/N] "):
            console.print(f"{name} stays as it is.")
            continue
        try:
            backup = reset(name, ROOT / file)
        except (CannotReset, OSError) as problem:
            console.print(f"{name}: {problem}", style="red")
            return 1
        kept = f" Your answer is kept in {backup.relative_to(ROOT)}." if backup else ""
        console.print(f"{name} is a stub again.{kept}")
    return 0


def _agreed(question):
    """Whether somebody is there and says yes."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _kept(inputs=None):
    """The exercises of the last grading; None where there is none, or one of other inputs."""
    try:
        exercises, digest = results_file.read(RESULTS)
    except (OSError, ValueError):
        return None
    return exercises if inputs in (None, digest) else None


def _digest():
    """What a grading depends on: the answers, the checks, the grader and the reference."""
    total = hashlib.sha256(sys.version.encode())
    modules = [path for folder in INPUTS for path in sorted((ROOT / folder).rglob("*.py"))]
    for path in (*modules, *BELOW_GRADER):
        total.update(os.fsencode(os.path.relpath(path, ROOT)) + b"\0")
        with contextlib.suppress(OSError):  # an editor's lock, or no right to read it
            total.update(content(path))
    return total.hexdigest()
