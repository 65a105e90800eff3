"""The last film of each person is held out: what may be learned from, and what is asked."""

from typing import NamedTuple

import torch
from torch import Tensor

from attention.models.recommendation.ranking import hit_rate, ndcg

NOTHING = -100  # a target that no loss counts


class Question(NamedTuple):
    """Which film comes next for each person, and what they had rated until then."""

    known: list[Tensor]  # (length,) for each person, oldest first
    target: Tensor  # (n_people,) the film that came


def split(people: list[Tensor]) -> tuple[list[Tensor], Question, Question]:
    """Hold out the last film of each person for the test, and the one before to choose a model by.

    Args:
        people: (length,) films of each person, oldest first, at least three.

    Returns:
        (train, validation, test): the films that may be learned from, and two questions. For the
        test the film of the validation is known.
    """
    train = [films[:-2] for films in people]
    validation = Question(train, torch.stack([films[-2] for films in people]))
    test = Question([films[:-1] for films in people], torch.stack([films[-1] for films in people]))
    return train, validation, test


def unseen(scores: Tensor, known: list[Tensor]) -> Tensor:
    """Put the films that a person has rated behind all others.

    Args:
        scores: (n_people, n_films).
        known: (length,) films of each person.

    Returns:
        (n_people, n_films) new scores, −∞ for what is known.
    """
    scores = scores.clone()
    for row, films in zip(scores, known, strict=True):
        row[films] = float("-inf")
    return scores


def judge(scores: Tensor, question: Question, k: int = 10) -> tuple[float, float]:
    """Rank the right film of each person among all that they had not rated.

    Args:
        scores: (n_people, n_films) of any recommender.
        question: what is asked.
        k: how many films a list shows.

    Returns:
        (HR@k, NDCG@k).
    """
    ranked = unseen(scores, question.known), question.target
    return hit_rate(*ranked, k).item(), ndcg(*ranked, k).item()


def windows(people: list[Tensor], length: int) -> tuple[Tensor, Tensor]:
    """Cut each person's films into pieces, from the last back, and lay out inputs and targets.

    Args:
        people: (length,) films of each person, oldest first.
        length: of a piece, at most. Shorter ones are filled up behind, where under a causal mask
            nobody looks: the inputs with film 0, the targets with −100.

    Returns:
        (inputs, targets), each (n_pieces, length): at each place a film, and the one that came.
    """
    inputs, targets = [], []
    for films in people:
        for end in range(len(films), 1, -length):
            piece = films[max(0, end - length - 1) : end]
            room = length + 1 - len(piece)
            inputs.append(torch.cat([piece[:-1], piece.new_zeros(room)]))
            targets.append(torch.cat([piece[1:], piece.new_full((room,), NOTHING)]))
    return torch.stack(inputs), torch.stack(targets)
