"""Attention tile by tile, which never holds more than one tile of scores: FlashAttention."""

import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from attention.efficiency.online_softmax import OnlineSoftmax
from attention.efficiency.tiles import blocks, check_count, hide_in_tile, keys_in_reach, spread_mask
from attention.masks.checks import check_boolean
from attention.masks.join import combine_masks
from attention.shapes import check_attention


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
    if mask is not None:
        check_boolean(mask)
    mask = combine_masks(mask, False, query, key)
    leading = torch.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value)))
    query, key, value = (x.expand(*leading, -1, -1) for x in (query, key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    mask = spread_mask(mask, query.shape[-2], key.shape[-2])
    return _Tiled.apply(query, key, value, mask, block, is_causal, scale)


class _Tiled(torch.autograd.Function):
    """The forward pass, and a backward pass that computes each tile a second time."""

    @staticmethod
    def forward(ctx, query, key, value, mask, block, is_causal, scale):
        wide = torch.promote_types(query.dtype, torch.float32)
        output = query.new_empty(*query.shape[:-1], value.shape[-1])
        log_total = query.new_empty(*query.shape[:-1], 1, dtype=wide)
        for rows, reach in _row_blocks(query, key, block, is_causal):
            asked = query[..., rows, :].to(wide) * scale
            running = OnlineSoftmax(
                asked.shape[:-1], value.shape[-1], dtype=wide, device=query.device
            )
            for columns in blocks(reach, block):
                scores = asked @ key[..., columns, :].to(wide).mT  # (..., rows, columns)
                hide_in_tile(scores, mask, rows, columns, reach if is_causal else None)
                running.add(scores, value[..., columns, :].to(wide))
            output[..., rows, :] = running.average()
            log_total[..., rows, :] = running.log_total()
        ctx.save_for_backward(query, key, value, mask, output, log_total)
        ctx.options = block, is_causal, scale
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        query, key, value, mask, output, log_total = ctx.saved_tensors
        block, is_causal, scale = ctx.options
        wide = log_total.dtype
        grads = [torch.zeros_like(x, dtype=wide) for x in (query, key, value)]
        grad_query, grad_key, grad_value = grads
        for rows, reach in _row_blocks(query, key, block, is_causal):
            asked = query[..., rows, :].to(wide) * scale
            grad_row = grad_output[..., rows, :].to(wide)
            # Σ weight · ∂weight over a row's keys, without the weights: Dao et al., appendix B.2
            shared = (grad_row * output[..., rows, :]).sum(dim=-1, keepdim=True)
            for columns in blocks(reach, block):
                keys, values = key[..., columns, :].to(wide), value[..., columns, :].to(wide)
                scores = asked @ keys.mT  # (..., rows, columns)
                hide_in_tile(scores, mask, rows, columns, reach if is_causal else None)
                weights = scores.sub_(log_total[..., rows, :]).exp_()
                grad_value[..., columns, :] += weights.mT @ grad_row
                grad_scores = (grad_row @ values.mT).sub_(shared).mul_(weights)
                grad_query[..., rows, :] += grad_scores @ keys
                grad_key[..., columns, :] += grad_scores.mT @ asked
        grad_query *= scale
        return *(x.to(query.dtype) for x in grads), None, None, None, None


def _row_blocks(query, key, block, is_causal):
    """Each block of queries, and how many keys it may look at."""
    query_len, key_len = query.shape[-2], key.shape[-2]
    for rows in blocks(query_len, block):
        yield rows, keys_in_reach(rows, query_len, key_len, is_causal)
