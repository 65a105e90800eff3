"""Sequences of different lengths in one tensor of token numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor

EDGE = 0  # before the first token and after the last; the padding, too


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Lay rows of token numbers into one tensor, with EDGE after the end of the shorter ones.

    Returns:
        (batch, longest) numbers, and how many of each row are real, (batch,).
    """
    lengths = torch.tensor([len(row) for row in rows])
    longest = int(lengths.max())
    return torch.tensor([[*row, *[EDGE] * (longest - len(row))] for row in rows]), lengths
