"""Exercise of the chapter "Efficiency". Replace the `raise` with your code; save; grade.

make grade EXERCISE=efficiency
"""

import torch


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
