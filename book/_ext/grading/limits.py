"""What an answer may use, and how its process gives up the rest."""

import ctypes
import faulthandler
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

LINUX_PR_SET_PDEATHSIG = 1
RESULTS_GO_TO = 3  # the one file that the child has besides the standard three


@dataclass(frozen=True)
class Limits:
    """What an answer may use."""

    seconds: float = 4.0  # for one check
    memory: int = 2 << 30  # bytes beyond what the warm process already has
    output: int = 1 << 20  # bytes printed
    processes: int = 16  # started by the answer and running at the same time


def confine(result_pipe, output_pipe, limits):
    """Give up what an answer must not reach, and bound what it may use."""
    os.setsid()  # a process group of its own, so that the parent can end all of it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGKILL)
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + limits.memory,) * 2)
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
