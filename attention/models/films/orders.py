"""The same films of the same people in another order: what a model loses shows what it lived on."""

import torch
from torch import Tensor

from attention.data.dice import shuffled


def in_any_order(people: list[Tensor], generator: torch.Generator, keep: int = 0) -> list[Tensor]:
    """Shuffle what each person rated.

    Args:
        people: (length,) films of each person, oldest first.
        generator: the dice.
        keep: how many films at the end of each list stay where they are.

    Returns:
        New lists: the same films, and nothing left of the order of those before the last `keep`.
    """
    return [
        torch.cat([_any(films[:end], generator), films[end:]])
        for films in people
        for end in [max(0, len(films) - keep)]
    ]


def ties_in_any_order(
    people: list[Tensor], times: list[Tensor], generator: torch.Generator, keep: int = 0
) -> list[Tensor]:
    """Shuffle only what each person rated within the same second, where time says no more.

    Args:
        people, generator, keep: as for `in_any_order`.
        times: (length,) seconds for each person, which never fall.
    """
    return [
        torch.cat([_by_time(films[:end], seconds[:end], generator), films[end:]])
        for films, seconds in zip(people, times, strict=True)
        for end in [max(0, len(films) - keep)]
    ]


def last_in_any_order(people: list[Tensor], last: int, generator: torch.Generator) -> list[Tensor]:
    """Shuffle the last few films of each list among themselves, and leave the others."""
    return [torch.cat([films[:-last], _any(films[-last:], generator)]) for films in people]


def _any(films: Tensor, generator: torch.Generator) -> Tensor:
    return films[shuffled((1, len(films)), generator)[0]]


def _by_time(films: Tensor, seconds: Tensor, generator: torch.Generator) -> Tensor:
    lot = shuffled((1, len(films)), generator)[0]
    return films[lot][seconds[lot].argsort(stable=True)]
