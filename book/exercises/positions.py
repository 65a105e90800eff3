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
        (length, d_model) tensor of float32. In the columns 2i and 2i + 1 stand the sine and the
        cosine of position / 10000^(2i / d_model).
    """
    raise NotImplementedError


def rotate(x, positions):
    """Turn each pair of neighbouring numbers by an angle that is proportional to the position.

    Args:
        x: (..., length, d) tensor, queries or keys. An odd d raises a ValueError.
        positions: (length,) tensor, whole or real numbers: where each token stands.

    Returns:
        (..., length, d) tensor of x's dtype. Numbers 2i and 2i + 1 of a token are turned
        counterclockwise, as a point in the plane, by position · 10000^(−2i / d).
    """
    raise NotImplementedError
