"""Masks: who may attend to whom.

One contract in the whole book. A mask is boolean, True means "may attend", and it broadcasts to
the scores (batch, query_len, key_len). A module with heads inserts the head axis itself into a
mask with two or three axes; a mask with four axes is taken as it is. A query with nothing to
attend to gets zeros. Other libraries read masks in other ways: see `attention.mask_conventions`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def causal_mask(
    query_len: int, key_len: int | None = None, *, device: torch.device | None = None
) -> Tensor:
    """Allow each query its own position and the ones before: nobody reads the future.

        mask[i, j] = j ≤ i + (key_len − query_len)

    The last query lines up with the last key, so that a model which has kept its earlier keys
    may ask with its newest queries alone. (PyTorch's `is_causal=True` lines up the first ones.)

    Args:
        query_len: how many queries.
        key_len: how many keys; the same number if not given.
        device: where the mask lives.

    Returns:
        (query_len, key_len) boolean. With more queries than keys the first rows are all False.

    Raises:
        ValueError: a length is negative.

    Source: Vaswani et al. (2017), section 3.2.3, the third kind of attention.
    """
    key_len = query_len if key_len is None else key_len
    check_lengths(query_len, key_len)
    everything = torch.ones(query_len, key_len, dtype=torch.bool, device=device)
    return everything.tril(key_len - query_len)


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
    lengths = torch.as_tensor(lengths)
    check_whole("lengths", lengths)
    if lengths.ndim != 1:
        raise ValueError(f"lengths must have shape (batch,), got {tuple(lengths.shape)}")
    if ((lengths < 0) | (lengths > max_len)).any():
        raise ValueError(
            f"lengths must lie between 0 and max_len = {max_len}, got {lengths.tolist()}"
        )
    positions = torch.arange(max_len, device=lengths.device)  # (max_len,)
    return positions < lengths[:, None, None]  # (batch, 1, max_len)


def check_lengths(query_len: int, key_len: int) -> None:
    """Raise if a length is negative."""
    if query_len < 0 or key_len < 0:
        raise ValueError(
            f"lengths must not be negative, got query_len {query_len} and key_len {key_len}"
        )


def check_whole(name: str, tensor: Tensor) -> None:
    """Raise unless the tensor holds whole numbers."""
    if tensor.dtype == torch.bool or tensor.is_floating_point() or tensor.is_complex():
        raise TypeError(f"{name} must be whole numbers, got {tensor.dtype}")
