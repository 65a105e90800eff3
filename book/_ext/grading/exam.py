"""The grader's own exam: known mistakes must be caught by the check that names them, right answers
in any style must pass.

`python -m grading.exam` holds it, chapter by chapter where something changed, and writes
`_build/exam.json`; `tests/exercises/test_exam.py` judges the outcome, and the page `grader_exam`
shows it. The file's schema, version 3::

    {"version": 3, "chapters": {STEM: {"inputs": DIGEST, "outcomes": [OUTCOME, ...]}}}
    OUTCOME = {"answer", "what", "caught_by", "exercise"}

`answer` is "reference" or a known answer's name, `exercise` a record as in `grading.results_file`.
"""

import argparse
import ast
import json
import re
import sys

from rich.console import Console
from rich.progress import track

from grading import results, results_file
from grading.nothing_graded import NothingGraded
from grading.paths import BELOW_GRADER, CHECKS, EXAM, GRADER, MISTAKES, ROOT
from import_closure import Tree, closure, digest
from sources import read_source
from surroundings import settle

VERSION = 3


def hold(stems, console):
    """Grade the reference and every known answer of these chapters: {stem: [outcome, ...]}."""
    from grading import grader
    from grading.collect import with_catalog
    from grading.known import answers
    from grading.side_by_side import side_by_side

    def use(catalog):
        import attention

        def sit(name, load, file, answer="reference", what="", caught_by=None):
            exercise = grader.grade(catalog.checks(name), load, catalog.exercise(name), file)
            outcome = {"answer": answer, "what": what, "caught_by": caught_by}
            return exercise.stem, outcome | {"exercise": results_file.as_record(exercise)}

        work = [(name, lambda: attention, attention.__file__) for name in catalog]
        work += [
            (a.exercise, a.load, MISTAKES / f"{a.stem}.py", a.name, a.what, a.caught_by)
            for stem in stems
            for a in answers(stem)
        ]
        outcomes = {stem: [] for stem in stems}
        for stem, outcome in track(
            side_by_side(sit, work), "the grader's exam", len(work),
            console=console, transient=True, disable=not console.is_terminal,
        ):  # fmt: skip
            outcomes[stem].append(outcome)
        return outcomes

    return with_catalog(use, stems)


def held():
    """What the last exam wrote: {stem: {"inputs", "outcomes"}}; empty before the first."""
    try:
        record = json.loads(EXAM.read_text(encoding="utf-8"))
        return record["chapters"] if record["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def inputs(stem, tree):
    """A digest of what a chapter's exam depends on."""
    files = [CHECKS / f"test_{stem}.py", MISTAKES / f"{stem}.py"]
    source = "\n".join(map(read_source, files))
    # The grader may import all of `attention`; what this chapter's exam depends on is what its
    # own files import, and the references that it grades.
    module = ast.parse(source)
    module.body = [
        n for n in module.body if not (getattr(n, "module", None) or "").startswith("grading")
    ]
    code = ast.unparse(module)
    names = re.findall(r'exercise\(\s*"(\w+)"', source)
    code += f"\nfrom attention import {', '.join(names)}\n"
    machinery = {*GRADER.glob("*.py"), *BELOW_GRADER}
    return digest({*files, *closure(code, tree), *machinery}, sys.version, ROOT)


def main():
    from grading.stems import chapter_order

    parser = argparse.ArgumentParser(
        prog="python -m grading.exam",
        description="Hold the known mistakes and right answers against the checks.",
    )
    parser.add_argument("stem", nargs="*", help="chapters to examine (default: those that changed)")
    options = parser.parse_args()
    console, stems, before = Console(highlight=False, markup=False), chapter_order(), held()
    tree = Tree(ROOT)
    now = {stem: inputs(stem, tree) for stem in stems}
    good = {
        stem
        for stem, chapter in before.items()
        if chapter["inputs"] == now.get(stem) and all(map(as_expected, chapter["outcomes"]))
    }
    stale = options.stem or [stem for stem in stems if stem not in good]
    fresh = hold(stale, console) if stale else {}
    chapters = {
        stem: {"inputs": now[stem], "outcomes": fresh[stem]} if stem in fresh else before[stem]
        for stem in stems
        if stem in fresh or stem in before
    }
    results_file.replace(EXAM, {"version": VERSION, "chapters": chapters})
    outcomes = [o for chapter in chapters.values() for o in chapter["outcomes"]]
    mistakes = [o for o in outcomes if o["caught_by"]]
    crashes = sum(crashed(o) for o in mistakes if caught(o))
    what = ", ".join(stale) or "nothing has changed"
    console.print(
        f"Exam of the grader: {sum(map(caught, mistakes)) - crashes} of {len(mistakes)} known "
        f"mistakes caught by the check that names them, {crashes} by an exception in it ({what})"
    )
    surprises = [outcome for outcome in outcomes if not as_expected(outcome)]
    for outcome in surprises:
        diagnosis = results_file.from_record(outcome["exercise"]).diagnosis
        console.print(
            f"  {outcome['exercise']['name']}: {outcome['answer']} should "
            f"{'be caught by ' + outcome['caught_by'] if outcome['caught_by'] else 'pass'}; "
            f"{diagnosis and f'{diagnosis.name}: {diagnosis.message}'}"
        )
    return 1 if surprises else 0


def caught(outcome):
    """Whether the first check that failed is the one that the mistake names."""
    diagnosis = results_file.from_record(outcome["exercise"]).diagnosis
    return diagnosis is not None and diagnosis.name == outcome["caught_by"]


def crashed(outcome):
    """Whether an exception ended that check, which then says nothing of what it is about."""
    diagnosis = results_file.from_record(outcome["exercise"]).diagnosis
    return diagnosis is not None and diagnosis.state == results.ERROR


def as_expected(outcome):
    """Whether a mistake was caught by name, or a right answer passed."""
    return caught(outcome) if outcome["caught_by"] else (
        outcome["exercise"]["state"] == results.PASSED
    )  # fmt: skip


if __name__ == "__main__":
    settle("grading.exam")
    try:
        sys.exit(main())
    except NothingGraded as problem:
        sys.exit(f"The exam was not held: {problem}")
