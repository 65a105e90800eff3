"""How many steps information takes from the first position of a sequence to the last."""

from collections.abc import Iterable

import torch
from torch import Tensor


def reads_back(length: int, reach: int, gap: int = 1) -> Tensor:
    """Draw the map of a layer that reads `reach` positions: itself, and every gap-th before it.

    A reach of 2 is an RNN's chain, k a kernel (dilated, if the gap exceeds 1) or a window of k,
    and `length` is causal self-attention.

    Args:
        length: of the sequence.
        reach: how many positions are read, at least 1.
        gap: from one of them to the next.

    Returns:
        (length, length) boolean, True at [i, j] where position i reads position j.
    """
    back = torch.arange(length)[:, None] - torch.arange(length)  # (length, length), i − j
    return (back >= 0) & (back < reach * gap) & (back % gap == 0)


def path_length(layers: Iterable[Tensor]) -> int:
    """Count the steps until something known only at the first position is known at the last.

    Args:
        layers: one boolean map (length, length) for each step; True at [i, j] where position i
            reads position j. For one map used again and again, `itertools.repeat(reads)`.

    Returns:
        The number of maps used up when the last position has heard of the first.

    Raises:
        ValueError: the maps end, or repeat forever without news, before it has.

    Source: the "maximum path length" of Vaswani et al. (2017), table 1.
    """
    knows = None
    for steps, reads in enumerate(layers, start=1):
        if knows is None:
            place = torch.arange(len(reads), device=reads.device)  # (length,)
            knows = place == 0  # only the first position knows
        knows = (reads & knows).any(dim=-1)  # who reads somebody who knows
        if knows[-1]:
            return steps
        if steps > len(reads):
            break
    raise ValueError("the last position never hears of the first")
