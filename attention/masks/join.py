"""Several things that hide, or add to the scores, joined in one mask."""

import torch
from torch import Tensor

from attention.masks.causal import causal_mask
from attention.masks.checks import (
    Checked,
    check_bias,
    check_boolean,
    check_mask,
    check_mask_fits,
)
from attention.shapes import axes_in_front, check_tensor


def combine_masks(
    mask: Tensor | Checked | None, is_causal: bool, query: Tensor, key: Tensor
) -> Tensor | None:
    """Allow what the mask and, if asked for, the causal rule both allow.

    Args:
        mask: boolean, or floating point and added to the scores (−inf hides); broadcast to the
            scores; or None. What is `Checked` is not asked again.
        is_causal: whether queries may only look back.
        query, key: (..., query_len, d) and (..., key_len, d), for the scores' shape and device.

    Returns:
        A mask of the same kind that broadcasts to the scores, or None if there is nothing to hide.

    Raises:
        TypeError: the mask is neither boolean nor floating point.
        ValueError: the mask does not broadcast to the scores, or is on another device.
    """
    query_len, key_len = query.shape[-2], key.shape[-2]
    if isinstance(mask, Checked):
        mask = mask.mask
    elif mask is not None:
        check_mask(mask, (*axes_in_front(query, key), query_len, key_len), query.device)
    if not is_causal:
        return mask
    causal = causal_mask(query_len, key_len, device=query.device)
    return causal if mask is None else hide_also(mask, causal)


def hide_also(mask: Tensor, allowed: Tensor) -> Tensor:
    """Hide in a boolean or floating-point mask also what a boolean one hides."""
    return mask & allowed if mask.dtype == torch.bool else mask.masked_fill(~allowed, float("-inf"))


def add_head_axis(mask: Tensor | None) -> Tensor | None:
    """Insert the head axis that (query_len, key_len) and (batch, query_len, key_len) lack.

    Without it a batch of three would line up with three heads, and no error would say so.

    Args:
        mask: boolean with two, three or four axes, or None.

    Returns:
        (1, query_len, key_len), (batch, 1, query_len, key_len), or the mask as it came.

    Raises:
        TypeError: the mask is not boolean.
    """
    if mask is None:
        return None
    check_boolean(mask)
    return mask.unsqueeze(-3) if mask.ndim in (2, 3) else mask


def add_bias(mask: Tensor | None, bias: Tensor | None) -> Tensor | None:
    """Join a boolean mask and numbers to be added to the scores in one floating-point mask.

    Args:
        mask: boolean, or None.
        bias: floating point, broadcast with the mask, or None.

    Returns:
        The one that is given; of both, the bias with −inf where the mask is False.

    Raises:
        TypeError: the bias is not floating point.
    """
    if bias is None:
        return mask
    check_tensor("bias", bias, axes=0)
    return bias if mask is None else hide_also(bias, mask)


def mask_for_heads(
    mask: Tensor | None,
    bias: Tensor | None,
    scores_shape: tuple[int, ...],
    device: torch.device,
) -> Checked:
    """Check what a module with heads was handed, once, and make one mask of it.

    Args:
        mask: boolean, broadcast to (batch, query_len, key_len) or, with four axes, to the scores.
        bias: floating point, broadcast to the scores.
        scores_shape: (batch, n_heads, query_len, key_len).
        device: where the scores are.

    Returns:
        The two as `add_bias` joins them, to be taken by all that follows without a question.

    Raises:
        TypeError: the mask is not boolean, or the bias not floating point.
        ValueError: one of them does not broadcast to the scores, or is on another device.
    """
    mask = add_head_axis(mask)  # raises unless it is boolean
    if mask is not None:
        check_mask_fits(mask, scores_shape, device)
    if bias is not None:
        check_bias(bias, scores_shape, device)
    return Checked(add_bias(mask, bias))
