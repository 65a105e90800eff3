"""Multi-head attention with nothing learned: every map hands its input on as it is."""

import torch
from torch import nn

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
