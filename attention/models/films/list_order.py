"""What order is it in which people rate films? Signs of a page that all of them saw."""

import torch
from torch import Tensor

ENOUGH = 10  # films that two people must share, for their orders to be compared


def tied_share(times: list[Tensor]) -> float:
    """Measure which share of all ratings has its second in common with another of the same person.

    Args:
        times: (length,) seconds for each person, which never fall.
    """
    tied = 0
    for seconds in times:
        _, counts = seconds.unique_consecutive(return_counts=True)
        tied += int(counts[counts > 1].sum())
    return tied / sum(len(seconds) for seconds in times)


def order_agreement(people: list[Tensor], n_pairs: int, generator: torch.Generator) -> float:
    """Measure how far two people agree on the order of the films that both have rated.

    The rank correlation of their two orders, 1 for equal orders and 0 for unrelated ones, averaged
    over pairs of people who share at least ten films.

    Args:
        people: (length,) films of each person, oldest first, none of them twice.
        n_pairs: pairs of people that are drawn.
        generator: the dice.

    Raises:
        ValueError: no pair shares enough films.

    Source: Spearman (1904), The Proof and Measurement of Association between Two Things.
    """
    found = []
    drawn = torch.randint(len(people), (n_pairs, 2), generator=generator).tolist()
    for one, other in drawn:
        shared = torch.isin(people[one], people[other]), torch.isin(people[other], people[one])
        first, second = people[one][shared[0]], people[other][shared[1]]
        if one == other or len(first) < ENOUGH:
            continue
        # both hold the same films: where does each stand in the one list, and in the other?
        place, there = first.argsort().double(), second.argsort().double()
        found.append(torch.corrcoef(torch.stack([place, there]))[0, 1].item())
    if not found:
        raise ValueError(f"no two of the people drawn have rated {ENOUGH} films in common")
    return sum(found) / len(found)
