"""The process of an answer, and those that it starts: counted while it runs, and ended with it."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from grading.nothing_graded import Unfit

LINUX_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Become the parent of every descendant whose own parent is gone, so that it can be ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(LINUX_PR_SET_CHILD_SUBREAPER, 1)


def start(run):
    """Start a child that calls `run` with the ends of two pipes: (its process, our two ends)."""
    ours, theirs = [], []
    try:
        for _ in range(2):
            reader, writer = os.pipe()
            ours.append(reader)
            theirs.append(writer)
        pid = os.fork()
    except OSError as problem:
        for number in (*ours, *theirs):
            os.close(number)
        raise Unfit(f"no process can be started for an answer: {problem.strerror}") from problem
    if pid == 0:
        run(theirs)
    for number in theirs:
        os.close(number)
    return pid, *ours


def end(pid, family, leaving):
    """End the child and whatever it started; its exit status, None if it had to be killed.

    Args:
        leaving: whether it is on its way out by itself: then it is given a moment, so that the
            status is its own.
    """
    done, status = os.waitpid(pid, os.WNOHANG)
    for _ in range(50 * leaving):
        if done:
            break
        time.sleep(0.001)
        done, status = os.waitpid(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):  # not yet a group, or no longer one
        os.killpg(pid, signal.SIGKILL)
    family.end()
    if done:
        return status
    with contextlib.suppress(ProcessLookupError, ChildProcessError):  # ended with its family
        os.kill(pid, signal.SIGKILL)  # where the system does not tell who that is
        os.waitpid(pid, 0)
    return None


class Family:
    """Our descendants, except the children that we had before and what stems from them."""

    def __init__(self):
        self.strangers = _children(os.getpid())

    def members(self, meet=lambda pid: None):
        """Their process ids; none where the system does not tell.

        Args:
            meet: called with each one before its children are looked for.
        """
        found, waiting = set(), self._ours()
        while waiting:
            pid = waiting.pop()
            meet(pid)
            found.add(pid)
            waiting |= _children(pid) - found
        return found

    def end(self):
        """End them all. Each is stopped when it is met: what stands still forks no more."""
        while self._ours():
            ended = self.members(meet=lambda pid: _send(signal.SIGSTOP, pid))
            for pid in ended:
                _send(signal.SIGKILL, pid)
            for pid in self._ours() & ended:
                os.waitpid(pid, 0)

    def _ours(self):
        return _children(os.getpid()) - self.strangers


def _children(pid):
    """The children of all of a process's threads."""
    found = set()
    with contextlib.suppress(OSError):  # it has just ended, or this is no Linux
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found.update(map(int, (thread / "children").read_text().split()))
    return found


def _send(number, pid):
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.kill(pid, number)
