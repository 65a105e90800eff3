"""Looks for holes in the checks: small errors put into the solutions by machine must be caught.

`make exam-holes` grades every mutant (see `mutants`) of every solution (see `solutions`) of the
exercises whose solutions or checks have changed since, prints a table, and writes what it found
(see `holes_file`).
"""

import argparse
import contextlib
import os
import sys

from rich.console import Console
from rich.progress import track
from rich.table import Table

from grading import holes_file, results
from grading.limits import Limits
from grading.nothing_graded import CollectionError, NothingGraded
from surroundings import settle

LIMITS = Limits(seconds=30)  # nobody waits, and a busy machine must not pass for a loop
FATES = {results.PASSED: "passed", results.FAILED: "caught"}  # any other state: "crashed"


class Decided(Exception):
    """A check has failed: the others need not run."""


def stop_at_a_failure(exercise):
    if exercise.state not in (results.PASSED, results.NOT_RUN):
        raise Decided


def hunt(console, names, jobs, everything=False):
    """Grade the mutants of these exercises and chapters; what has not changed is known already.

    Returns:
        {exercise: what is known of it}, of those asked for, all where none is named.
    """
    from grading import grader
    from grading.collect import with_catalog
    from grading.side_by_side import side_by_side
    from grading.solutions import solutions

    def use(catalog):
        def fate(solution, mutant, source):
            name = solution.answer.exercise
            exercise, checks = catalog.exercise(name), catalog.checks(name)
            with contextlib.suppress(Decided):
                load, file = lambda: solution.load(source), solution.file
                grader.grade(checks, load, exercise, file, LIMITS, stop_at_a_failure)
            return name, mutant, FATES.get(exercise.state, "crashed")

        stems = {name: catalog.stem(name) for name in catalog}
        if strangers := set(names) - set(stems) - set(stems.values()):
            strange = ", ".join(sorted(strangers))
            raise CollectionError(f"no exercise or chapter is called {strange}.")
        before = holes_file.read()
        known = {name: before[name] for name in stems if name in before}
        wanted = [name for name in stems if not names or {name, stems[name]} & set(names)]
        work = []
        for name in wanted:
            solved = list(solutions(stems[name], name))
            inputs = holes_file.inputs(stems[name], solved)
            if everything or known.get(name, {}).get("inputs") != inputs:
                known[name] = {"inputs": inputs, "caught": 0, "crashed": 0, "passed": []}
                work += [(right, *mutant) for right in solved for mutant in right.mutants()]
        fates = side_by_side(fate, work, jobs) if work else ()
        for name, mutant, fate in track(
            fates, "machine-made mistakes", len(work),
            console=console, transient=True, disable=not console.is_terminal,
        ):  # fmt: skip
            if fate == "passed":
                known[name]["passed"] = sorted([*known[name]["passed"], mutant])
            else:
                known[name][fate] += 1
        holes_file.write({name: known[name] for name in stems if name in known})
        return {name: known[name] for name in wanted}

    return with_catalog(use)


def report(console, known):
    """Print the table, and below it each hole; how many there are."""
    counts = holes_file.counts(known)
    table = Table("exercise", "made", "caught", "crashed", "same function", "holes")
    for name, found in counts.items():
        numbers = found.made, found.caught, found.crashed, found.same, len(found.holes)
        table.add_row(name, *map(str, numbers))
    console.print(table)
    holes = [f"{name}: {mutant}" for name, found in counts.items() for mutant in found.holes]
    for hole in holes:
        console.print(hole, soft_wrap=True)
    return len(holes)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m grading.holes",
        description="Put small errors into the solutions, and see that the checks catch them. The "
        "exit status is 1 if one passes that tests/exercises/same_function.toml does not list.",
    )
    parser.add_argument("exercise", nargs="*", help="exercises or chapters (default: all)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--all", action="store_true", help="grade also what has not changed")
    options = parser.parse_args()
    console = Console(highlight=False, markup=False)
    known = hunt(console, options.exercise, options.jobs, options.all)
    return 1 if report(console, known) else 0


if __name__ == "__main__":
    settle("grading.holes")
    try:
        sys.exit(main())
    except NothingGraded as problem:
        sys.exit(f"No holes were looked for: {problem}")
