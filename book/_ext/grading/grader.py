"""The warm process: forks a child for each exercise, listens to it, and ends it in time.

A child that hangs, crashes or floods costs its current check; the checks after it run in a new
child. No reply from a child is never a pass.
"""

import gc
import os
import secrets
from dataclasses import dataclass

from grading import child, endings, results
from grading.hearing import Hearing
from grading.limits import Limits
from grading.nothing_graded import Unfit
from grading.plain import plain
from grading.processes import Family, adopt_orphans, end, start

# After this many checks had to be ended by force, the rest is not run: an endless loop hangs
# every check, and nobody waits for the tenth.
PATIENCE = 2

LIMITS = Limits()


def warm_up():
    """Pay once, before forking, for what the first use of torch would cost in every child.

    Raises:
        Unfit: it does not work here.
    """
    adopt_orphans()
    try:
        _use_torch()
    except (MemoryError, RuntimeError, OSError) as problem:
        raise Unfit(f"PyTorch does not work here: {plain(problem, 400)}") from problem
    gc.collect()
    gc.freeze()


def _use_torch():
    import torch

    torch.set_num_threads(1)  # a fork of a process with torch's worker threads would hang
    here = torch.ones(1, 2, 3, requires_grad=True)
    torch.testing.assert_close(here, here.clone())
    torch.nn.functional.scaled_dot_product_attention(here, here, here).sum().backward()


def grade(
    checks,
    load,
    exercise,
    answer_file,
    limits=LIMITS,
    told=None,
    outdated=None,
    watched=None,
    alarms=None,
):
    """Run an exercise's checks on one answer and return the exercise with its results.

    Args:
        checks: {name: pytest item}, in order.
        load: called in the child; returns the module that holds the answer.
        exercise: a `results.Exercise` whose checks have not run; filled and returned.
        answer_file: the file to look for in tracebacks.
        limits: what the answer may use.
        told: called with the exercise after each check, for whoever shows progress.
        alarms: {name of a check: a mistake that it catches}, tried when the answer has been graded:
            if a check lets its mistake pass, the answer has changed the tools that grade it.
        outdated: called when the file descriptor `watched` has something to read.

    Raises:
        Outdated: `outdated` said True; the child has been ended.
        Unfit: the machine cannot do it, so nothing is said of the answer.
    """
    left = list(exercise.checks)
    trials = [(checks[name], exercise.name, code) for name, code in (alarms or {}).items()]
    forced_ends = 0
    while left and forced_ends < PATIENCE:
        items = [checks[check.name] for check in left]
        listening = Listening(limits, told, outdated, watched)
        ended_by_force = _run_child(items, left, load, exercise, answer_file, listening, trials)
        forced_ends += ended_by_force
        if not ended_by_force or exercise.message:
            break
        done = max(i for i, check in enumerate(left) if check.state != results.NOT_RUN)
        left = left[done + 1 :]
    return exercise


@dataclass
class Listening:
    """What the parent does while a child runs."""

    limits: Limits
    told: object
    outdated: object
    watched: int | None

    def tell(self, exercise):
        if self.told:
            self.told(exercise)


def _run_child(items, left, load, exercise, answer_file, listening, trials):
    """Fork, listen until the child is done or must be ended; True if it was ended by force."""
    family, key = Family(), secrets.token_hex(8)
    pid, result_reader, output_reader = start(
        lambda pipes: child.run(items, load, answer_file, pipes, listening.limits, key, trials)
    )
    hearing = Hearing(left, exercise, listening, family, key)
    try:
        hearing.until_the_end(result_reader, output_reader)
    finally:
        status = end(pid, family, leaving=hearing.finished or hearing.closed)
        os.close(result_reader)
        os.close(output_reader)
    if not hearing.finished:
        endings.note(hearing, status)
        listening.tell(exercise)
    return not hearing.finished
