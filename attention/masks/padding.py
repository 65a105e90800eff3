"""The padding mask: nobody reads the padding."""

from collections.abc import Sequence

import torch
from torch import Tensor

from attention.masks.checks import check_whole


def padding_mask(lengths: Tensor | Sequence[int], max_len: int) -> Tensor:
    """Allow the real tokens of each sequence and hide the padding after them.

        mask[b, 0, j] = j < lengths[b]

    Args:
        lengths: (batch,) whole numbers from 0 to max_len.
        max_len: the padded length.

    Returns:
        (batch, 1, max_len) boolean; the axis of size one stands for "every query".

    Raises:
        TypeError: the lengths are not whole numbers.
        ValueError: the lengths are not one axis, or one lies outside 0 … max_len.
    """
    if not isinstance(lengths, Tensor):
        lengths = torch.tensor(lengths)
    check_whole("lengths", lengths)
    if lengths.ndim != 1:
        raise ValueError(f"lengths must have shape (batch,), got {tuple(lengths.shape)}")
    if ((lengths < 0) | (lengths > max_len)).any():
        raise ValueError(
            f"lengths must lie between 0 and max_len = {max_len}, got {lengths.tolist()}"
        )
    positions = torch.arange(max_len, device=lengths.device)  # (max_len,)
    return positions < lengths[:, None, None]  # (batch, 1, max_len)
