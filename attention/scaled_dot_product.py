"""Scaled dot-product attention, in five lines."""

import math

from torch import Tensor

from attention.masks import combine_masks
from attention.shapes import check_attention, check_query_key
from attention.soft_lookup import masked_softmax


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Answer each query with the average of the values, weighted by scaled dot products.

        Attention(Q, K, V) = softmax(Q Kᵀ / √d) V

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask: boolean, broadcast to (..., query_len, key_len); True may attend.
        is_causal: also hide the future; with a mask, both must allow. For unequal lengths the
            last query lines up with the last key (PyTorch lines up the first ones).
        scale: what the dot products are multiplied by; 1/√d if not given.

    Returns:
        (..., query_len, value_dim). A query with nothing to attend to gets zeros.

    Raises:
        ValueError: the shapes do not belong together.
        TypeError: the mask is not boolean, or another argument is not floating point.

    Source: Vaswani et al. (2017), equation 1.
    """
    check_attention(query, key, value)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * scale  # (..., query_len, key_len)
    weights = masked_softmax(scores, combine_masks(mask, is_causal, scores))
    return weights @ value  # (..., query_len, value_dim)


def attention_weights(
    query: Tensor,
    key: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Return the weights by which `scaled_dot_product_attention` mixes the values.

        weights = softmax(Q Kᵀ / √d)

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        mask, is_causal, scale: as in `scaled_dot_product_attention`.

    Returns:
        (..., query_len, key_len). Each row sums to one, or is zero where all is hidden.

    Raises:
        ValueError: the shapes do not belong together.
        TypeError: the mask is not boolean, or another argument is not floating point.
    """
    check_query_key(query, key)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * scale  # (..., query_len, key_len)
    return masked_softmax(scores, combine_masks(mask, is_causal, scores))
