"""Cross-attention: one sequence asks, another answers."""

from torch import Tensor

from attention.masks.checks import check_boolean
from attention.scoring.scaled_dot_product import scaled_dot_product_attention
from attention.shapes import check_kind, check_last_axis, check_tensor


def cross_attention(
    x: Tensor,
    memory: Tensor,
    w_query: Tensor,
    w_key: Tensor,
    w_value: Tensor,
    mask: Tensor | None = None,
) -> Tensor:
    """Let each token of x gather what it needs from memory: one head, weights as matrices.

        CrossAttention(X, M) = softmax(X W_q (M W_k)ᵀ / √head_dim) M W_v

    Args:
        x: (..., query_len, d_model), the tokens that ask, such as the words written so far.
        memory: (..., key_len, d_memory), the tokens that answer, such as a sentence that was read.
        w_query: (d_model, head_dim).
        w_key: (d_memory, head_dim).
        w_value: (d_memory, value_dim).
        mask: boolean, broadcast to (..., query_len, key_len); True may attend.

    Returns:
        (..., query_len, value_dim): as many rows as x has tokens. A token with nothing to attend
        to gets zeros.

    Raises:
        ValueError: a matrix does not fit what it multiplies, the mask does not broadcast, or dtypes
            or devices differ.
        TypeError: the mask is not boolean, or another argument is not floating point.

    Source: Vaswani et al. (2017), section 3.2.3, "encoder-decoder attention".
    """
    check_tensor("x", x)
    for name, matrix in (("w_query", w_query), ("w_key", w_key), ("w_value", w_value)):
        check_tensor(name, matrix)
        check_kind("x", x, name, matrix)
    if mask is not None:
        check_boolean(mask)
    check_last_axis("x", x, "the rows of w_query", w_query.shape[0])
    check_last_axis("memory", memory, "the rows of w_key", w_key.shape[0])
    check_last_axis("memory", memory, "the rows of w_value", w_value.shape[0])
    check_kind("x", x, "memory", memory)
    return scaled_dot_product_attention(x @ w_query, memory @ w_key, memory @ w_value, mask)
