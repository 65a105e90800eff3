"""What a computation costs on this machine: seconds, bytes, and how they grow.

For the pages' cells and the benchmarks. Whatever depends on the machine is measured here and
shown in the book; no test asserts it.
"""

import ctypes
import gc
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import linear_regression

STATUS = Path("/proc/self/status")
RESET_PEAK = "5"  # see clear_refs in Linux's proc(5)


def seconds(function: Callable[[], object], rounds: int = 5) -> float:
    """Time a call: the fastest of several, after one that warms up.

    What counts is the processor's time. With one thread that is the clock's, less what other
    programs take; the pages of the book are built side by side.
    """
    function()
    return min(_once(function) for _ in range(rounds))


def extra_memory(function: Callable[[], object]) -> float:
    """Measure the most memory that a call holds at once, its result included.

    The operating system counts, not PyTorch: what kernels and libraries take is in it.
    (`ru_maxrss` would not do: it also remembers what came before.)

    Returns:
        Bytes above what the process held before; NaN on a system that is not Linux.
    """
    if sys.platform != "linux":
        return math.nan
    function()  # buffers that libraries keep are no part of the cost
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # or memory that was freed and kept would be used unseen
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before = _status("VmRSS")
    result = function()
    peak = _status("VmHWM")
    del result
    return float(max(0, peak - before))


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Fit y ∝ x^slope: 1 is linear growth, 2 quadratic. The line is fitted to the logarithms."""
    return linear_regression([math.log(a) for a in x], [math.log(b) for b in y]).slope


def _once(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def _status(field):
    """A size of this process in bytes."""
    line = next(x for x in STATUS.read_text().splitlines() if x.startswith(field))
    return int(line.split()[1]) * 1024
