"""The warm process: forks a child for each exercise, listens to it, and ends it in time.

A child that hangs, crashes or floods costs its current check; the checks after it run in a new
child. No reply from a child is never a pass.
"""

import contextlib
import gc
import json
import os
import select
import signal
import time

from grading import child, results
from grading.child import Limits

# After this many checks had to be ended by force, the rest is not run: an endless loop hangs
# every check, and nobody waits for the tenth.
PATIENCE = 2

LIMITS = Limits()


def warm_up():
    """Pay once, before forking, for what the first use of torch would cost in every child."""
    import torch

    torch.set_num_threads(1)  # a fork of a process with torch's worker threads would hang
    here = torch.ones(1, 2, 3, requires_grad=True)
    torch.testing.assert_close(here, here.clone())
    torch.nn.functional.scaled_dot_product_attention(here, here, here).sum().backward()
    gc.collect()
    gc.freeze()


def grade(checks, load, exercise, answer_file, limits=LIMITS, told=None):
    """Run an exercise's checks on one answer and return the exercise with its results.

    Args:
        checks: {name: pytest item}, in order.
        load: called in the child; returns the module that holds the answer.
        exercise: a `results.Exercise` whose checks have not run; filled and returned.
        answer_file: the file to look for in tracebacks.
        limits: what the answer may use.
        told: called with the exercise after each check, for whoever shows progress.
    """
    left = list(exercise.checks)
    forced_ends = 0
    while left and not exercise.message and forced_ends < PATIENCE:
        items = [checks[check.name] for check in left]
        ended_by_force = _run_child(items, left, load, exercise, answer_file, limits, told)
        forced_ends += ended_by_force
        if not ended_by_force:
            break
        done = max(i for i, check in enumerate(left) if check.state != results.NOT_RUN)
        left = left[done + 1 :]
    return exercise


def _run_child(items, left, load, exercise, answer_file, limits, told):
    """Fork, listen until the child is done or must be ended; True if it was ended by force."""
    result_reader, result_writer = os.pipe()
    output_reader, output_writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(result_reader)
        os.close(output_reader)
        child.run(items, load, answer_file, result_writer, output_writer, limits)
    os.close(result_writer)
    os.close(output_writer)
    by_name = {check.name: check for check in left}
    running, finished, verdict = left[0], False, None
    printed, buffer = 0, b""
    deadline = time.monotonic() + limits.seconds
    try:
        while verdict is None:
            ready, _, _ = select.select(
                [result_reader, output_reader], [], [], max(0, deadline - time.monotonic())
            )
            if not ready:
                verdict = results.TIMED_OUT
            if output_reader in ready:
                chunk = os.read(output_reader, 1 << 16)
                printed += len(chunk)
                if printed > limits.output:
                    verdict = results.TOO_MUCH_OUTPUT
            if result_reader in ready:
                chunk = os.read(result_reader, 1 << 16)
                if not chunk:
                    break
                buffer += chunk
                *lines, buffer = buffer.split(b"\n")
                for line in map(json.loads, lines):
                    if "problem" in line:
                        exercise.message, finished = line["problem"], True
                    elif "end" in line:
                        finished = True
                    elif "start" in line:
                        running = by_name[line["start"]]
                        deadline = time.monotonic() + limits.seconds
                    else:
                        check = by_name[line["check"]]
                        check.state, check.message = line["state"], line["message"]
                        if told:
                            told(exercise)
    finally:
        status = _end(pid)
        os.close(result_reader)
        os.close(output_reader)
    if finished:
        return False
    running.state = verdict or results.CRASHED
    running.message = _ending(running.state, status, limits)
    if told:
        told(exercise)
    return True


def _end(pid):
    """End the child's whole process group and collect its exit status."""
    # The child may still be on its way out by itself: wait a moment, so that the status is its own.
    for _ in range(50):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.001)
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
    return status if done else os.waitpid(pid, 0)[1]


def _ending(state, status, limits):
    """One sentence on how a child that did not finish came to its end."""
    if state == results.TIMED_OUT:
        return f"Still running after {limits.seconds:g} seconds. Is there a loop without an end?"
    if state == results.TOO_MUCH_OUTPUT:
        return f"Your code printed more than {limits.output >> 20} MB. Is there a print in a loop?"
    if os.WIFSIGNALED(status):
        return f"The process died of {signal.Signals(os.WTERMSIG(status)).name}."
    return f"Your code ended the process (exit status {os.waitstatus_to_exitcode(status)})."
