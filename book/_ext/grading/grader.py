"""The warm process: forks a child for each exercise, listens to it, and ends it in time.

A child that hangs, crashes or floods costs its current check; the checks after it run in a new
child. No reply from a child is never a pass.
"""

import contextlib
import ctypes
import gc
import os
import secrets
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from grading import child, results
from grading.hearing import Hearing
from grading.limits import Limits

# After this many checks had to be ended by force, the rest is not run: an endless loop hangs
# every check, and nobody waits for the tenth.
PATIENCE = 2

LINUX_PR_SET_CHILD_SUBREAPER = 36

LIMITS = Limits()


def warm_up():
    """Pay once, before forking, for what the first use of torch would cost in every child."""
    import torch

    if sys.platform == "linux":  # a grandchild whose parent is gone becomes ours, to be ended
        ctypes.CDLL(None).prctl(LINUX_PR_SET_CHILD_SUBREAPER, 1)
    torch.set_num_threads(1)  # a fork of a process with torch's worker threads would hang
    here = torch.ones(1, 2, 3, requires_grad=True)
    torch.testing.assert_close(here, here.clone())
    torch.nn.functional.scaled_dot_product_attention(here, here, here).sum().backward()
    gc.collect()
    gc.freeze()


def grade(
    checks,
    load,
    exercise,
    answer_file,
    limits=LIMITS,
    told=None,
    outdated=None,
    watched=None,
    alarm=None,
):
    """Run an exercise's checks on one answer and return the exercise with its results.

    Args:
        checks: {name: pytest item}, in order.
        load: called in the child; returns the module that holds the answer.
        exercise: a `results.Exercise` whose checks have not run; filled and returned.
        answer_file: the file to look for in tracebacks.
        limits: what the answer may use.
        told: called with the exercise after each check, for whoever shows progress.
        alarm: (name of a check, a mistake that it catches), tried when the answer has been graded:
            if the check lets it pass, the answer has changed the tools that grade it.
        outdated: called when the file descriptor `watched` has something to read.

    Raises:
        Outdated: `outdated` said True; the child has been ended.
    """
    left = list(exercise.checks)
    forced_ends = 0
    while left and forced_ends < PATIENCE:
        items = [checks[check.name] for check in left]
        listening = Listening(limits, told, outdated, watched)
        trial = alarm and (checks[alarm[0]], SimpleNamespace(**{exercise.name: alarm[1]}))
        ended_by_force = _run_child(items, left, load, exercise, answer_file, listening, trial)
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


def _run_child(items, left, load, exercise, answer_file, listening, trial):
    """Fork, listen until the child is done or must be ended; True if it was ended by force."""
    strangers = _children()
    result_reader, result_writer = os.pipe()
    output_reader, output_writer = os.pipe()
    key = secrets.token_hex(8)
    pid = os.fork()
    if pid == 0:
        pipes = (result_writer, output_writer)
        child.run(items, load, answer_file, pipes, listening.limits, key, trial)
    os.close(result_writer)
    os.close(output_writer)
    hearing = Hearing(left, exercise, listening, key)
    try:
        hearing.until_the_end(result_reader, output_reader)
    finally:
        status = _end(pid)
        _end_orphans(strangers)
        os.close(result_reader)
        os.close(output_reader)
    if not hearing.finished:
        _note_the_end(hearing, exercise, status)
        listening.tell(exercise)
    return not hearing.finished


def _note_the_end(hearing, exercise, status):
    """Write down how a child ended that did not finish, where it has not said so itself."""
    out_of_memory = status is not None and os.waitstatus_to_exitcode(status) == child.NO_MEMORY_LEFT
    state = hearing.verdict or (results.OUT_OF_MEMORY if out_of_memory else results.CRASHED)
    message = _ending(state, status, hearing.listening.limits)
    check = hearing.running
    if check is None:
        exercise.message = f"{message} Your file was still being loaded."
    elif check.state in (results.NOT_RUN, results.PASSED):
        check.state, check.message, check.hint = state, message, ""


def _end(pid):
    """End the child's whole process group; its exit status, None if it had to be killed."""
    # The child may still be on its way out by itself: wait a moment, so that the status is its own.
    for _ in range(50):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.001)
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
    if not done:
        os.waitpid(pid, 0)
    return status if done else None


def _end_orphans(strangers):
    """End what the answer started and left behind: it has become our child (see `warm_up`)."""
    for _ in range(100):
        orphans = _children() - strangers
        if not orphans:
            return
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _children():
    """The process ids of our children; none where the system does not tell."""
    try:
        return set(
            map(int, Path("/proc/self/task", str(os.getpid()), "children").read_text().split())
        )
    except FileNotFoundError:
        return set()


def _ending(state, status, limits):
    """One sentence on how a child that did not finish came to its end."""
    if state == results.TIMED_OUT:
        return f"Still running after {limits.seconds:g} seconds. Is there a loop without an end?"
    if state == results.TOO_MUCH_OUTPUT:
        return f"Your code printed more than {limits.output >> 20} MB. Is there a print in a loop?"
    if state == results.OUT_OF_MEMORY:
        return "Your code asked for more memory than it may use."
    code = child.CUT_OFF if status is None else os.waitstatus_to_exitcode(status)
    if code == child.CUT_OFF:
        return "Your code cut itself off from the grader: it closed or changed what that needs."
    if code < 0:
        return f"The process died of {_signal_name(-code)}."
    return f"Your code ended the process (exit status {code})."


def _signal_name(number):
    """SIGSEGV for 11; the real-time signals have no names of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
