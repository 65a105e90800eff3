"""Recommenders that count: the baselines that a trained model has to beat."""

import torch
from torch import Tensor

from attention.precision import finest


def popularity(sessions: Tensor, n_items: int) -> Tensor:
    """Count how often each item was looked at; whoever asks, the most popular come first.

    Args:
        sessions: (n_sessions, length) item numbers.
        n_items: how many different items.

    Returns:
        (n_items,) scores.
    """
    counts = torch.bincount(sessions.flatten(), minlength=n_items)
    return counts.to(finest(counts.device))


def follows(sessions: Tensor, n_items: int, back: int = 1) -> Tensor:
    """Count which item came `back` places after which: with 1, the bigram counts.

    Args:
        sessions: (n_sessions, length) item numbers.
        n_items: how many different items.
        back: how far apart.

    Returns:
        (n_items, n_items); row i scores every item after item i, popular ones first among those
        that followed as often.
    """
    before, after = sessions[:, :-back].flatten(), sessions[:, back:].flatten()
    pairs = torch.bincount(before * n_items + after, minlength=n_items**2)
    ties = popularity(sessions, n_items) / (1 + sessions.numel())  # under one, so only for ties
    return pairs.view(n_items, n_items) + ties
