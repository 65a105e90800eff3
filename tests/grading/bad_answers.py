"""Bad answers to `softmax`, and the truth that the card must tell about each.

`test_bad_answers` sees that it does; `test_defences`, that it would not without the defence.
"""

import os
from pathlib import Path

from grading import card, grader, results
from grading.known import alarms
from grading.limits import Limits
from grading.load import load_answer
from grading.paths import CHECKS
from grading.processes import Family

RIGHT = (
    "import torch\n"
    "def softmax(scores):\n"
    "    e = (scores - scores.amax(-1, keepdim=True)).exp()\n"
    "    return e / e.sum(-1, keepdim=True)\n"
)
LIMITS = Limits(seconds=1, memory=1 << 28, processes=8)
MISSING, FOLDER, PIPE = object(), object(), object()  # no file, or no file of text


def body(*lines):
    return "import os, time, torch\ndef softmax(scores):\n" + "".join(f"    {x}\n" for x in lines)


# Of the pipes that an answer can find, the one with the results is not the one it prints to.
FIND = (
    "import os, stat\n"
    "def seen(number):\n"
    "    try: return os.fstat(number)\n"
    "    except OSError: return os.fstat(1)\n"
    "pipe = next(n for n in range(3, 64) if stat.S_ISFIFO(seen(n).st_mode)\n"
    "            and not os.path.samestat(seen(n), seen(1)))\n"
)

# A bomb must not go off where the test is wrong: each fork uses up a token, and there are 60.
TOKENS = "import os\ntokens, more = os.pipe()\nos.write(more, b'x' * 60)\n"

