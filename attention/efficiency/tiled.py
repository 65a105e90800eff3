"""Attention tile by tile, which never holds more than one tile of scores: FlashAttention."""

import math

import torch
from torch import Tensor

from attention.efficiency.flash import Flash
from attention.efficiency.tiles import spread_mask
from attention.masks.checks import check_boolean
from attention.masks.join import combine_masks
from attention.shapes import check_attention, check_count, check_scale


def tiled_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    block: int = 256,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Compute `scaled_dot_product_attention` in tiles of block queries by block keys.

    The numbers are the same, and so is the number of multiplications; the memory for scores is
    block², whatever the lengths. The gradient keeps none of them: it computes each tile again,
    from the logarithm of each row's sum. Half precision is summed in float32.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask: boolean, broadcast to (..., query_len, key_len); True may attend.
        block: how many queries, and how many keys, are in a tile.
        is_causal: also hide the future, and skip tiles that hold nothing else. The last query
            lines up with the last key.
        scale: what the dot products are multiplied by; 1/√d if not given.

    Returns:
        (..., query_len, value_dim). A query with nothing to attend to gets zeros.

    Raises:
        ValueError: the shapes, dtypes or devices do not belong together, or block is less than 1.
        TypeError: the mask is not boolean, block is not a whole number, or another argument is
            not floating point.

    Source: Dao et al. (2022), algorithms 1 and 4, queries in the outer loop.
    """
    check_attention(query, key, value)
    check_count("block", block, least=1)
    check_scale(scale)
    if mask is not None:
        check_boolean(mask)
    mask = combine_masks(mask, False, query, key)
    leading = torch.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value)))
    query, key, value = (x.expand(*leading, -1, -1) for x in (query, key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    query_len, key_len = query.shape[-2], key.shape[-2]
    mask = spread_mask(mask, query_len, key_len)
    ahead = key_len - query_len if is_causal else None  # the last query meets the last key
    output, _log_total = Flash.apply(query, key, value, mask, block, ahead, scale)
    return output
