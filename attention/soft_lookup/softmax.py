"""Softmax: scores become weights, and what is hidden gets none."""

import torch
from torch import Tensor

from attention.masks.checks import Checked, check_mask
from attention.precision import wide, within_range


def softmax(scores: Tensor) -> Tensor:
    """Turn each row of scores into weights: positive, summing to one, larger for larger scores.

        softmax(s)ᵢ = exp(sᵢ) / Σⱼ exp(sⱼ)

    Args:
        scores: (..., n) real numbers, n at least 1. A score of −inf gets the weight zero.

    Returns:
        (..., n) weights.

    Raises:
        ValueError: there is no score in a row.
    """
    if scores.shape[-1] == 0:
        raise ValueError(f"there must be at least one score in a row, got {tuple(scores.shape)}")
    exact = wide(scores)  # a sum of many leaves float16
    # A shift changes no weight (it cancels in the fraction), and exp(89) overflows float32.
    shifted = exact - exact.amax(dim=-1, keepdim=True)  # (..., n), none above zero
    exponentials = shifted.exp()
    return (exponentials / exponentials.sum(dim=-1, keepdim=True)).to(scores.dtype)


def tempered(scores: Tensor, temperature: float) -> Tensor:
    """Divide scores by a temperature, counted from the best of each row.

        (sᵢ − max s) / temperature

    A softmax does not notice the shift. But so the best score is 0 and stays 0: at the smallest
    temperature it takes all, where s / temperature would be ∞ and its softmax NaN.

    Args:
        scores: (..., n).
        temperature: greater than zero; ∞ makes all finite scores alike.

    Returns:
        (..., n), none above zero.
    """
    below_best = scores - scores.amax(dim=-1, keepdim=True)
    return below_best / within_range(temperature, scores.dtype)


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the allowed places only; a hidden place gets exactly zero.

        wᵢ = mᵢ exp(sᵢ) / Σⱼ mⱼ exp(sⱼ),   and w = 0 where no mⱼ is True

    Args:
        scores: (..., query_len, key_len) real numbers.
        mask: broadcast to the scores; None allows everything. Boolean: True may attend. Floating
            point: added to the scores, and −inf hides.

    Returns:
        (..., query_len, key_len) weights. A row with nothing allowed is zero, and so is its
        gradient.

    Raises:
        TypeError: the mask is neither boolean nor floating point.
        ValueError: the mask does not broadcast to the scores, or there is no score in a row.

    Source: Vaswani et al. (2017), section 3.2.3, which sets what is hidden to −∞.
    """
    if isinstance(mask, Checked):
        mask = mask.mask
    elif mask is not None:
        check_mask(mask, scores.shape, scores.device)
    if mask is None:
        return softmax(scores)
    if mask.dtype == torch.bool:
        hidden = ~mask
    else:
        mask = mask.to(scores.dtype)
        hidden = mask.isneginf()
        scores = scores + mask
    nothing_allowed = hidden.all(dim=-1, keepdim=True)  # (..., query_len, 1)
    scores = scores.masked_fill(hidden, float("-inf"))  # and not NaN, whatever stands there
    # A row of −inf alone would compute −inf − (−inf) = NaN. Overwriting the result would be
    # enough for the numbers, but whoever hunts a NaN with torch's anomaly detection would be
    # sent here; so such a row enters as zeros.
    weights = softmax(scores.masked_fill(nothing_allowed, 0.0))
    return weights.masked_fill(nothing_allowed, 0.0)
