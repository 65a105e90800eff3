"""Cut the table of scores into blocks, so that nobody has to hold all of it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from attention.shapes import check_count


def blocks(length: int, block: int) -> list[slice]:
    """Cut 0 … length into slices of `block`; the last may be shorter.

    Raises:
        TypeError: block is not a whole number.
        ValueError: block is less than one.
    """
    check_count("block", block, least=1)
    return [slice(i, min(i + block, length)) for i in range(0, length, block)]


def tiles(
    query_len: int, key_len: int, block: int, ahead: int | None
) -> Iterator[tuple[slice, list[slice]]]:
    """Walk over the blocks of queries, each with the blocks of keys that some of them may look at.

    Args:
        ahead: None, or that the future is hidden, and how many keys come before the first query's
            own: key_len − query_len, which lines the last query up with the last key.
    """
    for rows in blocks(query_len, block) or [slice(0, 0)]:
        reach = keys_in_reach(rows, key_len, ahead)
        yield rows, [columns for columns in blocks(key_len, block) if columns.start < reach]


def keys_in_reach(rows: slice, key_len: int, ahead: int | None) -> int:
    """Count the keys, from the first, that some query of the block `rows` may look at.

    Under the causal rule the block's last query sees the most; `ahead` as in `tiles`.
    """
    return key_len if ahead is None else max(0, rows.stop + ahead)


def spread_mask(mask: Tensor | None, query_len: int, key_len: int) -> Tensor | None:
    """Give a mask both of its last axes in full, as a view that takes no memory."""
    if mask is None:
        return None
    mask = mask if mask.ndim > 1 else mask[None]
    return mask.expand(*mask.shape[:-2], query_len, key_len)


def hide_in_tile(
    scores: Tensor, mask: Tensor | None, rows: slice, columns: slice, ahead: int | None
) -> Tensor:
    """Set what is hidden in one tile of scores to −∞.

    Args:
        scores: (..., rows, columns).
        mask: boolean (..., query_len, key_len) or None; True may attend.
        rows, columns: which queries and keys the tile holds.
        ahead: as in `tiles`.

    Returns:
        The same shape: the tensor that came, where nothing is hidden.
    """
    if ahead is not None and columns.stop > rows.start + ahead + 1:  # else all of it is past
        past = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device)
        past = past.tril(rows.start + ahead - columns.start)
        scores = scores.masked_fill(~past, -torch.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask[..., rows, columns], -torch.inf)
    return scores
