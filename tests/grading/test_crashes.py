"""A check that an exception ends says what the exception is about, not what the check was for.

Every kind with a real answer, graded as a learner's file is.
"""

import pytest

from bad_answers import grade
from crashes import CRASHES, TOP
from grading import card, exam, grader, results, results_file
from grading.collect import with_catalog


@pytest.fixture(scope="module")
def diagnoses(tmp_path_factory):
    """{name: the first check that did not pass}, all graded by one warm process."""
    folder = tmp_path_factory.mktemp("answers")

    def diagnosis(catalog, name, answer):
        file = folder / f"{len(list(folder.iterdir()))}.py"
        file.write_text(TOP + answer)
        graded = grade(catalog, file, name=name)
        assert not graded.message, graded.message
        return graded.diagnosis

    def all_of_them(catalog):
        grader.warm_up()
        return {c: diagnosis(catalog, name, answer) for c, (name, _, answer, _) in CRASHES.items()}

    return with_catalog(all_of_them, sorted({stem for _, stem, _, _ in CRASHES.values()}))


def test_answer_that_cannot_be_loaded_is_told_what_is_missing(tmp_path):
    """There is no check whose hint it could be, so it stands with the message."""
    file = tmp_path / "answer.py"
    file.write_text("import torch\nclass SelfAttention(nn.Module): pass\n")

    graded = with_catalog(lambda c: grade(c, file, name="SelfAttention"), ["self_attention"])
    message = graded.message
    assert message.endswith("`nn` is not imported: from torch import nn"), message


def test_check_says_what_it_could_not_use(diagnoses):
    """What the answer returned in that call, since no line of it failed."""
    shape, nothing = (
        diagnoses[case].message for case in ("what the check cannot go on with",
                                             "None returned at times")
    )  # fmt: skip
    assert "use what your code returned, a tensor of shape (). IndexError" in shape
    assert "use what your code returned, None. TypeError" in nothing


@pytest.mark.parametrize(
    ("state", "words"), [("error", "✓ stopped by an exception in: It"), ("failed", "✓ caught: It")]
)
def test_exam_counts_no_crash_as_caught_by_its_check(state, words):
    """The check stopped the mistake, and has not told it from any other."""
    failed = results.Check("test_it", "It", 1, state=state, message="No.")
    record = results_file.as_record(results.Exercise("it", "stem", "it.py", [failed]))
    outcome = {"answer": "a", "what": "A slip.", "caught_by": "test_it", "exercise": record}
    assert words in card.exam_of({"inputs": "", "outcomes": [outcome]}, {})
    assert exam.caught(outcome) and exam.crashed(outcome) == (state == "error")


@pytest.mark.parametrize("case", CRASHES)
def test_hint_is_about_the_exception(case, diagnoses):
    """Not about what the check was for."""
    diagnosis, words = diagnoses[case], CRASHES[case][3]
    assert diagnosis.state in (results.ERROR, results.FAILED), diagnosis
    assert words in diagnosis.hint and bool(words) == bool(diagnosis.hint), diagnosis
