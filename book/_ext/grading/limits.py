"""What an answer may use, and how its process gives up the rest."""

import ctypes
import faulthandler
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from grading.nothing_graded import Unfit

LINUX_PR_SET_PDEATHSIG = 1
LEAST_MEMORY = 1 << 28  # bytes with which every exercise can be solved
LEAST_IN_ALL = 1 << 30  # with PyTorch
SHELLS = {resource.RLIMIT_AS: "ulimit -v", resource.RLIMIT_DATA: "ulimit -d"}


@dataclass(frozen=True)
class Limits:
    """What an answer may use."""

    seconds: float = 4.0  # for one check
    memory: int = 2 << 30  # bytes beyond what the warm process already has
    output: int = 1 << 20  # bytes printed
    processes: int = 16  # started by the answer and running at the same time


def see_that_memory_suffices():
    """Raise `Unfit` where the shell grants less than PyTorch takes: it fails in a hundred ways."""
    for kind in SHELLS:
        for most in resource.getrlimit(kind):
            if most != resource.RLIM_INFINITY and most < LEAST_IN_ALL:
                raise _too_little(kind, most, LEAST_IN_ALL)


def _too_little(kind, most, needed):
    return Unfit(
        f"this shell lets a process use {most >> 20} MB of memory ({SHELLS[kind]}), and PyTorch "
        f"and an answer need {needed >> 20} MB"
    )


def confine(results, output, limits):
    """Give up what an answer must not reach, and bound what it may use.

    Args:
        results, output: the ends of the pipes to write to. They keep their numbers, which nobody
            else in this process can know; what the answer prints goes to the output.

    Raises:
        Unfit: there is not enough to bound.
    """
    os.setsid()  # a process group of its own, so that the parent can end all of it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGKILL)
        _bound_memory(limits.memory)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()  # a crash is told on the card, not as a dump of our own frames
    silence({results, output})
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False, errors="replace", buffering=1)
    sys.stderr = os.fdopen(2, "w", closefd=False, errors="replace", buffering=1)


def silence(kept):
    """Have every open file but these lead nowhere.

    Closing them would not do: objects that hold their numbers, such as a log's, live on, and
    write into whatever is opened under these numbers next.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in map(int, os.listdir("/dev/fd")):
        if number not in kept | {nowhere}:
            os.dup2(nowhere, number, inheritable=number < 3)


def memory_in_use():
    """The bytes of this process, as the system counts them against its limit."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _bound_memory(memory):
    in_use = memory_in_use()
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    left = memory if most == resource.RLIM_INFINITY else min(memory, most - in_use)
    if left < min(memory, LEAST_MEMORY):
        raise _too_little(resource.RLIMIT_AS, most, in_use + LEAST_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (in_use + left,) * 2)
