"""Exercises of the chapter "Positions". Replace each `raise` with your code; save; grade.

make grade EXERCISE=positions
"""

import torch


def sinusoidal(length, d_model):
    """Return a vector for each of the positions 0, 1, 2, …, to be added to the tokens' vectors.

    Args:
        length: how many positions.
        d_model: how many numbers each vector has. An odd d_model raises a ValueError.

    Returns:
        (length, d_model) tensor of float32. In row i, the columns 2p and 2p + 1 hold the sine and
        the cosine of i / 10000^(2p / d_model), for each pair p = 0, 1, 2, …
    """
    raise NotImplementedError


def alibi_bias(n_heads, query_len, key_len):
    """Return what ALiBi adds to each score: minus the distance, times the slope of the head.

    Args:
        n_heads: how many heads, a power of two. Head 0 has the slope 2^(−8 / n_heads), head 1
            2^(−16 / n_heads), head r has 2^(−8 (r + 1) / n_heads).
        query_len: how many queries.
        key_len: how many keys. The last query stands where the last key stands, so with fewer
            queries than keys the first query does not stand at position 0.

    Returns:
        (n_heads, query_len, key_len) tensor of float32, without an infinite number. A key after
        the query loses as much as a key that is as far before it: to hide it is the mask's task.
    """
    raise NotImplementedError


def rotate(x, positions):
    """Turn each pair of neighbouring numbers by an angle that is proportional to the position.

    Args:
        x: (..., length, d) tensor, queries or keys. An odd d raises a ValueError.
        positions: (length,) tensor, whole or real numbers: where each token stands.

    Returns:
        (..., length, d) tensor of x's dtype. Numbers 2p and 2p + 1 of a token are a point in the
        plane, which is turned counterclockwise by position · 10000^(−2p / d), for each pair
        p = 0, 1, 2, …
    """
    raise NotImplementedError
