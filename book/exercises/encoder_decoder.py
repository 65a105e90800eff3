"""Exercises of the chapter "Reading and writing". Replace each `raise` with your code; save; grade.

make grade EXERCISE=encoder_decoder
"""

import torch


def shift_right(tokens, start):
    """Lay out what a decoder reads in training: at each place, the token that stands before it.

    Args:
        tokens: (batch, length) whole numbers, the sentences to be written, one a row.
        start: a whole number, the token that stands before the first word of each sentence.

    Returns:
        (batch, length) whole numbers: start first, the last token dropped.
    """
    raise NotImplementedError


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


def next_token_loss(logits, tokens, padding=None):
    """Average −ln p of each next token, where p = softmax(logits) at the place before it.

    Args:
        logits: (batch, length, vocab_size) tensor. logits[b, t] scores each token of the vocabulary
            as the one that stands at t + 1.
        tokens: (batch, length) whole numbers, what the model read.
        padding: None, or the number of the token that fills up short sentences. Where the next
            token is filler, nothing is asked, and the mean is taken over the other places alone.

    Returns:
        Tensor with one number and no axes, in nats. Gradients flow through it to the logits.
    """
    raise NotImplementedError
