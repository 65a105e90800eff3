"""Four ways to score how well a key answers a query, and a way to keep scores from running off.

All return (..., query_len, key_len), of half precision in float32: a score may pass 65 504.
"""

import math

import torch
from torch import Tensor

from attention.precision import wide, wide_product, within_range
from attention.shapes import check_kind, check_positive, check_query_key, check_shape, check_tensor


def dot_scores(query: Tensor, key: Tensor) -> Tensor:
    """Score by the dot product: no parameters, and one matrix product for all pairs.

        score = q · k

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).

    Returns:
        (..., query_len, key_len).

    Raises:
        ValueError: the last axes differ.

    Source: Luong, Pham and Manning (2015), equation 8, "dot".
    """
    check_query_key(query, key)
    return wide_product(query, key.transpose(-2, -1))  # (..., query_len, key_len)


def scaled_dot_scores(query: Tensor, key: Tensor) -> Tensor:
    """Score by the dot product over √d, whose spread does not grow with d.

        score = q · k / √d

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).

    Returns:
        (..., query_len, key_len).

    Raises:
        ValueError: the last axes differ.

    Source: Vaswani et al. (2017), section 3.2.1.
    """
    return dot_scores(query, key) / math.sqrt(query.shape[-1])


def bilinear_scores(query: Tensor, key: Tensor, weight: Tensor) -> Tensor:
    """Score by a dot product after a learned map, so that query and key may differ in width.

        score = q W_b · k

    Args:
        query: (..., query_len, query_dim).
        key: (..., key_len, key_dim).
        weight: (query_dim, key_dim).

    Returns:
        (..., query_len, key_len).

    Raises:
        ValueError: the weight does not have shape (query_dim, key_dim), or the queries' dtype and
            device.

    Source: Luong, Pham and Manning (2015), equation 8, "general".
    """
    check_query_key(query, key, same_width=False)
    check_tensor("weight", weight)
    check_kind("query", query, "weight", weight)
    check_shape("weight", weight, "(query_dim, key_dim)", (query.shape[-1], key.shape[-1]))
    return wide_product(wide_product(query, weight), key.transpose(-2, -1))


def additive_scores(
    query: Tensor, key: Tensor, w_query: Tensor, w_key: Tensor, a: Tensor
) -> Tensor:
    """Score by a small network with one hidden layer that reads query and key together.

        score = a · tanh(q W_q + k W_k)

    Args:
        query: (..., query_len, query_dim).
        key: (..., key_len, key_dim).
        w_query: (query_dim, hidden).
        w_key: (key_dim, hidden).
        a: (hidden,).

    Returns:
        (..., query_len, key_len).

    Raises:
        ValueError: a parameter does not have the shape above, or the queries' dtype and device.

    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2.
    """
    check_query_key(query, key, same_width=False)
    for name, parameter in (("w_query", w_query), ("w_key", w_key), ("a", a)):
        check_tensor(name, parameter, axes=1)
        check_kind("query", query, name, parameter)
    hidden = a.numel()
    check_shape("a", a, "(hidden,)", (hidden,))
    check_shape("w_query", w_query, "(query_dim, hidden)", (query.shape[-1], hidden))
    check_shape("w_key", w_key, "(key_dim, hidden)", (key.shape[-1], hidden))
    queries = wide_product(query, w_query).unsqueeze(-2)  # (..., query_len, 1, hidden)
    keys = wide_product(key, w_key).unsqueeze(-3)  # (..., 1, key_len, hidden)
    return wide_product((queries + keys).tanh(), a)  # (..., query_len, key_len)


def soft_cap(scores: Tensor, cap: float) -> Tensor:
    """Squeeze scores to between −cap and cap; small ones stay nearly as they are.

        score ← cap · tanh(score / cap)

    Args:
        scores: (..., query_len, key_len).
        cap: greater than zero; ∞ leaves the scores alone.

    Returns:
        The same shape.

    Raises:
        ValueError: the cap is not positive.

    Source: Gemma Team (2024), Gemma 2, section 2, "logit soft-capping".
    """
    check_positive("cap", cap)
    exact = wide(scores)
    if cap > torch.finfo(exact.dtype).max ** 0.5:
        return scores  # it is too far above them to change a digit, and ∞ · tanh(0) would be NaN
    cap = within_range(cap, exact.dtype)
    return (cap * (exact / cap).tanh()).to(scores.dtype)
