"""Shared seconds and shared orders, by hand and beside SciPy."""

import pytest
import torch
from scipy.stats import spearmanr

from attention.models.films.list_order import order_agreement, tied_share


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def test_ties_are_counted_with_all_who_share_them():
    """Three in one second are three; a second that two people share is none."""
    times = [torch.tensor([1, 1, 1, 2, 5]), torch.tensor([1, 3, 3])]
    assert tied_share(times) == 5 / 8


def test_two_people_agree_as_scipy_says():
    """On the films that both have rated, wherever the others stand."""
    people = [torch.randperm(30, generator=dice(seed))[:22] for seed in (1, 2)]
    shared = sorted(set(people[0].tolist()) & set(people[1].tolist()))
    places = [[films.tolist().index(film) for film in shared] for films in people]
    expected = spearmanr(*places).statistic
    assert order_agreement(people, 20, dice()) == pytest.approx(expected)


def test_equal_lists_agree_and_shuffled_ones_do_not():
    """1 and about 0; with nothing in common there is nothing to ask."""
    page = torch.randperm(200, generator=dice())
    alike = [page[torch.rand(200, generator=dice(seed)) < 0.5] for seed in range(30)]
    assert order_agreement(alike, 50, dice()) == pytest.approx(1)
    lots = [films[torch.randperm(len(films), generator=dice(5))] for films in alike]
    assert abs(order_agreement(lots, 200, dice())) < 0.1
    with pytest.raises(ValueError, match="have rated 10 films in common"):
        order_agreement([torch.arange(9), torch.arange(9)], 20, dice())