# name: (the file, the exercise's state, what the message must contain)
BAD = {
    # --- the file
    "missing_file": (MISSING, results.ERROR, "There is no file"),
    "folder": (FOLDER, results.ERROR, "cannot be read: Is a directory"),
    "pipe": (PIPE, results.ERROR, "cannot be read: it is not a file"),
    "empty_file": ("", results.ERROR, "no `softmax`"),
    "half_written_file": (
        RIGHT[: RIGHT.rindex("-1")],
        results.ERROR,
        "Syntax error in line 4: '(' was never closed",
    ),
    "syntax_error": (
        "def softmax(scores)\n    return scores\n",
        results.ERROR,
        "line 1: expected ':'\ndef softmax(scores)\n                   ^",
    ),
    "not_utf8": (
        b"def softmax(scores):\n    return '\xff'\n",
        results.ERROR,
        "Syntax error in line 2: byte 0xff is not utf-8",
    ),
    "utf_16": (body("return scores").encode("utf-16"), results.ERROR, "save it as UTF-8"),
    "unknown_encoding": (
        "# -*- coding: klingon -*-\n" + RIGHT,
        results.ERROR,
        "Syntax error in line 1: unknown encoding: klingon",
    ),
    "nul_bytes": (b"def softmax(s):\n    return s\n\x00", results.ERROR, "in line 3: source code"),
    "missing_function": ("def soft_max(scores): return scores\n", results.ERROR, "no `softmax`"),
    "not_callable": ("softmax = 3\n", results.ERROR, "not a function"),
    "no_parameter": ("def softmax(): return 0\n", results.ERROR, "could not call your code"),
    "exception_at_import": ("import nonsense_module\n", results.ERROR, "line 1"),
    "exit_at_import": ("import sys\nsys.exit(0)\n", results.ERROR, "end the program"),
    "hard_exit_while_loading": ("import os; os._exit(0)\n", results.ERROR, "still being loaded"),
    "endless_loop_while_loading": ("while True: pass\n", results.ERROR, "still being loaded"),
    # --- unfinished, or it raises
    "not_implemented": (body("raise NotImplementedError"), results.NOT_STARTED, ""),
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
    "exception": (body("return scores.nope()"), results.ERROR, "line 3: return scores.nope()"),
    "shapes_that_do_not_fit": (
        body("return scores @ scores"),
        results.ERROR,
        "(line 3: return scores @ scores) There scores is (2, 3, 4).",
    ),
    "syntax_error_elsewhere": (body("exec('1 +')"), results.ERROR, "(line 3: exec('1 +'))"),
    "speechless_exception": (
        "class Mute(Exception):\n    def __str__(self): raise self\n" + body("raise Mute"),
        results.ERROR,
        "Mute: (its text cannot be had",
    ),
    "exception_that_exits_when_asked": (
        "class Leaver(Exception):\n    def __str__(self): exit()\n" + body("raise Leaver"),
        results.ERROR,
        "Leaver: (its text cannot be had: SystemExit)",
    ),
    "exception_with_a_hint_of_its_own": (
        "class Hinting(ValueError):\n    hint = object()\n" + body("raise Hinting('no')"),
        results.ERROR,
        "Hinting: no",
    ),
    "exits_when_asked_for_its_names": (
        "class Shy:\n    def __dir__(self): exit()\n" + body("return Shy().softmax"),
        results.ERROR,
        "'Shy' object has no attribute 'softmax'",
    ),
    "huge_exception": (body("raise ValueError('x' * (1 << 25))"), results.ERROR, "ValueError: xx"),
    "empty_lines": (body("raise ValueError('a\\n\\n\\n\\n' * 99)"), results.ERROR, "a\n\na\n\na"),
    "markup": (
        body(
            "raise ValueError('\\x1b[31mred\\x00 {{ x }} {ref}`a` $x$ <script>alert(1)</script>')"
        ),
        results.ERROR,
        "ValueError: red {{ x }} {ref}`a` $x$ <script>",
    ),
    "interrupt": (body("raise KeyboardInterrupt"), results.ERROR, "KeyboardInterrupt"),
    "exit_inside": (body("import sys; sys.exit(0)"), results.ERROR, "end the program"),
    "reads_input": (
        body("return input()"),
        results.ERROR,
        "asks for input (line 3: return input())",
    ),
    "asks_for_a_password": (
        body("import getpass", "return getpass.getpass()"),
        results.ERROR,
        "asks for input (line 4: return getpass.getpass())",
    ),
    "stops_for_a_debugger": (
        body("breakpoint()", "return scores"),
        results.ERROR,
        "stops for a debugger (line 3: breakpoint()), and nobody can type",
    ),
    "stops_for_a_debugger_while_loading": (
        "import pdb\npdb.set_trace()\n" + RIGHT,
        results.ERROR,
        "stops for a debugger (line 2: pdb.set_trace())",
    ),
    # --- the wrong thing comes back
    "returns_none": (body("pass"), results.FAILED, "got None"),
    "returns_text": (body("return 'weights'"), results.FAILED, "a str"),
    "returns_a_list": (body("return scores.tolist()"), results.FAILED, "a list"),
    "wrong_dtype": (
        body("e = scores.double().exp()", "return e / e.sum(-1, True)"),
        results.FAILED,
        "float64",
    ),
    "another_default_dtype": (  # nothing is wrong with the answer, nor with what grades it
        "import torch\ntorch.set_default_dtype(torch.float64)\n" + RIGHT,
        results.PASSED,
        "",
    ),
    "wrong_shape": (body("return scores[0]"), results.FAILED, "got (3, 4)"),
    "wrong_device": (body("return scores.to('meta')"), results.FAILED, "got meta"),
    "nan": (body("return scores * float('nan')"), results.FAILED, "got nan"),
    "in_place": (body("scores -= scores.max()", "return scores"), results.FAILED, "changed"),
    "another_answer_each_time": (body("return torch.rand_like(scores)"), results.FAILED, "differ"),
    "lying_subclass": (
        "import torch\n"
        "class Liar(torch.Tensor):\n"
        "    def __torch_function__(self, *_, **__): return True\n"
        "    shape = property(lambda self: (2, 3, 4))\n"
        "def softmax(scores): return scores.as_subclass(Liar)\n",
        results.FAILED,
        "a plain tensor",
    ),
    "answers_to_everything": (
        "from unittest.mock import MagicMock\nsoftmax = MagicMock()\n",
        results.FAILED,
        "got a MagicMock",
    ),
    # --- no end, no bounds
    "endless_loop": (body("while True: pass"), results.TIMED_OUT, "Still running"),
    "endless_loop_that_swallows": (
        body(
            "while True:", "    try:", "        while True: pass", "    except BaseException: pass"
        ),
        results.TIMED_OUT,
        "Still running",
    ),
    "endless_sleep": (body("time.sleep(1e6)"), results.TIMED_OUT, "Still running"),
    "endless_loop_in_c": (body("sum(iter(int, 1))"), results.TIMED_OUT, "Still running"),
    "endless_loop_after_closing_the_output": (
        body("os.closerange(0, 3)", "while True: pass"),
        results.TIMED_OUT,
        "Still running",
    ),
    "huge_tensor": (body("return torch.ones(1 << 38)"), results.OUT_OF_MEMORY, "more memory"),
    "growing_list": (
        body("hoard = []", "while True:", "    hoard.append(b'x' * (1 << 24)); time.sleep(0.005)"),
        results.OUT_OF_MEMORY,
        "more memory",
    ),
    "flood": (body("while True: print('x' * 1000)"), results.TOO_MUCH_OUTPUT, "printed more"),
    "gigabyte_printed": (
        body("for _ in range(1024): print('x' * (1 << 20))"),
        results.TOO_MUCH_OUTPUT,
        "printed more",
    ),
    "fork_bomb": (
        TOKENS + body("while os.read(tokens, 1): os.fork()", "time.sleep(9)"),
        results.TOO_MANY_PROCESSES,
        "8 other processes",
    ),
    "fork_bomb_in_new_sessions": (
        TOKENS + body("while os.read(tokens, 1):", "    if not os.fork(): os.setsid()"),
        results.TOO_MANY_PROCESSES,
        "8 other processes",
    ),
    "fork_bomb_that_leaves_its_parents": (
        TOKENS
        + body("while os.read(tokens, 1):", "    if os.fork(): time.sleep(0.1); os._exit(0)"),
        results.TOO_MANY_PROCESSES,
        "8 other processes",
    ),
    "grandchild_in_a_new_session": (  # nothing is wrong with the answer, but nobody may be left
        "import os, time\n"
        "started, starts = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    os.fork()\n"
        "    os.write(starts, b'x')\n"
        "    time.sleep(1000)\n"
        "os.read(started, 1), os.read(started, 1)\n" + RIGHT,
        results.PASSED,
        "",
    ),
    # --- it dies
    "hard_exit": (body("os._exit(0)"), results.CRASHED, "ended the process"),
    "crash": (
        body("import signal; os.kill(os.getpid(), signal.SIGSEGV)"),
        results.CRASHED,
        "SIGSEGV",
    ),
    "segfault": (body("import ctypes; ctypes.string_at(0)"), results.CRASHED, "SIGSEGV"),
    "real_time_signal": (body("os.kill(os.getpid(), 40)"), results.CRASHED, "died of signal 40"),
    "kills_its_group": (body("os.killpg(0, 9)"), results.CRASHED, "died of SIGKILL"),
    "closed_pipes": (
        body("os.closerange(0, 64)", "return scores"),
        results.CRASHED,
        "cut itself off",
    ),
    "pipe_replaced": (
        FIND + body("os.dup2(1, pipe); time.sleep(9)"),
        results.CRASHED,
        "cut itself off",
    ),
    # --- it cheats
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
    "books_own_solution": ("from attention import softmax\n", results.FAILED, "book's own"),
    "books_own_solution_called": (
        "from attention.soft_lookup.softmax import softmax as theirs\n"
        "def softmax(scores): return theirs(scores)\n",
        results.FAILED,
        "write it yourself",
    ),
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
    "patched_equal": (
        "import torch\n"
        "torch.equal = lambda *_: True\n"
        "def softmax(scores):\n"
        "    scores -= scores.amax(-1, True)\n"
        "    return scores.exp() / scores.exp().sum(-1, True)\n",
        results.ERROR,
        "tools that grade it",
    ),
    "patched_assert_close": (
        "import torch\n"
        "torch.testing.assert_close = lambda *_, **__: None\n" + body("return scores * 0"),
        results.FAILED,
        "sum of a row",
    ),
    "patched_allclose": (
        "import torch\n"
        "torch.allclose = torch.Tensor.allclose = lambda *_, **__: True\n"
        + body("return scores * 0"),
        results.FAILED,
        "sum of a row",
    ),
    "patched_pytest": (
        "import _pytest.runner\n"
        "_pytest.runner.pytest_runtest_call = lambda item: None\n"
        "from _pytest.python import Function\n"
        "Function.runtest = lambda self: None\n" + body("return scores * 0"),
        results.ERROR,
        "tools that grade it",
    ),
    "patched_json": (
        "import json\n"
        "dumps = json.dumps\n"
        "json.dumps = lambda line: dumps(line).replace('failed', 'passed')\n"
        + body("return scores * 0"),
        results.FAILED,
        "sum of a row",
    ),
    "forged_lines": (
        body(
            "for pipe in range(63, 2, -1):",
            '    try: os.write(pipe, b\'{"check": "all", "state": "passed"}\\nrubbish\\n\')',
            "    except OSError: pass",
            "return scores",
        ),
        results.CRASHED,
        "",
    ),
    "forged_results": (
        FIND + "import json, re\n"
        f"checks = open({str(CHECKS / 'test_soft_lookup.py')!r}).read()\n"
        "for name in re.findall(r'def (test_softmax_\\w+)', checks):\n"
        "    line = {'check': name, 'state': 'passed', 'message': '', 'hint': None}\n"
        "    os.write(pipe, json.dumps(line | {'pictures': []}).encode() + b'\\n')\n"
        "os.write(pipe, b'{\"end\": true}\\n')\n"
        "def softmax(scores): return scores\n",
        results.ERROR,
        "cut itself off",
    ),
    "forged_picture": (
        "from grading.checks import Failure\n"
        "def softmax(scores):\n"
        "    failure = Failure('Look!')\n"
        "    failure.pictures = [{'kind': '<script>'}]\n"
        "    raise failure\n",
        results.CRASHED,
        "",
    ),
    "endless_line": (
        FIND + body("while True: os.write(pipe, b'x' * 65536)"),
        results.CRASHED,
        "",
    ),
}


