"""Attention without the softmax, whose sum can be taken before anybody asks."""

import torch
from torch import Tensor

from attention.efficiency.tiles import blocks
from attention.precision import answer_dtype, wide, wide_product
from attention.shapes import check_attention


def feature_map(x: Tensor) -> Tensor:
    """Make every number positive, so that dot products can serve as weights: elu(x) + 1.

    Args:
        x: any shape.

    Returns:
        The same shape; x + 1 above zero, eˣ below.

    Source: Katharopoulos et al. (2020), equation 7.
    """
    # F.elu(x) + 1 in floating point is zero below −17, and a sum of zeros is no divisor.
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())


def linear_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Average the values with weights φ(q)·φ(k), in time that grows with the length alone.

        output_i = φ(q_i) Σ_j φ(k_j)ᵀ v_j  /  φ(q_i) Σ_j φ(k_j)ᵀ

    Both sums are the same for every query. They are taken once: a *state* of d · value_dim
    numbers that stands for all keys and values, however many there are. There is no mask: pairs
    are never looked at.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).

    Returns:
        (..., query_len, value_dim). Half precision is summed in float32. Where all
        weights are too small for a number (inputs below −100), zeros.

    Raises:
        ValueError: the shapes, dtypes or devices do not belong together.
        TypeError: an argument is not a floating-point tensor.

    Source: Katharopoulos et al. (2020), equations 5 and 6.
    """
    check_attention(query, key, value)
    asked, offered = feature_map(wide(query)), feature_map(wide(key))
    state = wide_product(offered.mT, value)  # (..., d, value_dim)
    total = offered.sum(dim=-2, keepdim=True)  # (..., 1, d)
    mixed, weights = wide_product(asked, state), wide_product(asked, total.mT)
    return _average(mixed, weights).to(answer_dtype(query))


def causal_linear_attention(query: Tensor, key: Tensor, value: Tensor, block: int = 64) -> Tensor:
    """Compute linear attention in which each position hears itself and what came before.

    The state is carried from block to block, as by a recurrent network: what lies in earlier
    blocks is read off the state, what lies in the block itself is compared pair by pair.

    Args:
        query, key: (..., length, d).
        value: (..., length, value_dim).
        block: how many positions at a time.

    Returns:
        (..., length, value_dim). Half precision is summed in float32. Where all
        weights are too small for a number (inputs below −100), zeros.

    Raises:
        ValueError: the shapes do not belong together, query and key differ in length, or block is
            less than one.
        TypeError: an argument is not a floating-point tensor, or block is not a whole number.

    Source: Katharopoulos et al. (2020), equations 8 to 12.
    """
    check_attention(query, key, value)
    length = query.shape[-2]
    if key.shape[-2] != length:
        raise ValueError(
            "causal linear attention needs as many queries as keys, "
            f"got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )
    asked, offered, value = feature_map(wide(query)), feature_map(wide(key)), wide(value)
    # A value of 1 beside the others: its sum is the sum of the weights.
    value = torch.cat([value, torch.ones_like(value[..., :1])], dim=-1)
    state, sums = 0.0, []
    for here in blocks(length, block):
        q, k, v = asked[..., here, :], offered[..., here, :], value[..., here, :]
        weights = wide_product(q, k.mT).tril()  # (..., block, block)
        earlier = wide_product(q, state) if sums else 0.0
        sums.append(earlier + wide_product(weights, v))  # (..., block, value_dim + 1)
        state = state + wide_product(k.mT, v)  # (..., d, value_dim + 1)
    sums = torch.cat(sums, dim=-2)
    return _average(sums[..., :-1], sums[..., -1:]).to(answer_dtype(query))


def _average(mixed: Tensor, total: Tensor) -> Tensor:
    """Divide by the sum of the weights; zeros, and not NaN, where all of them were rounded to 0."""
    return mixed / total.masked_fill(total == 0, 1.0)
