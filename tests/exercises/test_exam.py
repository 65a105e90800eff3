"""The grader's exam: known mistakes are caught by name, right answers pass, stubs are unstarted,
and of the mistakes made by machine none passes."""

import ast
import subprocess
import sys

import pytest

from grading import exam, holes_file, results, results_file
from grading.known import answers
from grading.paths import ROOT, STUBS
from grading.solutions import solutions
from grading.stems import chapter_order

ANSWERS = [answer for stem in chapter_order() for answer in answers(stem)]
MISTAKES = [answer for answer in ANSWERS if answer.caught_by]
RIGHT = [answer for answer in ANSWERS if not answer.caught_by]
FEWEST_MISTAKES = {"scaled_dot_product_attention": 12, "MultiHeadAttention": 12}


def label(answer):
    return f"{answer.stem}-{answer.exercise}-{answer.name}"


@pytest.fixture(scope="session")
def outcomes():
    """Every known answer's outcome; what has not changed since the last exam is not held again."""
    subprocess.run([sys.executable, "-m", "grading.exam"], cwd=ROOT)
    found = [o for chapter in exam.held().values() for o in chapter["outcomes"]]
    return {(o["exercise"]["name"], o["answer"]): o for o in found}


@pytest.mark.parametrize("answer", MISTAKES, ids=label)
def test_mistake_is_caught_by_the_check_that_names_it(answer, outcomes):
    """The first check to fail is the one whose hint fits the mistake."""
    exercise = results_file.from_record(outcomes[answer.exercise, answer.name]["exercise"])
    assert exercise.diagnosis is not None, f"{answer.name} passed every check"
    assert exercise.diagnosis.name == answer.caught_by, exercise.diagnosis
    assert exercise.diagnosis.hint, "the learner gets no hint"


@pytest.mark.parametrize("answer", RIGHT, ids=label)
def test_right_answer_in_another_style_passes(answer, outcomes):
    """Einsum, a loop or the library: all right answers get full marks."""
    exercise = results_file.from_record(outcomes[answer.exercise, answer.name]["exercise"])
    assert exercise.state == results.PASSED, exercise.diagnosis


def test_reference_passes_every_check(outcomes):
    """Each exercise can be solved."""
    states = {
        name: o["exercise"]["state"] for (name, answer), o in outcomes.items()
        if answer == "reference"
    }  # fmt: skip
    assert states and set(states.values()) == {results.PASSED}, states


def test_every_exercise_has_enough_known_answers(outcomes):
    """Six mistakes, twelve for the two that the book is about, and three other right answers."""
    for exercise in {exercise for exercise, _ in outcomes}:
        mistakes = [a for a in MISTAKES if a.exercise == exercise]
        right = [a for a in RIGHT if a.exercise == exercise]
        fewest = FEWEST_MISTAKES.get(exercise, 6)
        assert len(mistakes) >= fewest, f"{exercise} has {len(mistakes)} known mistakes"
        assert len(right) >= 3, f"{exercise} has {len(right)} other right answers"


def test_holes_were_looked_for_in_these_checks(outcomes):
    """What is known of machine-made mistakes is of the checks and solutions as they are."""
    stems = {o["exercise"]["name"]: o["exercise"]["stem"] for o in outcomes.values()}
    known = {name: record["inputs"] for name, record in holes_file.read().items()}
    now = {n: holes_file.inputs(stem, list(solutions(stem, n))) for n, stem in stems.items()}
    stale = [name for name in stems if known.get(name) != now[name]]
    assert not stale and known.keys() == now.keys(), (
        f"run `make exam-holes`, and commit book/holes.json: changed are {', '.join(stale)}"
    )


@pytest.mark.parametrize("exercise", holes_file.read())
def test_no_machine_made_mistake_passes(exercise):
    """What passes all checks is on the list of what may, with its reason."""
    assert holes_file.counts(holes_file.read())[exercise].holes == []


def test_the_list_of_what_may_pass_holds_nothing_else():
    """A mutant on it that is made no longer, or is caught, is taken off; every group has a why."""
    passed = {name: record["passed"] for name, record in holes_file.read().items()}
    stale = [
        f"{exercise}: {mutant}"
        for exercise, reasons in holes_file.listed().items()
        for mutant, why in reasons.items()
        if mutant not in passed.get(exercise, []) or not why.strip()
    ]
    assert stale == []


def test_untouched_stub_is_not_started(tmp_path):
    """A function that still raises NotImplementedError is "not started", never an error."""
    report = tmp_path / "results.json"
    command = [sys.executable, "-m", "grading", "--json", str(report)]
    subprocess.run(command, cwd=ROOT, capture_output=True)
    exercises, _ = results_file.read(report)
    untouched = [e for e in exercises if _is_untouched(e)]
    assert {e.name: e.state for e in untouched} == {e.name: results.NOT_STARTED for e in untouched}


def _is_untouched(exercise):
    source = (STUBS / f"{exercise.stem}.py").read_text(encoding="utf-8")
    body = next(
        (n for n in ast.parse(source).body if getattr(n, "name", None) == exercise.name), None
    )
    return body is not None and "raise NotImplementedError" in ast.unparse(body)