def save(name, file):
    """Put a bad answer in its place."""
    source = BAD[name][0]
    if source is FOLDER:
        file.mkdir()
    elif source is PIPE:
        os.mkfifo(file)
    elif source is not MISSING:
        file.write_bytes(source if isinstance(source, bytes) else source.encode())


def content(file):
    """What stands there: a learner's file must stay as it is."""
    return file.read_bytes() if file.is_file() else sorted(map(str, Path(file).glob("*")))


def grade(catalog, file, limits=grader.LIMITS, mistakes=None, name="softmax"):
    """Grade one file for an exercise, as `make grade` does; nothing may be left running."""
    family, exercise = Family(), catalog.exercise(name)
    grader.grade(
        catalog.checks(name),
        lambda: load_answer(name, file),
        exercise,
        file,
        limits,
        alarms=alarms(exercise.stem, name) if mistakes is None else mistakes,
    )
    assert not family.members(), "something that the answer started is still running"
    return exercise


def assert_told(name, exercise):
    """The card's state and message fit what the file does, and its HTML holds none of its own."""
    _, state, words = BAD[name]
    assert exercise.state == state, exercise
    message = exercise.message or (exercise.diagnosis and exercise.diagnosis.message) or ""
    assert state == results.PASSED or words in message, message
    assert "<script>" not in card.html(exercise)
