"""Scaled dot-product attention: the formula, and the weights on their own."""

import math

from torch import Tensor

from attention.masks.checks import Checked
from attention.masks.join import combine_masks
from attention.precision import wide, wide_product
from attention.scoring.grouped_heads import check_shared, share_heads
from attention.scoring.scores import soft_cap
from attention.shapes import check_attention, check_query_key, check_scale
from attention.soft_lookup.softmax import masked_softmax


def attention_weights(
    query: Tensor,
    key: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    softcap: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return the weights by which `scaled_dot_product_attention` mixes the values.

        weights = softmax(Q Kᵀ / √d)

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        mask, is_causal, scale, softcap, enable_gqa: as in `scaled_dot_product_attention`.

    Returns:
        (..., query_len, key_len). Each row sums to one, or is zero where all is hidden.

    Raises:
        ValueError: the shapes, dtypes or devices do not belong together, or the scale is infinite.
        TypeError: the mask is neither boolean nor floating point, or another argument is not
            floating point.

    Source: Vaswani et al. (2017), equation 1.
    """
    if enable_gqa:
        check_shared("key", key, query)
        key = share_heads(key, query.shape[-3])
    check_query_key(query, key)
    check_scale(scale)
    mask = combine_masks(mask, is_causal, query, key)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    # float16 ends at 65 504, which a score may pass. PyTorch keeps scores in float32, too.
    scores = wide_product(wide(query) * scale, key.transpose(-2, -1))  # (..., query_len, key_len)
    if softcap is not None:
        scores = soft_cap(scores, softcap)
    return masked_softmax(scores, Checked(mask)).to(query.dtype)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    softcap: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Answer each query with the average of the values, weighted by scaled dot products.

        Attention(Q, K, V) = softmax(Q Kᵀ / √d) V

    It takes what `torch.nn.functional.scaled_dot_product_attention` takes, without dropout.

    Args:
        query: (..., query_len, d), of any floating-point dtype.
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask: broadcast to (..., query_len, key_len). Boolean: True may attend. Floating point:
            added to the scores, and −inf hides.
        is_causal: also hide the future; with a mask, both must allow. For unequal lengths the
            last query lines up with the last key (PyTorch lines up the first ones).
        scale: what the dot products are multiplied by; 1/√d if not given.
        softcap: squeeze the scores to between −softcap and softcap, before the mask.
        enable_gqa: query (..., n_heads, query_len, d) may have more heads than key and value,
            (..., n_kv_heads, key_len, ·); neighbouring query heads then share one.

    Returns:
        (..., query_len, value_dim). A query with nothing to attend to gets zeros. A hidden value
        has no part in the output, unless it is NaN or infinite: zero times either is NaN.

    Raises:
        ValueError: the shapes, dtypes or devices do not belong together, or the scale is infinite.
        TypeError: the mask is neither boolean nor floating point, or another argument is not
            floating point.

    Source: Vaswani et al. (2017), equation 1.
    """
    if enable_gqa:
        check_shared("key", key, query)
        check_shared("value", value, query)
        key, value = (share_heads(heads, query.shape[-3]) for heads in (key, value))
    check_attention(query, key, value)
    weights = attention_weights(
        query, key, mask, is_causal=is_causal, scale=scale, softcap=softcap
    )  # (..., query_len, key_len)
    return weights @ value  # (..., query_len, value_dim)
