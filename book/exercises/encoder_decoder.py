"""Exercises of the chapter "Reading and writing". Replace each `raise` with your code; save; grade.

make grade EXERCISE=encoder_decoder
"""

import torch


def cross_attention(x, memory, w_query, w_key, w_value, mask=None):
    """Let each token of x gather what it needs from memory: one head, scaled dot products.

    Args:
        x: (batch, query_len, d_model) tensor, the tokens that ask.
        memory: (batch, key_len, d_model) tensor, the tokens that answer.
        w_query, w_key, w_value: (d_model, head_dim) tensors that stand to the right of what they
            multiply.
        mask: None, or boolean that broadcasts to (batch, query_len, key_len). True means "may
            attend". A token that may attend to nothing gets zeros.

    Returns:
        (batch, query_len, head_dim) tensor.
    """
    raise NotImplementedError
