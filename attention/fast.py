"""The same attention on PyTorch's fused kernels, which never keep the weights."""

from torch import Tensor
from torch.nn import functional as F

from attention.join_masks import combine_masks
from attention.shapes import check_attention


def fast_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Compute `scaled_dot_product_attention` by PyTorch's own function.

    The numbers and the contract are the book's: the last query lines up with the last key.
    PyTorch chooses a kernel that works tile by tile where it has one.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask, is_causal, scale: as in `scaled_dot_product_attention`.

    Returns:
        (..., query_len, value_dim). A query with nothing to attend to gets zeros.

    Raises:
        ValueError, TypeError: as `scaled_dot_product_attention`.
    """
    check_attention(query, key, value)
    query_len, key_len = query.shape[-2], key.shape[-2]
    if query_len == 1:
        is_causal = False  # the newest query may look at everything: no mask to build
    # PyTorch's own causal rule spares it half the work, and agrees with ours for equal lengths.
    by_pytorch = is_causal and mask is None and query_len == key_len
    mask = combine_masks(mask, is_causal and not by_pytorch, query, key)
    if mask is not None and mask.is_floating_point():
        mask = mask.to(query.dtype)
    return F.scaled_dot_product_attention(
        query, key, value, mask, is_causal=by_pytorch, scale=scale
    )  # (..., query_len, value_dim)
