"""From scores to a verdict: which answer is the best, and what share of the answers is right.

A comparison with NaN is false, and `argmax` takes NaN for the largest number of all. So a model
whose training has run away would be told to choose, and some measures would call it perfect. Here
it is told so.
"""

import math

from torch import Tensor


def check_numbers(name: str, scores: Tensor) -> None:
    """Raise if there is NaN among the scores: nothing can be judged by them."""
    if scores.is_meta:
        return  # there are no numbers, only their shape
    broken = scores.isnan()
    if broken.any():
        place = tuple(broken.nonzero()[0].tolist())
        raise ValueError(
            f"{name} must be numbers, got NaN in {int(broken.sum())} of {broken.numel()}, first at "
            f"{place}: a model that answers so has run away in training; lower its step size"
        )


def best(scores: Tensor, name: str = "the model's scores") -> Tensor:
    """Point at the best score of each row.

    Args:
        scores: (..., n).
        name: what they are called, for the error.

    Returns:
        (...) whole numbers from 0 to n − 1; the first of equals.

    Raises:
        ValueError: a score is NaN.
    """
    check_numbers(name, scores)
    return scores.argmax(dim=-1)


def share(right: Tensor) -> float:
    """Measure which share of (...) booleans is True.

    Counted in whole numbers, which every device has; float64 it may not have.

    Raises:
        ValueError: there are none.
    """
    if right.numel() == 0:
        raise ValueError(f"there is nothing to judge, got shape {tuple(right.shape)}")
    return int(right.sum()) / right.numel()


def check_finite(name: str, number: float, step: int) -> None:
    """Raise if a number that a training depends on is NaN, or infinite: its gradient is NaN."""
    if not math.isfinite(number):
        raise ValueError(
            f"{name} must be a finite number, got {number} in step {step + 1}: the training has "
            "run away, and the model answers NaN. Lower lr, and look for NaN and ∞ in the data"
        )
