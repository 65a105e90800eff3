"""The command line: `python -m grading [EXERCISE ...]`, which `make grade` and `make html` call."""

import argparse
import hashlib
import sys
from pathlib import Path

from rich.console import Console

from grading import results, terminal
from grading.collect import ROOT, STUBS

RESULTS = ROOT / "_build" / "results.json"
INPUTS = ("attention", "book/exercises", "book/_ext/grading", "tests/exercises")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m grading",
        description="Grade the exercises in book/exercises and keep the results for the pages. "
        "The exit status is 0 only when everything asked for passes.",
    )
    parser.add_argument("exercise", nargs="*", help="exercises or chapters (default: all)")
    parser.add_argument(
        "--brief",
        action="store_true",
        help="for the build: one line of output, status 0 whatever the results, "
        "and nothing run if nothing has changed",
    )
    parser.add_argument(
        "--json", type=Path, default=RESULTS, metavar="FILE",
        help="where to write the results (default: _build/results.json, which the pages read)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    inputs = _digest()
    if options.brief and (kept := _kept(inputs)):
        console.print(terminal.summary(kept))
        return 0
    graded, wanted = _grade(options.exercise, console, parser)
    results.write(options.json, graded, inputs)
    if options.brief:
        console.print(terminal.summary(graded))
        return 0
    terminal.report(console, wanted)
    return 0 if all(exercise.state == results.PASSED for exercise in wanted) else 1


def _grade(names, console, parser):
    """Grade what was asked for: (every exercise with its newest result, those asked for)."""
    from grading import grader
    from grading.child import load_file
    from grading.collect import with_catalog

    def use(catalog):
        known = {name: catalog.exercise(name) for name in catalog}
        wanted = [e.name for e in known.values() if not names or {e.name, e.stem} & set(names)]
        strangers = set(names) - set(known) - {e.stem for e in known.values()}
        if strangers:
            parser.error(
                f"no exercise or chapter is called {', '.join(sorted(strangers))}; "
                f"the exercises are: {', '.join(known)}"
            )
        grader.warm_up()
        with terminal.progress(console, len(wanted)) as bar:
            task = bar.add_task("", total=len(wanted), name="")
            for name in wanted:
                bar.update(task, name=name)
                file = STUBS / f"{known[name].stem}.py"
                grader.grade(
                    catalog.checks(name), lambda file=file: load_file(file), known[name], file
                )
                bar.advance(task)
        earlier = {e.name: e for e in _kept() or []}
        everything = [known[n] if n in wanted else earlier.get(n, known[n]) for n in known]
        return everything, [known[n] for n in wanted]

    return with_catalog(use)


def _kept(inputs=None):
    """The exercises of the last grading; None where there is none, or one of other inputs."""
    try:
        exercises, digest = results.read(RESULTS)
    except (OSError, ValueError, KeyError):
        return None
    return exercises if inputs in (None, digest) else None


def _digest():
    """What a grading depends on: the answers, the checks, the grader and the reference."""
    total = hashlib.sha256(sys.version.encode())
    for folder in INPUTS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            total.update(str(path.relative_to(ROOT)).encode() + b"\0")
            total.update(Path(path).read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
