"""Exercises of the chapter "A soft lookup". Replace each `raise` with your code; save; grade.

make grade EXERCISE=soft_lookup
"""

import torch


def softmax(scores):
    """Turn scores into weights that are positive and sum to one.

    Args:
        scores: (..., n) tensor of any real numbers, large ones too.

    Returns:
        (..., n) tensor: weights over the last axis.
    """
    raise NotImplementedError


def soft_lookup(query, key, value):
    """Return, for each query, the average of the values weighted by how well their keys match.

    Args:
        query: (..., query_len, d) what is looked for.
        key: (..., key_len, d) what each entry offers itself as.
        value: (..., key_len, value_dim) what each entry holds.

    Returns:
        (..., query_len, value_dim): one weighted average of the values for each query.
    """
    raise NotImplementedError
