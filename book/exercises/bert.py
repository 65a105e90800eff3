"""Exercises of the chapter "A real encoder". Replace each `raise` with your code; save; grade.

make grade EXERCISE=bert
"""

import torch


def masked_word(model, tokens, place, mask_token):
    """Hide one word, and give each word of the vocabulary a probability of standing there.

    What you can use: `model(tokens)` takes (batch, length) token ids and returns one vector for
    each, (batch, length, d_model). `model.embed.token.weight` is the table (vocab_size, d_model)
    with a row for each word. The model was trained so that, where a word is hidden, the dot
    products of its vector with these rows are the words' scores.

    Args:
        model: a BertEncoder, in training or in evaluation mode. Read it in evaluation mode,
            without dropout, and leave it in the mode in which it came.
        tokens: (length,) token ids of one sentence.
        place: a whole number, which of them is hidden.
        mask_token: the id of the token that stands for a hidden word.

    Returns:
        (vocab_size,) tensor of probabilities, without gradients.
    """
    raise NotImplementedError


def attention_maps(model, tokens):
    """Record what every head attends to while the model reads one sentence.

    What you can use: `model.embed(tokens)` takes (batch, length) token ids and returns vectors
    (batch, length, d_model). `model.blocks` are the layers, in order; `block(hidden,
    return_weights=True)` returns the pair (hidden, weights), where the weights have shape
    (batch, n_heads, length, length).

    Args:
        model: a BertEncoder, in training or in evaluation mode. It is read in evaluation mode,
            without dropout, and afterwards it is in the mode in which it came.
        tokens: (length,) token ids of one sentence, special tokens included.

    Returns:
        (n_layers, n_heads, length, length) tensor without gradients: entry [layer, head,
        i, j] is the weight that token i gives to token j in that head of that layer.
    """
    raise NotImplementedError


def head_by_pattern(maps, pattern):
    """Find the head that gives a pattern the largest share of its weight.

    A head's score is the share of a row's weight that falls inside the pattern, averaged over the
    rows in which the pattern has something. Rows without a True are left out.

    Args:
        maps: (n_layers, n_heads, length, length); the weights of each row sum to one.
        pattern: (length, length) boolean, True where a head that does this would look; at least
            one entry is True.

    Returns:
        (layer, head, score): two whole numbers, counted from zero, and a number in [0, 1].
    """
    raise NotImplementedError
