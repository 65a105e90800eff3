"""Whatever a learner's file does, its card tells the truth and the other exercises are graded."""

import subprocess
import sys
from pathlib import Path

import pytest

from grading import grader, results, results_file
from grading.child import load_answer
from grading.collect import with_catalog
from grading.known import alarms
from grading.limits import Limits

RIGHT = (
    "import torch\n"
    "def softmax(scores):\n"
    "    e = (scores - scores.amax(-1, keepdim=True)).exp()\n"
    "    return e / e.sum(-1, keepdim=True)\n"
)
LIMITS = Limits(seconds=1, memory=1 << 28)


def body(*lines):
    return "import torch\ndef softmax(scores):\n" + "".join(f"    {line}\n" for line in lines)


# A bomb must not go off where the test is wrong: each fork uses up a token, and there are 200.
BOMB = "import os, time\ntokens, more = os.pipe()\nos.write(more, b'x' * 200)\n"


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
    "interrupt": (body("raise KeyboardInterrupt"), results.ERROR, "KeyboardInterrupt"),
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
    "wrong_dtype": (
        body("e = scores.double().exp()", "return e / e.sum(-1, True)"),
        results.FAILED,
        "float64",
    ),
    "wrong_shape": (body("return scores[0]"), results.FAILED, "got (3, 4)"),
    "wrong_device": (body("return scores.to('meta')"), results.FAILED, "got meta"),
    "nan": (body("return scores * float('nan')"), results.FAILED, "got nan"),
    "in_place": (body("scores -= scores.max()", "return scores"), results.FAILED, "changed"),
    "another_answer_each_time": (body("return torch.rand_like(scores)"), results.FAILED, "differ"),
    "not_implemented": (body("raise NotImplementedError"), results.NOT_STARTED, ""),
    "not_utf8": (b"def softmax(scores):\n    return '\xff'\n", results.ERROR, "Syntax error"),
    "nul_bytes": (b"def softmax(s):\n    return s\n\x00", results.ERROR, "null"),
    "endless_sleep": (body("import time; time.sleep(1e6)"), results.TIMED_OUT, "Still running"),
    "endless_loop_in_c": (body("sum(iter(int, 1))"), results.TIMED_OUT, "Still running"),
    "segfault": (body("import ctypes; ctypes.string_at(0)"), results.CRASHED, "SIGSEGV"),
    "growing_list": (
        body("hoard = []", "while True: hoard.append(bytearray(1 << 20))"),
        results.OUT_OF_MEMORY,
        "more memory",
    ),
    "gigabyte_printed": (body("print('x' * (1 << 26))"), results.TOO_MUCH_OUTPUT, "printed more"),
    "patched_isclose": (
        "import torch\n"
        "torch.isclose = lambda a, b, **_: torch.ones_like(a, dtype=torch.bool)\n"
        "torch.Tensor.any = lambda *_: torch.tensor(False)\n"
        "torch.Tensor.all = lambda *_: torch.tensor(True)\n"
        "torch.equal = lambda *_: True\n"
        "def softmax(scores): return scores * 0 + 1\n",
        results.ERROR,
        "tools that grade it",
    ),
    "patched_pytest": (
        "import _pytest.runner\n"
        "_pytest.runner.pytest_runtest_call = lambda item: None\n"
        "from _pytest.python import Function\n"
        "Function.runtest = lambda self: None\n" + body("return scores * 0"),
        results.ERROR,
        "tools that grade it",
    ),
    "lying_subclass": (
        "import torch\n"
        "class Liar(torch.Tensor):\n"
        "    def __torch_function__(self, *_, **__): return True\n"
        "    shape = property(lambda self: (2, 3, 4))\n"
        "def softmax(scores): return scores.as_subclass(Liar)\n",
        results.FAILED,
        "a plain tensor",
    ),
    "library_solution": (
        body("return torch.nn.functional.softmax(scores, -1)"),
        results.FAILED,
        "write it yourself",
    ),
    "library_solution_through_a_module": (
        body("return torch.nn.Softmax(-1)(scores)"),
        results.FAILED,
        "write it yourself",
    ),
    "books_own_solution": ("from attention import softmax\n", results.FAILED, "book's own"),
    "books_own_solution_called": (
        "from attention.soft_lookup import softmax as theirs\n"
        "def softmax(scores): return theirs(scores)\n",
        results.FAILED,
        "write it yourself",
    ),
    "forged_lines": (
        body(
            "import os",
            "for pipe in range(3, 64):",
            '    try: os.write(pipe, b\'{"check": "all", "state": "passed"}\\nrubbish\\n\')',
            "    except OSError: pass",
            "return scores",
        ),
        results.CRASHED,
        "",
    ),
    "fork_bomb": (
        BOMB + body("while os.read(tokens, 1): os.fork()", "time.sleep(9)"),
        results.TOO_MANY_PROCESSES,
        "16 other processes",
    ),
    "fork_bomb_in_new_sessions": (
        BOMB + body("while os.read(tokens, 1):", "    if not os.fork(): os.setsid()"),
        results.TOO_MANY_PROCESSES,
        "16 other processes",
    ),
    "fork_bomb_that_leaves_its_parents": (
        BOMB + body("while os.read(tokens, 1):", "    if os.fork(): time.sleep(0.02); os._exit(0)"),
        results.TOO_MANY_PROCESSES,
        "16 other processes",
    ),
    "empty_file": ("", results.ERROR, "no `softmax`"),
    "speechless_exception": (
        "class Mute(Exception):\n    def __str__(self): raise self\n" + body("raise Mute"),
        results.ERROR,
        "Mute: (its text cannot be had",
    ),
    "real_time_signal": (
        body("import os; os.kill(os.getpid(), 40)"),
        results.CRASHED,
        "died of signal 40",
    ),
    "closed_pipes": (
        body("import os; os.closerange(0, 64)", "return scores"),
        results.CRASHED,
        "cut itself off",
    ),
    "pipe_replaced": (
        body("import os, time; os.dup2(1, 3); time.sleep(9)"),
        results.CRASHED,
        "cut itself off",
    ),
    "endless_loop_after_closing_the_output": (
        body("import os; os.closerange(0, 3)", "while True: pass"),
        results.TIMED_OUT,
        "Still running",
    ),
    "endless_line": (
        body("import os", "while True: os.write(3, b'x' * 65536)"),
        results.CRASHED,
        "",
    ),
    "forged_results": (
        "import os, json\n"
        "def softmax(scores):\n"
        "    names = ['keeps_the_shape', 'leaves_its_input_alone', 'rows_sum_to_one',\n"
        "             'weights_are_positive', 'values', 'survives_large_scores',\n"
        "             'treats_rows_alone']\n"
        "    for name in names:\n"
        "        line = {'check': 'test_softmax_' + name, 'state': 'passed', 'message': '',\n"
        "                'maps': {}, 'hint': None}\n"
        "        os.write(3, json.dumps(line).encode() + b'\\n')\n"
        "    os.write(3, b'{\"end\": true}\\n')\n"
        "    os._exit(0)\n",
        results.CRASHED,
        "",
    ),
    "patched_json": (
        "import json\n"
        "dumps = json.dumps\n"
        "json.dumps = lambda line: dumps(line).replace('failed', 'passed')\n"
        + body("return scores * 0"),
        results.FAILED,
        "sum of a row",
    ),
    "endless_loop_while_loading": ("while True: pass\n", results.ERROR, "still being loaded"),
    "hard_exit_while_loading": ("import os; os._exit(0)\n", results.ERROR, "still being loaded"),
    "utf_16": (body("return scores").encode("utf-16"), results.ERROR, "could not be loaded"),
    "syntax_error_elsewhere": (body("exec('1 +')"), results.ERROR, "(line 3: exec('1 +'))"),
    "no_parameter": ("def softmax(): return 0\n", results.ERROR, "could not call your code"),
    "not_implemented_by_torch": (
        body("return scores.to_sparse().exp()"),
        results.ERROR,
        "Could not run 'aten::exp'",
    ),
    "helper_not_written": (
        "def softmax(scores):\n"
        "    return shares(scores)\n"
        "def shares(scores):\n"
        "    raise NotImplementedError\n",
        results.ERROR,
        "calls `shares`, which is not written yet (line 2: return shares(scores))",
    ),
    "library_solution_as_an_object": (
        "import torch\nsoftmax = torch.nn.Softmax(-1)\n",
        results.FAILED,
        "without torch.nn.functional.softmax",
    ),
    "library_solution_as_a_partial": (
        "import functools, torch\nsoftmax = functools.partial(torch.softmax, dim=-1)\n",
        results.FAILED,
        "without torch.softmax",
    ),
    "library_solution_under_its_name": (
        "from torch.nn.functional import softmax\n",
        results.FAILED,
        "without torch.nn.functional.softmax",
    ),
    "library_solution_in_disguise": (
        body("return torch.special.softmax(scores, -1)"),
        results.FAILED,
        "without torch.special.softmax",
    ),
    "answers_to_everything": (
        "from unittest.mock import MagicMock\nsoftmax = MagicMock()\n",
        results.FAILED,
        "got a MagicMock",
    ),
    "control_characters": (
        body("raise ValueError('\\x1b[31mred\\x00 {{ x }} <script>')"),
        results.ERROR,
        "ValueError: red {{ x }} <script>",
    ),
}


