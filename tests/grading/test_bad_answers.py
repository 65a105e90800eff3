"""Whatever a learner's file does, its card tells the truth and the other exercises are graded."""

import pytest

from grading import grader, results
from grading.child import Limits, load_file
from grading.collect import with_catalog

RIGHT = "import torch\ndef softmax(scores):\n    return torch.softmax(scores, -1)\n"
LIMITS = Limits(seconds=1.0)


def body(*lines):
    return "import torch\ndef softmax(scores):\n" + "".join(f"    {line}\n" for line in lines)


# name: (the file, the exercise's state, what the message must contain)
BAD = {
    "syntax_error": ("def softmax(scores)\n    return scores\n", results.ERROR, "line 1"),
    "missing_function": ("def soft_max(scores): return scores\n", results.ERROR, "no `softmax`"),
    "not_callable": ("softmax = 3\n", results.ERROR, "not a function"),
    "exception": (body("return scores.nope()"), results.ERROR, "line 3: return scores.nope()"),
    "exception_at_import": ("import nonsense_module\n", results.ERROR, "line 1"),
    "exit_at_import": ("import sys\nsys.exit(0)\n", results.ERROR, "end the program"),
    "exit_inside": (body("import sys; sys.exit(0)"), results.ERROR, "end the program"),
    "hard_exit": (body("import os; os._exit(0)"), results.CRASHED, "ended the process"),
    "interrupt": (body("raise KeyboardInterrupt"), results.CRASHED, "ended the process"),
    "crash": (
        body("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
        results.CRASHED,
        "SIGSEGV",
    ),
    "endless_loop": (body("while True: pass"), results.TIMED_OUT, "Still running"),
    "endless_loop_that_swallows": (
        body(
            "while True:", "    try:", "        while True: pass", "    except BaseException: pass"
        ),
        results.TIMED_OUT,
        "Still running",
    ),
    "flood": (body("while True: print('x' * 1000)"), results.TOO_MUCH_OUTPUT, "printed more"),
    "huge_tensor": (body("return torch.ones(1 << 40)"), results.OUT_OF_MEMORY, "more memory"),
    "reads_input": (body("return input()"), results.ERROR, "EOF"),
    "returns_none": (body("pass"), results.FAILED, "got None"),
    "returns_text": (body("return 'weights'"), results.FAILED, "a str"),
    "wrong_dtype": (body("return torch.softmax(scores.double(), -1)"), results.FAILED, "float64"),
    "empty_file": ("", results.ERROR, "no `softmax`"),
    "control_characters": (
        body("raise ValueError('\\x1b[31mred\\x00 {{ x }} <script>')"),
        results.ERROR,
        "ValueError: red {{ x }} <script>",
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Every bad file graded for `softmax`, and after each a right one, by one warm process."""
    folder = tmp_path_factory.mktemp("answers")

    def grade(catalog, name, source):
        file = folder / f"{name}.py"
        file.write_text(source, encoding="utf-8")
        exercise = catalog.exercise("softmax")
        grader.grade(catalog.checks("softmax"), lambda: load_file(file), exercise, file, LIMITS)
        assert file.read_text(encoding="utf-8") == source
        return exercise

    def all_of_them(catalog):
        grader.warm_up()
        return {
            name: (grade(catalog, name, source), grade(catalog, f"{name}_then_right", RIGHT))
            for name, (source, *_) in BAD.items()
        }

    return with_catalog(all_of_them, ["soft_lookup"])


@pytest.mark.parametrize("name", BAD)
def test_bad_answer_gets_a_card_that_says_so(name, graded):
    """The state and the message fit what the file does."""
    _, state, words = BAD[name]
    exercise, _ = graded[name]
    assert exercise.state == state, exercise
    assert words in (exercise.message or exercise.diagnosis.message)


@pytest.mark.parametrize("name", BAD)
def test_next_answer_is_graded_as_if_nothing_had_happened(name, graded):
    """The warm process survives."""
    _, right = graded[name]
    assert right.state == results.PASSED, right


def test_checks_before_and_after_a_crash_still_count(tmp_path):
    """Results leave one by one, and the checks after a crash run in a new child."""
    file = tmp_path / "answer.py"
    file.write_text(
        "import os, torch\n"
        "def softmax(scores):\n"
        "    if scores.min() < -2.5 and scores.shape == (1, 3): os._exit(3)\n"
        "    return torch.softmax(scores, -1)\n",
        encoding="utf-8",
    )

    def once(catalog):
        exercise = catalog.exercise("softmax")
        return grader.grade(catalog.checks("softmax"), lambda: load_file(file), exercise, file)

    exercise = with_catalog(once, ["soft_lookup"])
    states = {check.name: check.state for check in exercise.checks}
    crashed = [name for name, state in states.items() if state == results.CRASHED]
    assert crashed == ["test_softmax_weights_are_positive"]
    assert all(s == results.PASSED for name, s in states.items() if name not in crashed), states


def test_missing_file_says_so(tmp_path):
    """A stub that was deleted is named."""
    file = tmp_path / "soft_lookup.py"

    def once(catalog):
        exercise = catalog.exercise("softmax")
        return grader.grade(catalog.checks("softmax"), lambda: load_file(file), exercise, file)

    exercise = with_catalog(once, ["soft_lookup"])
    assert exercise.state == results.ERROR
    assert str(file) in exercise.message
