"""Exercises of the chapter "Scoring". Replace each `raise` with your code; save; grade.

make grade EXERCISE=scoring
"""

import torch


def additive_scores(query, key, w_query, w_key, a):
    """Score every query against every key with one small hidden layer.

        score = a · tanh(query W_q + key W_k)

    Args:
        query: (..., query_len, query_dim).
        key: (..., key_len, key_dim), perhaps of another width.
        w_query: W_q, (query_dim, hidden).
        w_key: W_k, (key_dim, hidden).
        a: (hidden,).

    Returns:
        (..., query_len, key_len): the scores, before any softmax.
    """
    raise NotImplementedError


def attention_weights(query, key, mask=None):
    """Turn scaled dot products into weights.

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        mask: boolean, broadcast to (..., query_len, key_len);
            True may attend.

    Returns:
        (..., query_len, key_len). Each row sums to one; a row whose mask
        is False everywhere is zero.
    """
    raise NotImplementedError


def scaled_dot_product_attention(query, key, value, mask=None):
    """Answer each query with the weighted average of the values.

    Args:
        query: (..., query_len, d), of any floating-point dtype, float16 too.
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        mask: boolean, broadcast to (..., query_len, key_len);
            True may attend.

    Returns:
        (..., query_len, value_dim), of the query's dtype. A query that
        may attend to nothing gets zeros.
    """
    raise NotImplementedError