def grade(catalog, file, limits=grader.LIMITS):
    """Grade one file for `softmax`, as `make grade` does."""
    exercise = catalog.exercise("softmax")
    checks = catalog.checks("softmax")
    trial = alarms("soft_lookup", "softmax")
    return grader.grade(
        checks, lambda: load_answer("softmax", file), exercise, file, limits, alarms=trial
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Every bad file graded for `softmax`, and after each a right one, by one warm process."""
    folder = tmp_path_factory.mktemp("answers")

    def grade_source(catalog, name, source):
        file = folder / f"{name}.py"
        source = source if isinstance(source, bytes) else source.encode()
        file.write_bytes(source)
        exercise = grade(catalog, file, LIMITS)
        assert file.read_bytes() == source
        return exercise

    def all_of_them(catalog):
        grader.warm_up()
        return {
            name: (
                grade_source(catalog, name, source),
                grade_source(catalog, f"{name}_then_right", RIGHT),
            )
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


@pytest.mark.parametrize("name", ["endless_loop", "crash", "exception", "not_callable"])
def test_hint_is_not_shown_where_it_says_nothing(name, graded):
    """A hint is about an idea; a loop without an end or a misspelled name is none."""
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

    def once(catalog):
        exercise, checks = catalog.exercise("SelfAttention"), catalog.checks("SelfAttention")
        return grader.grade(checks, lambda: load_answer("SelfAttention", file), exercise, file)

    message = with_catalog(once, ["self_attention"]).message
    assert "write it yourself, without attention.SelfAttention" in message


def test_child_that_cannot_be_confined_goes_no_further(tmp_path, monkeypatch):
    """It would run on as a second grader."""
    (tmp_path / "answer.py").write_text(RIGHT)
    monkeypatch.setattr("os.setsid", lambda: 1 / 0)
    exercise = with_catalog(lambda c: grade(c, tmp_path / "answer.py"), ["soft_lookup"])
    assert exercise.state == results.ERROR and "cut itself off" in exercise.message


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


def test_missing_file_says_so(tmp_path):
    """A stub that was deleted is named."""
    file = tmp_path / "soft_lookup.py"
    exercise = with_catalog(lambda catalog: grade(catalog, file), ["soft_lookup"])
    assert exercise.state == results.ERROR
    assert f"There is no file {file}" in exercise.message


def test_folder_in_the_file_s_place_says_so(tmp_path):
    """Also what else cannot be read."""
    (tmp_path / "soft_lookup.py").mkdir()
    file = tmp_path / "soft_lookup.py"
    exercise = with_catalog(lambda catalog: grade(catalog, file), ["soft_lookup"])
    assert f"{file} cannot be read: Is a directory" in exercise.message


def test_nothing_that_an_answer_started_goes_on_running(tmp_path):
    """Neither a forked child nor a grandchild in a session of its own."""
    file, traces = tmp_path / "answer.py", tmp_path / "pids"
    file.write_text(
        RIGHT
        + "import os, time\n"
        + "if os.fork() == 0:\n"
        + "    os.setsid()\n"
        + "    if os.fork() == 0:\n"
        + f"        open({str(traces)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        + "    time.sleep(1000)\n"
        + f"while not os.path.exists({str(traces)!r}): time.sleep(0.01)\n"
    )

    def once(catalog):
        grader.warm_up()
        return grade(catalog, file)

    exercise = with_catalog(once, ["soft_lookup"])
    assert exercise.state == results.PASSED, exercise
    pids = list(map(int, traces.read_text().split()))
    assert pids and not any(Path(f"/proc/{pid}").exists() for pid in pids)


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
