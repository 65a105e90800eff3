"""The grader's exam: known mistakes are caught by name, right answers pass, stubs are unstarted."""

import ast
import json
import subprocess
import sys

import pytest

from grading import exam, results
from grading.collect import chapter_order
from grading.paths import ROOT, STUBS

ANSWERS = [answer for stem in chapter_order() for answer in exam.answers(stem)]
MISTAKES = [answer for answer in ANSWERS if answer.caught_by]
RIGHT = [answer for answer in ANSWERS if not answer.caught_by]
FEWEST_MISTAKES = 4


def label(answer):
    return f"{answer.stem}-{answer.exercise}-{answer.name}"


@pytest.fixture(scope="session")
def outcomes():
    """Every known answer's outcome, from one run of the exam."""
    subprocess.run([sys.executable, "-m", "grading.exam"], check=True, cwd=ROOT)
    found = json.loads(exam.OUTCOME.read_text(encoding="utf-8"))
    return {(outcome["exercise"], outcome["answer"]): outcome for outcome in found}


@pytest.mark.parametrize("answer", MISTAKES, ids=label)
def test_mistake_is_caught_by_the_check_that_names_it(answer, outcomes):
    """The first check to fail is the one whose hint fits the mistake."""
    outcome = outcomes[answer.exercise, answer.name]
    first = next((c for c in outcome["checks"] if c[1] != results.PASSED), None)
    assert first is not None, f"{answer.name} passed every check"
    assert first[0] == answer.caught_by, f"caught by {first}"


@pytest.mark.parametrize("answer", RIGHT, ids=label)
def test_right_answer_in_another_style_passes(answer, outcomes):
    """Einsum, a loop or the library: all right answers get full marks."""
    outcome = outcomes[answer.exercise, answer.name]
    assert outcome["state"] == results.PASSED, outcome["checks"]


def test_reference_passes_every_check(outcomes):
    """Each exercise can be solved."""
    references = {e: o["state"] for (e, name), o in outcomes.items() if name == "reference"}
    assert references and set(references.values()) == {results.PASSED}, references


def test_every_exercise_has_mistakes_and_another_right_answer(outcomes):
    """No exercise goes unexamined."""
    for exercise in {exercise for exercise, _ in outcomes}:
        mistakes = [a for a in MISTAKES if a.exercise == exercise]
        assert len(mistakes) >= FEWEST_MISTAKES, f"{exercise} has {len(mistakes)} known mistakes"
        assert any(a.exercise == exercise for a in RIGHT), f"{exercise} has no other right answer"


def test_untouched_stub_is_not_started(tmp_path):
    """A function that still raises NotImplementedError is "not started", never an error."""
    report = tmp_path / "results.json"
    command = [sys.executable, "-m", "grading", "--json", str(report)]
    subprocess.run(command, cwd=ROOT, capture_output=True)
    exercises, _ = results.read(report)
    untouched = [e for e in exercises if _is_untouched(e)]
    assert {e.name: e.state for e in untouched} == {e.name: results.NOT_STARTED for e in untouched}


def _is_untouched(exercise):
    source = (STUBS / f"{exercise.stem}.py").read_text(encoding="utf-8")
    body = next(
        (n for n in ast.parse(source).body if getattr(n, "name", None) == exercise.name), None
    )
    return body is not None and "raise NotImplementedError" in ast.unparse(body)
