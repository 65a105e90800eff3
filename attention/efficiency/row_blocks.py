"""Attention for a few queries at a time: half of the way to tiles."""

import torch
from torch import Tensor

from attention.efficiency.tiles import blocks, keys_in_reach, spread_mask
from attention.masks.checks import Checked
from attention.masks.join import combine_masks
from attention.scoring.scaled_dot_product import scaled_dot_product_attention
from attention.shapes import check_attention


def row_blocked_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    block: int = 256,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Compute `scaled_dot_product_attention` for one block of queries after the other.

    A query's softmax needs all of its own scores and nobody else's. So the scores take
    block · key_len numbers at a time. (A gradient needs all of them again: while PyTorch
    records one, it keeps every block's weights.)

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask, is_causal, scale: as in `scaled_dot_product_attention`.
        block: how many queries at a time.

    Returns:
        (..., query_len, value_dim). A query with nothing to attend to gets zeros.

    Raises:
        ValueError, TypeError: as `scaled_dot_product_attention`; or block is less than one, or not
            a whole number.
    """
    check_attention(query, key, value)
    query_len, key_len = query.shape[-2], key.shape[-2]
    mask = spread_mask(combine_masks(mask, False, query, key), query_len, key_len)
    leading = torch.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value)))
    ahead = key_len - query_len if is_causal else None
    output = []
    for rows in blocks(query_len, block) or [slice(0, 0)]:
        reach = keys_in_reach(rows, key_len, ahead)
        if reach == 0:  # these queries come before the first key
            output.append(query.new_zeros(*leading, rows.stop - rows.start, value.shape[-1]))
            continue
        part = scaled_dot_product_attention(
            query[..., rows, :],
            key[..., :reach, :],
            value[..., :reach, :],
            Checked(None if mask is None else mask[..., rows, :reach]),
            is_causal=is_causal,
            scale=scale,
        )  # (..., rows, value_dim)
        output.append(part)
    return torch.cat(output, dim=-2)
