"""Exercises of the chapter "Why attention?". Replace each `raise` with your code; save; grade.

make grade EXERCISE=why_attention
"""

import torch


def output_slopes(model, x, entry):
    """Measure how far one number of the last output moves for each number of x.

    Args:
        model: maps (batch, length, d) to (batch, length, d_out).
        x: (length, d) one sequence, without a batch axis.
        entry: which of the d_out numbers of the last output, counted from 0.

    Returns:
        (length, d): the slope of that one number with respect to each number of x.
    """
    raise NotImplementedError


def influence(model, x):
    """Measure how strongly each position moves the last output.

    Args:
        model: maps (batch, length, d) to (batch, length, d_out).
        x: (length, d) one sequence, without a batch axis.

    Returns:
        (length,): for each position, the Frobenius norm of the slopes
        (d_out, d) of the last output with respect to that position.
    """
    raise NotImplementedError


def compare_influence(rnn, attention, x):
    """Compare which positions the last outputs of two models listen to.

    Args:
        rnn, attention: as `model` above; they may differ in d_out.
        x: (length, d) one sequence.

    Returns:
        (2, length): row 0 the RNN's influences, row 1 the attention's,
        each row divided by its own sum.
    """
    raise NotImplementedError
