"""The same attention on PyTorch's fused kernels, which never keep the weights."""

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.masks.checks import Checked
from attention.masks.join import combine_masks
from attention.precision import answer_dtype, fitted
from attention.scoring.grouped_heads import check_shared
from attention.shapes import check_attention, check_scale


def fast_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Compute `scaled_dot_product_attention` by PyTorch's own function.

    The numbers and the contract are the book's: the last query lines up with the last key.
    PyTorch chooses a kernel that works tile by tile where it has one, and heads that share keys
    read them where they lie: nothing is repeated. The fused kernels have a gradient and no more:
    for a second derivative, or `torch.func.jvp`, take `scaled_dot_product_attention`, or call this
    one under `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask, is_causal, scale, enable_gqa: as in `scaled_dot_product_attention`.

    Returns:
        (..., query_len, value_dim). A query with nothing to attend to gets zeros. PyTorch hides
        a score by adding −inf: NaN in a hidden key shows, as it does in a hidden value.

    Raises:
        ValueError, TypeError: as `scaled_dot_product_attention`.

    Source: `torch.nn.functional.scaled_dot_product_attention`.
    """
    heads = key, value
    if enable_gqa:
        check_shared("key", key, query)
        check_shared("value", value, query)
        heads = key[..., :1, :, :], value[..., :1, :, :]  # to the checks, one stands for all
    check_attention(query, *heads)
    check_scale(scale)
    mask = Checked(combine_masks(mask, False, query, heads[0]))
    how = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
    return fused_attention(query, key, value, mask, **how)


def fused_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Checked,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Do the work of `fast_attention` for who has checked what it takes."""
    query_len, key_len = query.shape[-2], key.shape[-2]
    if query_len == 1:
        is_causal = False  # the newest query may look at everything: no mask to build
    # PyTorch's own causal rule spares it half the work, and agrees with ours for equal lengths.
    by_pytorch = is_causal and mask.mask is None and query_len == key_len
    mask = combine_masks(mask, is_causal and not by_pytorch, query, key)
    if mask is not None:
        mask = torch.atleast_2d(mask)  # PyTorch asks for the last two axes
        if mask.is_floating_point():
            mask = fitted(mask, answer_dtype(query))
    how = {"is_causal": by_pytorch, "scale": scale, "enable_gqa": enable_gqa}
    if query.ndim == key.ndim == value.ndim == 3:
        # Only for four axes has PyTorch its fused kernels: for three it keeps all the weights.
        query, key, value = query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0)
        return F.scaled_dot_product_attention(query, key, value, mask, **how).squeeze(0)
    return F.scaled_dot_product_attention(query, key, value, mask, **how)
