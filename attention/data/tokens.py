"""Sequences of different lengths in one tensor of token numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor

EDGE = 0  # before the first token and after the last; the padding, too


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Lay rows of token numbers into one tensor on the CPU, with EDGE after the shorter ones' end.

    Returns:
        (batch, longest) numbers, and how many of each row are real, (batch,).
    """
    lengths = [len(row) for row in rows]
    filled = [[*row, *[EDGE] * (max(lengths) - len(row))] for row in rows]
    return torch.tensor(filled, device="cpu"), torch.tensor(lengths, device="cpu")
