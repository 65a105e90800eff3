"""Multi-head attention with nothing learned: every map hands its input on as it is."""

import torch
from torch import Tensor, nn

from attention.data.sentence import VECTORS
from attention.multi_head.attention import MultiHeadAttention


@torch.no_grad()
def bare_heads(d_model: int, n_heads: int, sharpness: float = 1.0) -> MultiHeadAttention:
    """Build attention whose heads compare and pass on bare slices of the tokens.

    Args:
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: how many slices.
        sharpness: how many times longer the queries are than the tokens.

    Returns:
        A module whose maps are identities, but for the queries' length.
    """
    module = MultiHeadAttention(d_model, n_heads)
    for linear in module.children():
        nn.init.eye_(linear.weight)
        nn.init.zeros_(linear.bias)
    module.to_query.weight.mul_(sharpness)
    return module.requires_grad_(False)


def as_it_sharpens(n_heads: int, sharpest: float = 16.0, steps: int = 80) -> Tensor:
    """Follow what "sat" receives from bare heads as all queries grow from zero.

    Returns:
        (steps, 2): the who and the where that it receives.
    """
    times = torch.linspace(0, sharpest, steps)
    return torch.stack([bare_heads(2, n_heads, s)(VECTORS[None])[0, 2] for s in times])
