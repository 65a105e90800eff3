"""What happens in the forked child: an answer is loaded and its checks run, and each result
leaves at once as a line of JSON, so that what is known survives whatever the answer does next.
"""

import sys
from os import _exit  # bound here, before an answer can put something else in its place
from types import SimpleNamespace

import pytest

from grading import results, stand_ins
from grading.explain import explain, hint_for
from grading.limits import confine
from grading.nothing_graded import Unfit
from grading.subject import SUBJECT, handed, reset
from grading.telling import Line, Reporter

# exit statuses of a child that could not report
NO_MEMORY_LEFT = 77
CUT_OFF = 78
TAMPERED = (
    "After your file was loaded, a check passed an answer that is known to be wrong. Your code "
    "changes the tools that grade it, such as torch.testing or a method of Tensor; take that out."
)


def run(items, load, answer_file, pipes, limits, key, trials=()):
    """Grade one answer with these checks. Never returns.

    Args:
        pipes: the ends to write to: (results, output).
        key: see `Line`.
        trials: [(a check's item, the exercise, a mistake that the check must catch), ...].
    """
    try:
        line = Line(*pipes, key)
        try:
            confine(*pipes, limits)
            line.streams = sys.stdout, sys.stderr
            stand_ins.put_in()
            line.send({"ready": True})
        except Exception as problem:
            known = isinstance(problem, Unfit)
            line.send({"unfit": str(problem if known else f"{type(problem).__name__}: {problem}")})
            _exit(0)
        _grade(items, load, line, answer_file, trials)
    except MemoryError:  # so little is left that not even the report could be made
        _exit(NO_MEMORY_LEFT)
    except BaseException:
        _exit(CUT_OFF)
    finally:
        _exit(0)


def _grade(items, load, line, answer_file, trials):
    """Load the answer, run the checks, and try whether they still catch known mistakes."""
    reporter, config = Reporter(line.send, answer_file), items[0].config
    try:
        config.stash[SUBJECT] = load()
    except BaseException as problem:
        state, message = explain(problem, answer_file, "Your file could not be loaded.")
        # A module that raises NotImplementedError as it loads has still not been started.
        if state == results.NOT_STARTED:
            message = "The file itself raises NotImplementedError, outside any function."
        hint = hint_for(problem, answer_file)
        message += f"\n\n{hint}" if hint else ""
        line.send({"problem": message})
        return
    config.pluginmanager.register(reporter, "reporter")
    for item, next_item in zip(items, [*items[1:], None], strict=True):
        line.begin(item.name)
        try:
            config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
        except (KeyboardInterrupt, pytest.exit.Exception) as problem:
            # pytest would end its run for these; the checks that are left get a new child
            reporter.tell(item, problem)
            return
    # a card that shows a failure has less to gain; trying one keeps the wait for it short
    if tampered_with(config, trials if reporter.all_passed else trials[:1]):
        line.send({"problem": TAMPERED})
    line.send({"end": True})


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
