"""A stack of blocks: each reads what the one before has written."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def run_blocks(
    blocks: Iterable[nn.Module], x: Tensor, *inputs, return_weights: bool = False, **options
) -> tuple[Tensor, Tensor | None]:
    """Send tokens through a stack, and keep the weights of each block if they are asked for.

    Args:
        blocks: at least one `EncoderBlock` or `DecoderBlock`, in order.
        x: (batch, length, d_model), the first block's input.
        inputs, options: what every block is handed besides, such as a mask or `is_causal=True`.
        return_weights: whether to keep the weights that the blocks return.

    Returns:
        (x, maps): what the last block has written, (batch, length, d_model), and the weights
        (n_layers, batch, n_heads, query_len, key_len), or None.
    """
    maps = []
    for block in blocks:
        x = block(x, *inputs, return_weights=return_weights, **options)
        if return_weights:
            x, weights = x
            maps.append(weights)  # (batch, n_heads, query_len, key_len)
    return x, torch.stack(maps) if return_weights else None
