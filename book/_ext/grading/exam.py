"""The grader's own exam: known mistakes must be caught by the check that names them, right answers
in any style must pass.

`python -m grading.exam` holds it and writes `_build/exam.json`: for every answer, the state of each
check. `tests/exercises/test_exam.py` judges the outcome.
"""

import argparse
import json

from grading import grader
from grading.collect import chapter_order, with_catalog
from grading.known import answers, mistake, right_answer
from grading.paths import MISTAKES, ROOT

__all__ = ["answers", "hold", "mistake", "right_answer"]

OUTCOME = ROOT / "_build" / "exam.json"


def hold(stems=None):
    """Grade the reference, the untouched stubs and every known answer.

    Returns:
        [{"stem", "exercise", "answer", "what", "caught_by", "state", "message", "checks"}, ...]
        where answer is "reference", "stub" or the known answer's name.
    """
    stems = stems or chapter_order()

    def use(catalog):
        import attention

        grader.warm_up()
        outcomes = []

        def sit(name, answer, load, file, what="", caught_by=None):
            exercise = grader.grade(catalog.checks(name), load, catalog.exercise(name), file)
            outcomes.append(
                {"stem": exercise.stem, "exercise": name, "answer": answer, "what": what,
                 "caught_by": caught_by, "state": exercise.state, "message": exercise.message,
                 "checks": [[c.name, c.state, c.message] for c in exercise.checks]}
            )  # fmt: skip

        for name in catalog:
            sit(name, "reference", lambda: attention, attention.__file__)
        for stem in stems:
            for known in answers(stem):
                file = MISTAKES / f"{stem}.py"
                sit(known.exercise, known.name, known.load, file, known.what, known.caught_by)
        return outcomes

    return with_catalog(use, stems)


def main():
    parser = argparse.ArgumentParser(prog="python -m grading.exam", description=__doc__)
    parser.add_argument("stem", nargs="*", help="chapters to examine (default: all)")
    outcomes = hold(parser.parse_args().stem or None)
    OUTCOME.parent.mkdir(exist_ok=True)
    OUTCOME.write_text(json.dumps(outcomes, indent=1), encoding="utf-8")
    print(f"{len(outcomes)} answers examined; {OUTCOME.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
