"""Looks for holes in the checks: small errors put into the solutions by machine must be caught.

`make exam-holes` grades every mutant (see `mutants`) of every solution (see `solutions`) of the
exercises whose solutions or checks have changed, prints a table, and keeps `book/holes.json`, which
the page `grader_exam` and `tests/exercises/test_holes.py` read. A mutant that passes every check is
either the same function, and then stands with its reason in
`tests/exercises/same_function.toml`, or a hole. The file's schema, version 1::

    {"version": 1, "exercises": {EXERCISE: {"inputs": DIGEST, "caught": N, "crashed": N,
                                            "passed": [MUTANT, ...]}}}
"""

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import os
import sys
import tomllib

from rich.console import Console
from rich.progress import track
from rich.table import Table

from grading import results, results_file
from grading.nothing_graded import CollectionError, NothingGraded
from grading.paths import CHECKS, GRADER, HOLES, SAME_FUNCTION
from sources import read_source
from surroundings import settle

VERSION = 1


def found():
    """What has been found: {exercise: {"inputs", "caught", "crashed", "passed"}}."""
    try:
        record = json.loads(HOLES.read_text(encoding="utf-8"))
        return record["exercises"] if record["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def same_functions():
    """{exercise: {mutant: the reason why it is the same function}}."""
    listed = tomllib.loads(SAME_FUNCTION.read_text(encoding="utf-8"))
    return {
        exercise: {mutant: group["why"] for group in groups for mutant in group["mutants"]}
        for exercise, groups in listed.items()
    }


def inputs(stem, solved):
    """A digest of what the fate of an exercise's mutants follows from."""
    files = [CHECKS / f"test_{stem}.py", *(GRADER / f"{m}.py" for m in ("mutants", "slips"))]
    texts = [*map(read_source, files), *(solution.source for solution in solved)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


class Bench:
    """Where mutants are graded: in processes of its own, as many at once as there are jobs."""

    def __init__(self, catalog, work, jobs):
        self.catalog, self.work, self.jobs = catalog, work, jobs

    def fates(self):
        """(exercise, mutant, what became of it) for each, as it becomes known."""
        global _bench
        from grading import grader
        from grading.processes import adopt_orphans

        grader.warm_up()
        _bench = self  # found by the processes, which are forks of this one
        fork = multiprocessing.get_context("fork")
        with fork.Pool(self.jobs, initializer=adopt_orphans) as pool:
            yield from pool.imap_unordered(_fate, range(len(self.work)))

    def fate(self, number):
        from grading import grader

        solution, mutant, source = self.work[number]
        name = solution.answer.exercise
        exercise, checks = self.catalog.exercise(name), self.catalog.checks(name)

        class Decided(Exception):
            """A check has failed: the others need not run."""

        def told(exercise):
            if exercise.state not in (results.PASSED, results.NOT_RUN):
                raise Decided

        with contextlib.suppress(Decided):
            grader.grade(checks, lambda: solution.load(source), exercise, solution.file, told=told)
        fate = {results.PASSED: "passed", results.FAILED: "caught"}.get(exercise.state, "crashed")
        return name, mutant, fate


_bench = None


def _fate(number):
    return _bench.fate(number)


def _work(solved):
    """[(solution, mutant, source)], first of each solution its own source."""
    for solution in solved:
        style = f"{solution.answer.name}: " if solution.answer.name != "reference" else ""
        for what, source in solution.mutants():
            yield solution, style + what, source


def hunt(console, names, jobs, everything):
    """Grade the mutants of the exercises, or chapters, of these names; what is known is kept."""
    from grading.collect import with_catalog
    from grading.solutions import solutions

    def use(catalog):
        stems = {name: catalog.exercise(name).stem for name in catalog}
        if strangers := set(names) - set(stems) - set(stems.values()):
            raise CollectionError(f"no exercise or chapter is called {', '.join(sorted(strangers))}")
        known, before, work = {}, found(), []
        for name, stem in stems.items():
            solved = list(solutions(stem, name))
            known[name] = {"inputs": inputs(stem, solved), "caught": 0, "crashed": 0, "passed": []}
            old = before.get(name)
            wanted = {name, stem} & set(names) or not names
            if old and not (wanted and (everything or old["inputs"] != known[name]["inputs"])):
                known[name] = old
            elif wanted:
                work += _work(solved)
            else:
                del known[name]
        fates = Bench(catalog, work, jobs).fates() if work else ()
        for name, mutant, fate in track(fates, "machine-made mistakes", total=len(work),
                                        console=console, transient=True,
                                        disable=not console.is_terminal):  # fmt: skip
            if fate == "passed":
                known[name]["passed"].append(mutant)
            else:
                known[name][fate] += 1
        for record in known.values():
            record["passed"].sort()
        results_file.replace(HOLES, {"version": VERSION, "exercises": known})
        return {name: record for name, record in known.items() if not names or {name, stems[name]} & set(names)}

    return with_catalog(use)


def report(console, known):
    """Print the table and the holes; how many there are."""
    same = same_functions()
    table = Table("exercise", "mistakes", "caught", "crashed", "same function", "holes")
    holes = 0
    for name, record in known.items():
        listed = [mutant for mutant in record["passed"] if mutant in same.get(name, {})]
        left = [mutant for mutant in record["passed"] if mutant not in listed]
        made = record["caught"] + record["crashed"] + len(left)
        table.add_row(name, *map(str, (made, record["caught"], record["crashed"], len(listed), len(left))))
        holes += len(left)
    console.print(table)
    for name, record in known.items():
        for mutant in record["passed"]:
            if mutant not in same.get(name, {}):
                console.print(f"{name}: {mutant}", soft_wrap=True)
    return holes


def main():
    parser = argparse.ArgumentParser(
        prog="python -m grading.holes",
        description="Put small errors into the solutions and see that the checks catch them. The "
        "exit status is 1 if one passes that is not listed as the same function.",
    )
    parser.add_argument("exercise", nargs="*", help="exercises or chapters (default: all)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--all", action="store_true", help="also what has not changed")
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
