"""Exercise of the chapter "Is attention an explanation?". Replace the `raise`; save; grade.

make grade EXERCISE=ablate_head
"""

import torch


def ablate_head(model, layer, head):
    """Silence one head until the returned handle is removed: its answer becomes zeros.

    What you can use: `model.blocks[layer].attention` has n_heads heads and the width d_model. Its
    output map, `attention.to_output`, is a module that is called with the heads' answers side by
    side, (batch, length, d_model): head 0 first, head_dim = d_model / n_heads numbers each.

    Args:
        model: a BertEncoder.
        layer, head: counted from 0.

    Returns:
        The handle of a hook: leaving a `with` block of it, or its method `remove`, undoes it.
    """
    raise NotImplementedError
