"""What the heads of a GPT look at."""

import torch
from torch import Tensor

from attention.models.gpt.model import GPT


@torch.no_grad()
def reading_maps(model: GPT, tokens: Tensor) -> Tensor:
    """Record what every head attends to while the model reads.

    Args:
        tokens: (batch, length).

    Returns:
        (n_layers, batch, n_heads, length, length), zero above the diagonal.
    """
    return model(tokens, return_weights=True)[1]


def weight_by_distance(maps: Tensor, furthest: int) -> Tensor:
    """Average the weight on the token itself, on the one before it, and so on.

    Args:
        maps: (…, batch, n_heads, length, length), causal.
        furthest: the largest distance, less than half of the length.

    Returns:
        (…, n_heads, furthest + 1), over the batch and the second half of the queries, which have
        as many tokens before them.

    Raises:
        ValueError: a map is too short for that distance.
    """
    half = maps.shape[-1] // 2
    if not 0 <= furthest < half:
        raise ValueError(
            f"furthest must be at least 0 and less than half of the length, got {furthest} "
            f"for maps of {maps.shape[-1]} tokens"
        )
    back = [maps.diagonal(-k, -2, -1)[..., -half:] for k in range(furthest + 1)]
    return torch.stack(back, dim=-1).mean((-4, -2))
