"""Time two things that do the same, in turns.

Whatever else the machine does falls on both alike, so it is the ratio of each round that counts,
and of all rounds the median.
"""

import gc
import sys
import time
from statistics import median

import torch
from record import spread
from rich.progress import track

SHORTEST = 0.05  # seconds: what takes less is repeated, so that the clock's own cost is nothing


def compare(name, ours, theirs, rounds, device="cpu"):
    """Return how much of their time ours takes.

    Args:
        name: what is being measured, beside the progress bar.
        ours, theirs: functions without arguments, which do the same.
        rounds: how many times each is timed, in turns; one more goes before and is not counted.
        device: "cpu" or "cuda"; a GPU is waited for.

    Returns:
        {"median", "min", "max"} of the rounds' ratios, and {"ours", "theirs"}, the median seconds.
    """
    repeats = {call: _repeats(call, device) for call in (ours, theirs)}  # also fills caches
    times = {ours: [], theirs: []}
    for turn in track(
        range(rounds + 1), f"{name:<36}", transient=True, disable=not sys.stdout.isatty()
    ):
        for call in (ours, theirs) if turn % 2 else (theirs, ours):  # neither is always first
            times[call].append(seconds(call, repeats[call], device))
    mine, peers = times[ours][1:], times[theirs][1:]
    ratios = [m / p for m, p in zip(mine, peers, strict=True)]
    return spread(ratios) | {"ours": median(mine), "theirs": median(peers)}


def seconds(call, repeats=1, device="cpu"):
    """Time one call, as the average of so many, with Python's garbage collected before."""
    gc.collect()
    gc.disable()
    _wait(device)
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    _wait(device)
    taken = time.perf_counter() - start
    gc.enable()
    return taken / repeats


def _repeats(call, device):
    call()
    return max(1, round(SHORTEST / seconds(call, device=device)))


def _wait(device):
    if device != "cpu":
        torch.cuda.synchronize()
