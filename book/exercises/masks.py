"""Exercises of the chapter "Masks". Replace each `raise` with your code; save; grade.

make grade EXERCISE=masks
"""

import torch


def padding_mask(lengths, max_len):
    """Allow the real tokens of each sentence, hide the filler.

    Args:
        lengths: (batch,) whole numbers from 0 to max_len, a tensor
            or a list.
        max_len: how long the sentences are with their filler.

    Returns:
        (batch, 1, max_len) boolean, True may attend; the axis of size
        one stands for "every query".
    """
    raise NotImplementedError


def causal_mask(query_len, key_len):
    """Allow each query its own position and the ones before.

    The last query lines up with the last key.

    Args:
        query_len: how many queries.
        key_len: how many keys, more or fewer than the queries.

    Returns:
        (query_len, key_len) boolean, True may attend.
    """
    raise NotImplementedError


def window_mask(query_len, key_len, window):
    """Allow each query its own place and `window` − 1 places on either side.

    A window counts the token itself: with 1 it reads itself alone, with 2
    also the one before and the one after. The last query lines up with
    the last key.

    Args:
        query_len: how many queries.
        key_len: how many keys, more or fewer than the queries.
        window: how far a query looks, itself included; at least 1,
            perhaps more than there are keys.

    Returns:
        (query_len, key_len) boolean, True may attend.
    """
    raise NotImplementedError
