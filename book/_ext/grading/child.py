"""What happens in the forked child: an answer is loaded and its checks run, and each result
leaves at once as a line of JSON, so that what is known survives whatever the answer does next.
"""

import contextlib
import ctypes
import faulthandler
import importlib.util
import json
import os
import resource
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from grading import results
from grading.checks import SUBJECT, Failure, Missing
from grading.forbidden import forbid

LINUX_PR_SET_PDEATHSIG = 1
RESULTS_GO_TO = 3  # the one file that the child has besides the standard three


NO_MEMORY_LEFT = 77  # an exit status that says so
TAMPERED = (
    "After your file was loaded, a check passed an answer that is known to be wrong. Your code "
    "changes the tools that grade it, such as torch.testing or a method of Tensor; take that out."
)


@dataclass(frozen=True)
class Limits:
    """What an answer may use."""

    seconds: float = 4.0  # for one check
    memory: int = 2 << 30  # bytes beyond what the warm process already has
    output: int = 1 << 20  # bytes printed
    processes: int = 64  # beyond those that the user already runs; root is not counted


class Reporter:
    """The pytest plugin that turns each check's report into a line for the parent."""

    def __init__(self, send, answer_file):
        self.send = send
        self.answer_file = answer_file

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if call.excinfo is not None and call.when != "teardown":
            state, message = explain(call.excinfo.value, self.answer_file)
            maps = getattr(call.excinfo.value, "maps", {})
            maps = {title: results.table(numbers.detach()) for title, numbers in maps.items()}
            self.send({"check": item.name, "state": state, "message": message, "maps": maps})
        elif call.when == "call":
            self.send({"check": item.name, "state": results.PASSED, "message": "", "maps": {}})
        return report


def run(items, load, answer_file, result_pipe, output_pipe, limits, alarm=None):
    """Grade one answer with these checks. Never returns.

    Args:
        alarm: (a check's item, a namespace with a known mistake) to fail afterwards.
    """
    confine(result_pipe, output_pipe, limits)

    def send(line):
        os.write(RESULTS_GO_TO, json.dumps(line).encode() + b"\n")

    try:
        config = items[0].config
        try:
            config.stash[SUBJECT] = load()
        except BaseException as problem:
            state, message = explain(problem, answer_file)
            # A module that raises NotImplementedError as it loads has still not been started.
            if state == results.NOT_STARTED:
                message = f"The file itself raised NotImplementedError. {message}"
            send({"problem": message})
            os._exit(0)
        config.pluginmanager.register(Reporter(send, answer_file), "reporter")
        for item, next_item in zip(items, [*items[1:], None], strict=True):
            send({"start": item.name})
            config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
        if alarm and lets_pass(config, *alarm):
            send({"problem": TAMPERED})
        send({"end": True})
    except MemoryError:  # so little is left that not even the report could be made
        os._exit(NO_MEMORY_LEFT)
    finally:
        os._exit(0)


def lets_pass(config, item, mistaken):
    """Whether a check has stopped catching the mistake that it is known to catch."""
    caught = []
    config.stash[SUBJECT] = mistaken
    config.pluginmanager.unregister(name="reporter")
    config.pluginmanager.register(Reporter(caught.append, None))
    config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return not caught or caught[0]["state"] == results.PASSED


def confine(result_pipe, output_pipe, limits):
    """Give up what an answer must not reach, and bound what it may use."""
    os.setsid()  # a process group of its own, so that the parent can end all of it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGKILL)
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + limits.memory,) * 2)
        running = sum(
            1 for path in Path("/proc").glob("[0-9]*") if path.stat().st_uid == os.getuid()
        )
        resource.setrlimit(resource.RLIMIT_NPROC, (running + limits.processes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()  # a crash is told on the card, not as a dump of our own frames
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output_pipe, 1)
    os.dup2(output_pipe, 2)
    os.dup2(result_pipe, RESULTS_GO_TO)
    os.closerange(RESULTS_GO_TO + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False, errors="replace", buffering=1)
    sys.stderr = os.fdopen(2, "w", closefd=False, errors="replace", buffering=1)


def _running():
    """How many processes this user runs."""
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            count += path.stat().st_uid == os.getuid()
    return count


def load_answer(exercise, path):
    """Import a learner's file, after closing the short cuts that the exercise forbids."""
    forbid(exercise, path)
    return load_file(path)


def load_file(path):
    """Import an answer from its file, whatever it is called."""
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("answer", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["answer"] = module
    spec.loader.exec_module(module)
    return module


def explain(problem, answer_file):
    """Say what went wrong, as (state, message), with the learner's line where there is one."""
    where = _place(problem, answer_file)
    if isinstance(problem, NotImplementedError) and where:
        return results.NOT_STARTED, ""
    if isinstance(problem, Failure) or (isinstance(problem, AssertionError) and not where):
        return results.FAILED, results.plain(str(problem).split("\nassert ")[0])
    if isinstance(problem, Missing):
        return results.ERROR, results.plain(problem)
    if isinstance(problem, MemoryError) or "can't allocate memory" in str(problem):
        return results.OUT_OF_MEMORY, f"Your code asked for more memory than it may use.{where}"
    if isinstance(problem, SyntaxError):
        return results.ERROR, _syntax(problem)
    if isinstance(problem, FileNotFoundError) and str(problem.filename) == str(answer_file):
        return results.ERROR, f"There is no file {answer_file}."
    if isinstance(problem, SystemExit):
        return results.ERROR, f"Your code tried to end the program (SystemExit).{where}"
    text = results.plain(f"{type(problem).__name__}: {problem}", 400)
    if where:
        return results.ERROR, f"{text}{where}"
    return results.ERROR, f"The check could not use what your code returned. {text}"


def _place(problem, answer_file):
    """The innermost line of the answer that the exception passed through, as ' (line …)'."""
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if frame.filename == str(answer_file)
    ]
    if not frames:
        return ""
    line = results.plain(frames[-1].line or "", 120)
    return f" (line {frames[-1].lineno}: {line})"


def _syntax(problem):
    """The line of a syntax error with a caret under the place."""
    quoted = (problem.text or "").rstrip("\n")
    caret = " " * max((problem.offset or 1) - 1, 0) + "^"
    return results.plain(f"Syntax error in line {problem.lineno}: {problem.msg}\n{quoted}\n{caret}")
