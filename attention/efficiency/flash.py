"""FlashAttention's passes, forward and back, each of which forgets every tile it made.

A tile of weights can be had again from the logarithm of its rows' sums, e^(score − log_total). So a
derivative computes each tile a second time instead of keeping it. The derivatives are made of
steps that PyTorch can differentiate: they have derivatives, and `torch.func` may transform them.
"""

import torch
from torch import Tensor

from attention.efficiency.online_softmax import OnlineSoftmax
from attention.efficiency.tiles import blocks, hide_in_tile, tiles
from attention.precision import answer_dtype, wide, wide_product


class Flash(torch.autograd.Function):
    """Attention whose table of scores never exists, with its derivatives.

    `apply` takes query, key and value (..., length, ·) with the same axes in front, a boolean mask
    (..., query_len, key_len) or None, and block, ahead (see `tiles`) and scale. It returns the
    output and log_total (..., query_len, 1), without whose own slope a second one would be wrong.

    Source: Dao et al. (2022), algorithms 1 and 4, queries in the outer loop.
    """

    @staticmethod
    def forward(query, key, value, mask, block, ahead, scale):
        leading, value_dim = query.shape[:-1], value.shape[-1]
        output = query.new_empty(*leading, value_dim, dtype=answer_dtype(query))
        log_total = torch.empty_like(wide(query[..., :1]))
        for rows, in_reach in tiles(query.shape[-2], key.shape[-2], block, ahead):
            asked = wide(query[..., rows, :]) * scale
            exact = {"dtype": asked.dtype, "device": asked.device}
            running = OnlineSoftmax(asked.shape[:-1], value_dim, **exact)
            for columns in in_reach:
                scores = wide_product(asked, key[..., columns, :].mT)  # (..., rows, columns)
                scores = hide_in_tile(scores, mask, rows, columns, ahead)
                running.add(scores, wide(value[..., columns, :]))
            output[..., rows, :] = running.average()
            log_total[..., rows, :] = running.log_total()
        return output, log_total

    @staticmethod
    def setup_context(ctx, inputs, output):
        query, key, value, mask, *ctx.options = inputs
        ctx.save_for_backward(query, key, value, mask, *output)
        ctx.save_for_forward(query, key, value, mask, *output)

    @staticmethod
    def backward(ctx, grad_output, grad_log_total):
        query, key, value, _, output, _ = ctx.saved_tensors
        block, _, scale = ctx.options
        grad_query, grad_key = [], [None for _ in blocks(key.shape[-2], block)]
        grad_value = list(grad_key)
        for rows, asked, row in _weights_again(ctx):
            grad_row, grad_asked = wide(grad_output[..., rows, :]), None
            # Σ weight · ∂weight over a row's keys, without the weights: Dao et al., appendix B.2
            shared = (grad_row * output[..., rows, :]).sum(dim=-1, keepdim=True)
            shared = shared - grad_log_total[..., rows, :]
            for j, columns, weights in row:
                keys, values = key[..., columns, :], value[..., columns, :]
                grad_scores = _minus(wide_product(grad_row, values.mT), shared).mul_(weights)
                grad_asked = _plus(grad_asked, wide_product(grad_scores, keys))
                grad_key[j] = _plus(grad_key[j], wide_product(grad_scores.mT, asked))
                grad_value[j] = _plus(grad_value[j], wide_product(weights.mT, grad_row))
            if grad_asked is None:  # these queries come before the first key
                grad_asked = torch.zeros_like(asked)
            grad_query.append(grad_asked.mul_(scale))
        grads = zip((query, key, value), (grad_query, grad_key, grad_value), strict=True)
        return *(torch.cat(parts, dim=-2).to(x.dtype) for x, parts in grads), *[None] * 4

    @staticmethod
    def jvp(ctx, moved_query, moved_key, moved_value, *_):
        query, key, value, _, output, log_total = ctx.saved_tensors
        moved = zip((query, key, value), (moved_query, moved_key, moved_value), strict=True)
        moved_query, moved_key, moved_value = (
            torch.zeros_like(x) if by is None else by for x, by in moved
        )
        outputs, totals = [], []
        for rows, asked, row in _weights_again(ctx):
            moved_asked = wide(moved_query[..., rows, :]) * ctx.options[-1]
            mixed = torch.zeros_like(wide(output[..., rows, :]))
            total = torch.zeros_like(log_total[..., rows, :])
            for _, columns, weights in row:
                keys, values = key[..., columns, :], value[..., columns, :]
                moved_scores = wide_product(moved_asked, keys.mT)
                moved_scores = moved_scores + wide_product(asked, moved_key[..., columns, :].mT)
                slopes = weights * moved_scores  # (..., rows, columns)
                total = total + slopes.sum(dim=-1, keepdim=True)
                mixed = mixed + wide_product(slopes, values)
                mixed = mixed + wide_product(weights, moved_value[..., columns, :])
            outputs.append(mixed - total * output[..., rows, :])
            totals.append(total)
        return torch.cat(outputs, dim=-2).to(output.dtype), torch.cat(totals, dim=-2)

    @staticmethod
    def vmap(info, in_dims, query, key, value, mask, *options):
        """Take what is mapped over as one more axis in front, of which there may be any number."""

        def in_front(x, axis):
            if axis is None:
                return x.expand(info.batch_size, *x.shape)
            return x.movedim(axis, 0)

        query, key, value = (
            in_front(x, axis) for x, axis in zip((query, key, value), in_dims[:3], strict=True)
        )
        if mask is not None and in_dims[3] is not None:
            mask = mask.movedim(in_dims[3], 0)
            mask = mask.reshape(len(mask), *[1] * (query.ndim - mask.ndim), *mask.shape[1:])
        return Flash.apply(query, key, value, mask, *options), (0, 0)


def _weights_again(ctx):
    """For each block of queries: its place, the queries times the scale, its tiles of weights."""
    query, key, _, mask, _, log_total = ctx.saved_tensors
    block, ahead, scale = ctx.options

    def row(asked, rows, in_reach):
        for j, columns in enumerate(in_reach):
            scores = wide_product(asked, key[..., columns, :].mT)
            scores = hide_in_tile(scores, mask, rows, columns, ahead)
            yield j, columns, _minus(scores, log_total[..., rows, :]).exp_()  # (..., rows, columns)

    for rows, in_reach in tiles(query.shape[-2], key.shape[-2], block, ahead):
        asked = wide(query[..., rows, :]) * scale
        yield rows, asked, row(asked, rows, in_reach)


# A tile is made to be used up, and a copy of each would cost a fifth of the time. But where a
# derivative is itself to have one, its steps have to stay.


def _minus(tile: Tensor, by: Tensor) -> Tensor:
    return tile - by if torch.is_grad_enabled() else tile.sub_(by)


def _plus(total: Tensor | None, part: Tensor) -> Tensor:
    if total is None:
        return part
    return total + part if torch.is_grad_enabled() else total.add_(part)
