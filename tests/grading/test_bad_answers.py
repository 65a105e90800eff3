"""Whatever a learner's file does, its card tells the truth and the other exercises are graded."""

import subprocess
import sys

import pytest

from bad_answers import BAD, LIMITS, RIGHT, assert_told, content, grade, save
from grading import grader, results, results_file
from grading.collect import with_catalog


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Every bad file graded, and after each a right one, by one warm process."""
    folder = tmp_path_factory.mktemp("answers")
    right = folder / "right.py"
    right.write_text(RIGHT)

    def bad_then_right(catalog, name):
        file = folder / f"{name}.py"
        save(name, file)
        before = content(file)
        exercise = grade(catalog, file, LIMITS)
        assert content(file) == before
        return exercise, grade(catalog, right, LIMITS)

    def all_of_them(catalog):
        grader.warm_up()
        return {name: bad_then_right(catalog, name) for name in BAD}

    return with_catalog(all_of_them, ["soft_lookup"])


@pytest.mark.parametrize("name", BAD)
def test_bad_answer_gets_a_card_that_says_so(name, graded):
    """The state and the message fit what the file does."""
    assert_told(name, graded[name][0])


@pytest.mark.parametrize(
    "name", ["endless_loop", "crash", "exception", "not_callable", "helper_not_written"]
)
def test_hint_is_not_shown_where_it_says_nothing(name, graded):
    """A hint is about an idea; a loop without an end or a missing function is none."""
    assert graded[name][0].diagnosis.hint == ""
    assert graded["returns_none"][0].diagnosis.hint  # where it fits, it stays


def test_file_that_cannot_be_graded_has_no_points(graded):
    """Whatever its checks said: they were tampered with."""
    exercise, _ = graded["patched_isclose"]
    assert exercise.points == 0 and exercise.message


def test_syntax_error_in_a_long_line_is_no_wall_of_text(tmp_path):
    """Nobody finds a caret under five thousand characters."""
    file = tmp_path / "answer.py"
    file.write_text(f"x = '{'a' * 5000}' 5\n")
    exercise = with_catalog(lambda catalog: grade(catalog, file), ["soft_lookup"])
    assert exercise.message == "Syntax error in line 1: invalid syntax"


# name: a right answer that is no plain function
UNUSUAL = {
    "callable_object": "class Softmax:\n    def __call__(self, s): return _softmax(s)\n"
    "softmax = Softmax()\n",
    "partial": "import functools\nsoftmax = functools.partial(_softmax)\n",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_right_answer_passes(name, tmp_path):
    """What counts is what it returns."""
    file = tmp_path / "answer.py"
    file.write_text(RIGHT.replace("softmax", "_softmax") + UNUSUAL[name])
    exercise = with_catalog(lambda catalog: grade(catalog, file), ["soft_lookup"])
    assert exercise.state == results.PASSED, exercise


def test_book_s_own_class_cannot_be_derived_from(tmp_path):
    """Its code would do the work."""
    file = tmp_path / "answer.py"
    file.write_text("import attention\nclass SelfAttention(attention.SelfAttention): pass\n")

    graded = with_catalog(lambda c: grade(c, file, name="SelfAttention"), ["self_attention"])
    message = graded.message
    assert "write it yourself, without attention.SelfAttention" in message


@pytest.mark.parametrize("name", BAD)
def test_next_answer_is_graded_as_if_nothing_had_happened(name, graded):
    """The warm process survives."""
    _, right = graded[name]
    assert right.state == results.PASSED, right


def test_checks_before_and_after_a_crash_still_count(tmp_path):
    """Results leave one by one, and the checks after a crash run in a new child."""
    file = tmp_path / "answer.py"
    file.write_text(
        RIGHT.replace(
            "    e =", "    if scores.shape == (1, 3) and scores.min() == -3: exit_()\n    e ="
        )
        + "import os\ndef exit_(): os._exit(3)\n",
        encoding="utf-8",
    )
    exercise = with_catalog(lambda catalog: grade(catalog, file), ["soft_lookup"])
    states = {check.name: check.state for check in exercise.checks}
    crashed = [name for name, state in states.items() if state == results.CRASHED]
    assert crashed == ["test_softmax_weights_are_positive"]
    assert all(s == results.PASSED for name, s in states.items() if name not in crashed), states


def test_results_are_written_by_the_grader_alone(tmp_path):
    """What an answer writes into the results file is gone when the grading ends."""
    report = tmp_path / "report.json"
    forger = f"open({str(report)!r}, 'w').write('{{\"version\": 1, \"forged\": true}}')\n"
    (tmp_path / "soft_lookup.py").write_text(forger + "def softmax(scores): return scores\n")
    command = [sys.executable, "-m", "grading", "softmax", "--from", tmp_path, "--json", report]
    subprocess.run(command, capture_output=True, timeout=120)
    assert "forged" not in report.read_text()
    exercises, _ = results_file.read(report)
    assert next(e for e in exercises if e.name == "softmax").state == results.FAILED
