"""Exercises of the chapter "What next?". Replace each `raise` with your code; save; grade.

make grade EXERCISE=recommendation
"""

import torch


def training_pairs(session):
    """Make training examples of one session.

    Args:
        session: (length,) whole numbers, the items in the order in which they were looked at; at
            least two.

    Returns:
        (inputs, targets), a pair of tensors (length − 1,): having read inputs up to and including
        place i, the model is to name targets[i].
    """
    raise NotImplementedError


def ndcg(scores, target, k):
    """Measure how near the top of its list the right item stands, on average over lists.

    The rank of an item is its place in its list, counted from 1: the highest score comes first. Of
    items with equal scores the right one comes last, so that a model which scores all items alike
    earns nothing.

    Args:
        scores: (n_lists, n_items) floating point, the higher the better.
        target: (n_lists,) whole numbers, the item of each list that is the right one.
        k: how many items are shown, from 1 to n_items.

    Returns:
        () tensor: the mean, over all lists, of 1 / log₂(rank + 1) where the right item's rank is
        at most k, and of 0 where it is not.
    """
    raise NotImplementedError
