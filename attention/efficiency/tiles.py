"""Cut the table of scores into blocks, so that nobody has to hold all of it."""

import torch
from torch import Tensor

from attention.masks.causal import causal_mask


def blocks(length: int, block: int) -> list[slice]:
    """Cut 0 … length into slices of `block`; the last may be shorter.

    Raises:
        TypeError: block is not a whole number.
        ValueError: block is less than one.
    """
    check_count("block", block, least=1)
    return [slice(i, min(i + block, length)) for i in range(0, length, block)]


def keys_in_reach(rows: slice, query_len: int, key_len: int, is_causal: bool) -> int:
    """Count the keys, from the first, that some query of the block `rows` may look at.

    Under the causal rule the block's last query sees the most, and is lined up with the last of
    these keys, just as the last query of all is with the last key of all.
    """
    return max(0, rows.stop + key_len - query_len) if is_causal else key_len


def spread_mask(mask: Tensor | None, query_len: int, key_len: int) -> Tensor | None:
    """Give a mask both of its last axes in full, as a view that takes no memory."""
    if mask is None:
        return None
    mask = mask if mask.ndim > 1 else mask[None]
    return mask.expand(*mask.shape[:-2], query_len, key_len)


def hide_in_tile(
    scores: Tensor, mask: Tensor | None, rows: slice, columns: slice, reach: int | None
) -> Tensor:
    """Overwrite what is hidden in one tile of scores with −∞.

    Args:
        scores: (..., rows, columns), written to.
        mask: boolean (..., query_len, key_len) or None; True may attend.
        rows, columns: which queries and keys the tile holds.
        reach: the key that the block's last query is lined up with, plus one; None if not causal.

    Returns:
        The same tensor.
    """
    query_len, tile_len = scores.shape[-2:]
    if reach is not None and columns.stop > reach - query_len + 1:  # else all of it is past
        past = causal_mask(query_len, reach - columns.start, device=scores.device)
        scores.masked_fill_(~past[:, :tile_len], -torch.inf)
    if mask is not None:
        scores.masked_fill_(~mask[..., rows, columns], -torch.inf)
    return scores


def check_count(name: str, number: int, least: int) -> None:
    """Raise unless `number` is a whole number and not below `least`."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"{name} must be a whole number, got {number!r}")
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
