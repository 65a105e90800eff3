"""Exercises of the chapter "Efficiency". Replace each `raise` with your code; save; grade.

make grade EXERCISE=efficiency
"""

import torch


def causal_linear_attention(query, key, value):
    """Compute linear attention in which each position hears itself and
    what came before, with two running sums instead of a table.

    Args:
        query, key: (..., length, d).
        value: (..., length, value_dim).

    Returns:
        (..., length, value_dim): row i is the average of the values 0 … i
        with the weights φ(q_i) · φ(k_j), where φ(x) = elu(x) + 1.
    """
    raise NotImplementedError


def tiled_attention(query, key, value, mask=None, block=256):
    """Compute scaled dot-product attention without ever holding all the scores.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask: boolean, broadcast to (..., query_len, key_len);
            True may attend.
        block: how many queries, and how many keys, are in a tile. The
            lengths need not be multiples of it.

    Returns:
        (..., query_len, value_dim): the numbers of
        scaled_dot_product_attention. A query that may attend to
        nothing gets zeros.
    """
    raise NotImplementedError
