"""How well attention to a sound agrees with the times at which the words were said."""

import torch
from torch import Tensor

from attention.shapes import check_shape, check_tensor

STEP = (
    0.02  # seconds from one vector of Whisper's memory to the next; vector k is centred on k·STEP
)


def alignment_error(weights: Tensor, begin: Tensor, end: Tensor, step: float = STEP) -> Tensor:
    """Measure how far the largest weight of each word lies from the middle of the word.

        error = median over words i of | step · argmax_k w_ik − (begin_i + end_i) / 2 |

    Of an even number of words, the median is the mean of the two in the middle.

    Args:
        weights: (..., n_words, n_vectors), what each word gives to each stretch of the sound.
        begin, end: (n_words,) seconds, when each word was said.
        step: seconds from the middle of one stretch to the middle of the next; the first is at 0.

    Returns:
        (...) seconds: one number for each map, such as each head's.

    Raises:
        ValueError: begin and end are not one number a word, there is no word, or no vector.
        TypeError: an argument is not floating point.
    """
    _check(weights, begin, end)
    found = weights.argmax(dim=-1) * step  # (..., n_words)
    miss = (found - (begin + end) / 2).abs()
    return miss.quantile(0.5, dim=-1)


def weight_inside(weights: Tensor, begin: Tensor, end: Tensor, step: float = STEP) -> Tensor:
    """Add up the weight that each word gives to the stretch of sound in which something was said.

    Args:
        weights, step: as for `alignment_error`.
        begin, end: (n_words,) seconds: of the word itself, or of another that is asked about.

    Returns:
        (..., n_words) shares.

    Raises:
        ValueError, TypeError: as `alignment_error`.
    """
    _check(weights, begin, end)
    time = torch.arange(weights.shape[-1], device=weights.device) * step  # (n_vectors,)
    inside = (begin[:, None] <= time) & (time < end[:, None])  # (n_words, n_vectors)
    return (weights * inside).sum(dim=-1)


def _check(weights: Tensor, begin: Tensor, end: Tensor) -> None:
    check_tensor("weights", weights)
    if 0 in weights.shape[-2:]:
        raise ValueError(
            "weights must have shape (..., n_words, n_vectors), at least one of each, "
            f"got {tuple(weights.shape)}"
        )
    for name, times in (("begin", begin), ("end", end)):
        check_tensor(name, times, axes=1)
        check_shape(name, times, "(n_words,)", weights.shape[-2:-1])
