"""The processes that an answer starts: counted while it runs, and ended with it."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

LINUX_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Become the parent of every descendant whose own parent is gone, so that it can be ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(LINUX_PR_SET_CHILD_SUBREAPER, 1)


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
