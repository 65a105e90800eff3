"""Exercises of the chapter "Many heads". Replace each `raise` with your code; save; grade.

make grade EXERCISE=multi_head
"""

import torch
from torch import nn


def split_heads(x, n_heads):
    """Cut each token's vector into n_heads pieces and bring the head axis forward.

    Args:
        x: (batch, length, d_model) tensor, where d_model = n_heads · head_dim.
        n_heads: how many pieces.

    Returns:
        (batch, n_heads, length, head_dim) tensor. Head 0 holds the first head_dim numbers of
        each token, head 1 the next head_dim numbers, and so on.
    """
    raise NotImplementedError


def merge_heads(x):
    """Undo `split_heads`: put the pieces of each token's vector side by side again.

    Args:
        x: (batch, n_heads, length, head_dim) tensor.

    Returns:
        (batch, length, n_heads · head_dim) tensor.
    """
    raise NotImplementedError


def share_heads(heads, n_heads):
    """Repeat each head of keys (or of values) for the query heads that share it.

    Args:
        heads: (batch, n_kv_heads, key_len, head_dim) tensor, keys or values.
        n_heads: how many query heads there are. If it is not a multiple of n_kv_heads, a
            ValueError is raised.

    Returns:
        (batch, n_heads, key_len, head_dim) tensor: for each query head, what it looks things up
        in. Neighbours share: with 2 heads for 4 query heads, query heads 0 and 1 get head 0, and
        query heads 2 and 3 get head 1.
    """
    raise NotImplementedError


class MultiHeadAttention(nn.Module):
    """Attention by several heads in parallel, concatenated and mixed by an output map.

    Args:
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: how many heads ask; each works on head_dim = d_model / n_heads numbers.
        n_kv_heads: how many heads of keys and values they share; n_heads if None.

    The checks copy known weights and biases into four maps. Two are nn.Linear(d_model, d_model):
        self.to_query, self.to_output
    and two are nn.Linear(d_model, n_kv_heads · head_dim), which is d_model if nothing is shared:
        self.to_key, self.to_value
    """

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, memory=None, mask=None):
        """Let each token of x gather what it needs from memory, with n_heads questions at once.

        Args:
            x: (batch, query_len, d_model), where the queries come from.
            memory: (batch, key_len, d_model), where keys and values come from; x if None.
            mask: None, or boolean with shape (query_len, key_len), (batch, query_len, key_len)
                or (batch, 1, key_len). True means "may attend". A query that may attend to
                nothing gets zeros from every head.

        Returns:
            (batch, query_len, d_model).
        """
        raise NotImplementedError
