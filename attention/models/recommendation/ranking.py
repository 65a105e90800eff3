"""How good is a ranked list? Two measures of recommenders, for one right item in each list."""

import torch
from torch import Tensor

from attention.models.judging import check_numbers


def rank_of(scores: Tensor, target: Tensor) -> Tensor:
    """Count at which place of the ranked list the right item stands, from 1.

    Of items with equal scores, the others stand first: a model that scores all alike earns nothing.

    Args:
        scores: (..., n_items), the higher the better.
        target: (...) the right item of each list.

    Returns:
        (...) whole numbers from 1 to n_items.

    Raises:
        ValueError: a score is NaN, which no place in a list is right for.
    """
    check_numbers("scores", scores)
    own = scores.gather(-1, target.unsqueeze(-1))  # (..., 1)
    return (scores >= own).sum(dim=-1)


def hit_rate(scores: Tensor, target: Tensor, k: int) -> Tensor:
    """Measure how often the right item is among the first k.

        HR@k = mean over lists of [rank ≤ k]

    Args:
        scores: (..., n_items).
        target: (...) the right item of each list.
        k: how many items are shown.

    Returns:
        () a share, from 0 to 1.

    Raises:
        ValueError: k is not from 1 to n_items, there is not one target for each list, or a score is
            NaN.
    """
    _check(scores, target, k)
    hits = rank_of(scores, target) <= k
    return hits.sum() / hits.numel()


def ndcg(scores: Tensor, target: Tensor, k: int) -> Tensor:
    """Measure how near the top the right item stands: a first place counts 1, a third a half.

        NDCG@k = mean over lists of [rank ≤ k] / log₂(rank + 1)

    Args:
        scores: (..., n_items) any real numbers; the higher, the sooner the item is shown.
        target: (...) the index of the right item in each list.
        k: how many items a list shows.

    Returns:
        () from 0 to 1.

    Raises:
        ValueError: as `hit_rate`.

    Source: Järvelin and Kekäläinen (2002), with a single relevant item in each list.
    """
    _check(scores, target, k)
    rank = rank_of(scores, target)
    return torch.where(rank <= k, 1 / (rank + 1).log2(), 0.0).mean()


def _check(scores: Tensor, target: Tensor, k: int) -> None:
    if not 1 <= k <= scores.shape[-1]:
        raise ValueError(f"k must be from 1 to n_items = {scores.shape[-1]}, got {k}")
    if target.shape != scores.shape[:-1]:
        raise ValueError(
            "there must be one target for each list of scores, got target "
            f"{tuple(target.shape)} and scores {tuple(scores.shape)}"
        )
