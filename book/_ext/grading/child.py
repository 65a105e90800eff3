"""What happens in the forked child: an answer is loaded and its checks run, and each result
leaves at once as a line of JSON, so that what is known survives whatever the answer does next.
"""

import importlib.util
import sys

# bound here, before an answer can put something else in their place
from json import dumps
from os import _exit, write
from types import SimpleNamespace

import pytest

from grading import results
from grading.explain import explain, hint_for
from grading.failure import Failure
from grading.forbidden import forbid
from grading.limits import RESULTS_GO_TO, confine
from grading.subject import SUBJECT, handed, reset

# exit statuses of a child that could not report
NO_MEMORY_LEFT = 77
CUT_OFF = 78
TAMPERED = (
    "After your file was loaded, a check passed an answer that is known to be wrong. Your code "
    "changes the tools that grade it, such as torch.testing or a method of Tensor; take that out."
)


class Reporter:
    """The pytest plugin that turns each check's report into a line for the parent."""

    def __init__(self, send, answer_file):
        self.send, self.answer_file = send, answer_file
        self.all_passed = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        # The first to answer is heard alone. That spares each failing check the 20 ms in which
        # pytest would write a long traceback that nobody reads.
        if call.excinfo is not None and call.when != "teardown":
            self.tell(item, call.excinfo.value)
        elif call.when == "call":
            self.report(item, results.PASSED, "")
        outcome = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)

    def tell(self, item, problem):
        pictures = problem.pictures if isinstance(problem, Failure) else []
        told = explain(problem, self.answer_file)
        self.report(item, *told, hint_for(problem, self.answer_file), pictures)

    def report(self, item, state, message, hint=None, pictures=()):
        self.all_passed &= state == results.PASSED
        line = {"check": item.name, "state": state, "message": message}
        self.send(line | {"hint": hint, "pictures": list(pictures)})


def run(items, load, answer_file, pipes, limits, key, trials=()):
    """Grade one answer with these checks. Never returns.

    Args:
        pipes: the ends to write to: (results, output).
        key: stands in each line, so that lines that an answer writes itself are not believed.
        trials: [(a check's item, the exercise, a mistake that the check must catch), ...].
    """
    try:
        confine(*pipes, limits)

        def send(line):
            write(RESULTS_GO_TO, dumps({"key": key} | line).encode() + b"\n")

        _grade(items, load, Reporter(send, answer_file), trials)
    except MemoryError:  # so little is left that not even the report could be made
        _exit(NO_MEMORY_LEFT)
    except BaseException:
        _exit(CUT_OFF)
    finally:
        _exit(0)


def _grade(items, load, reporter, trials):
    """Load the answer, run the checks, and try whether they still catch known mistakes."""
    send, config = reporter.send, items[0].config
    try:
        config.stash[SUBJECT] = load()
    except BaseException as problem:
        state, message = explain(problem, reporter.answer_file, "Your file could not be loaded.")
        # A module that raises NotImplementedError as it loads has still not been started.
        if state == results.NOT_STARTED:
            message = "The file itself raises NotImplementedError, outside any function."
        send({"problem": message})
        return
    config.pluginmanager.register(reporter, "reporter")
    for item, next_item in zip(items, [*items[1:], None], strict=True):
        send({"start": item.name})
        try:
            config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
        except (KeyboardInterrupt, pytest.exit.Exception) as problem:
            # pytest would end its run for these; the checks that are left get a new child
            reporter.tell(item, problem)
            return
    # a card that shows a failure has less to gain; trying one keeps the wait for it short
    if tampered_with(config, trials if reporter.all_passed else trials[:1]):
        send({"problem": TAMPERED})
    send({"end": True})


def tampered_with(config, trials):
    """Whether a check has stopped catching the mistake that it is known to catch.

    One of them is tried as pytest runs it, the others are called, which takes a tenth of the time.
    """
    if not trials:
        return False
    (item, name, mistaken), *others = trials
    config.stash[SUBJECT] = SimpleNamespace(**{name: mistaken})
    caught = []
    config.pluginmanager.unregister(name="reporter")
    config.pluginmanager.register(Reporter(caught.append, None), "reporter")
    config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    if not caught or caught[0]["state"] == results.PASSED:
        return True
    return any(lets_pass(*trial) for trial in others)


def lets_pass(item, name, mistaken):
    """Call a check on a mistake: whether it finds nothing."""
    reset()
    try:
        item.function(**{name: handed(mistaken)})
    except Exception:
        return False
    return True


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
