"""Exercises of the chapter "Is attention an explanation?". Replace each `raise`; save; grade.

make grade EXERCISE=interpretation
"""

import torch


def rollout(maps):
    """Multiply the layers' maps, each mixed half and half with the identity.

    Args:
        maps: (n_layers, n_heads, length, length), the first layer first.
            Each row of weights sums to one.

    Returns:
        (length, length). Row i: in which shares token i's last vector
        comes from each input token. It sums to one.
    """
    raise NotImplementedError


def ablate_head(model, layer, head):
    """Silence one head until the returned handle is removed: its answer becomes zeros.

    What you can use: `attention = model.blocks[layer].attention` has the numbers
    `attention.n_heads` and `attention.d_model`. Its output map, `attention.to_output`, is a
    module that is called with the heads' answers side by side, (batch, length, d_model):
    head 0 first, head_dim = d_model // n_heads numbers each.

    Args:
        model: a BertEncoder.
        layer, head: counted from 0.

    Returns:
        The handle of a hook: leaving a `with` block of it, or its method `remove`, undoes it.
    """
    raise NotImplementedError
