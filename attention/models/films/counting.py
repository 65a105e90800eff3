"""Recommenders that count, for histories of different lengths: popularity, pairs, neighbours."""

import torch
from torch import Tensor
from torch.nn import functional as F

LAST = 5  # films of which the neighbours are asked


def seen_by(people: list[Tensor], n_films: int) -> Tensor:
    """Mark who has rated what: (n_people, n_films) of zeros and ones."""
    marks = torch.zeros(len(people), n_films, dtype=torch.float32, device=people[0].device)
    for row, films in zip(marks, people, strict=True):
        row[films] = 1
    return marks


def pairs(people: list[Tensor], n_films: int) -> Tensor:
    """Count which film came right after which.

    Returns:
        (n_films, n_films): row i scores every film after film i; of those that followed as often,
        the popular ones first.
    """
    before = torch.cat([films[:-1] for films in people])
    after = torch.cat([films[1:] for films in people])
    counts = torch.bincount(before * n_films + after, minlength=n_films**2).view(n_films, n_films)
    return counts + seen_by(people, n_films).sum(dim=0) / (1 + len(people))  # under 1: for ties


def likeness(people: list[Tensor], n_films: int) -> Tensor:
    """Measure how much two films are rated by the same people, whenever that was.

        likeness_ij = (people who rated both) / √(people who rated i · people who rated j)

    Returns:
        (n_films, n_films), from 0 to 1; 0 for a film and itself.

    Source: Sarwar et al. (2001), Item-Based Collaborative Filtering, section 3.1, the cosine.
    """
    films = F.normalize(seen_by(people, n_films), dim=0)
    return (films.T @ films).fill_diagonal_(0)


def baselines(train: list[Tensor], known: list[Tensor], n_films: int) -> dict[str, Tensor]:
    """Score all films for each person by counting alone.

    Args:
        train: (length,) films of each person, from which is counted.
        known: (length,) films of each person who asks, oldest first.
        n_films: how many different films.

    Returns:
        {name: (n_people, n_films) scores}.
    """
    popular = seen_by(train, n_films).sum(dim=0)
    after, alike = pairs(train, n_films), likeness(train, n_films)
    return {
        "popularity": popular.expand(len(known), -1),
        "pairs": torch.stack([after[films[-1]] for films in known]),
        "neighbours": torch.stack([alike[films[-LAST:]].sum(dim=0) for films in known]),
    }
