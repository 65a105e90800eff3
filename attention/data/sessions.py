"""Synthetic sessions whose hidden structure is known, so that a recommender can be caught guessing.

In `series_sessions` three series are watched in turn, an episode each: what comes next follows from
the item three places back, and hardly from the last one. In `chain_sessions` it follows from the
last one alone.
"""

import torch
from torch import Tensor

from attention.data.dice import by, happens, shuffled

N_SERIES, N_EPISODES, IN_TURN = 6, 12, 3
N_ITEMS = N_SERIES * N_EPISODES


def series_sessions(
    size: int, length: int, generator: torch.Generator, noise: float = 0.1
) -> Tensor:
    """Draw sessions: three of the six series, each from an episode drawn at random, in turn.

    After the last episode a series begins again. Item number = series · N_EPISODES + episode.

    Args:
        size: how many sessions.
        length: items in each.
        generator: the dice.
        noise: the share of items that are replaced by any item at all.

    Returns:
        (size, length) item numbers.
    """
    series = shuffled((size, N_SERIES), generator)[:, :IN_TURN]  # (size, 3)
    start = torch.randint(N_EPISODES, (size, IN_TURN), **by(generator))
    turn = torch.arange(length, device=series.device)
    episode = (start[:, turn % IN_TURN] + turn // IN_TURN) % N_EPISODES  # (size, length)
    items = series[:, turn % IN_TURN] * N_EPISODES + episode
    return _disturbed(items, noise, generator)


def chain_sessions(
    size: int, length: int, generator: torch.Generator, noise: float = 0.1
) -> Tensor:
    """Draw sessions in which each item follows from the one before: the next episode, or any item.

    Args and returns: as `series_sessions`.
    """
    start = torch.randint(N_ITEMS, (size, 1), **by(generator))
    jumps = happens(noise, (size, length), generator)
    landed = torch.randint(N_ITEMS, (size, length), **by(generator))
    items = [start[:, 0]]
    for t in range(1, length):
        following = items[-1] - items[-1] % N_EPISODES + (items[-1] + 1) % N_EPISODES
        items.append(torch.where(jumps[:, t], landed[:, t], following))
    return torch.stack(items, dim=1)


def _disturbed(items: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    anything = torch.randint(N_ITEMS, items.shape, **by(generator))
    return torch.where(happens(noise, items.shape, generator), anything, items)


def name_of(item: int) -> str:
    """Write an item as its series' letter and its episode's number, counted from 1: B7."""
    series, episode = divmod(int(item), N_EPISODES)
    return f"{'ABCDEF'[series]}{episode + 1}"
