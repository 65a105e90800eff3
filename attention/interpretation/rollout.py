"""Attention rollout: where information may have come from, through all layers at once."""

import torch
from torch import Tensor

from attention.shapes import check_tensor


def rollout(maps: Tensor) -> Tensor:
    """Multiply the layers' maps, and so follow attention from the last layer down to the input.

        rollout = Ã_L · … · Ã_2 · Ã_1,   Ã_ℓ = ½ (W̄_ℓ + I),   W̄_ℓ = the mean of layer ℓ's heads

    The identity stands for the residual path, on which each token keeps its own vector. It is a
    picture of the ways that are open, not a measurement of what travelled on them: values,
    norms and feed-forward networks are left out.

    Args:
        maps: (n_layers, n_heads, length, length), each row's weights sum to one; as
            `attention_maps` returns them.

    Returns:
        (length, length); row i says from which input tokens the ways lead to token i's last vector,
        and how wide they are; it sums to one.

    Raises:
        ValueError: maps do not have these four axes, or not as many queries as keys.
        TypeError: they are not floating point.

    Source: Abnar and Zuidema (2020), Quantifying Attention Flow in Transformers, section 4.
    """
    check_tensor("maps", maps, axes=4)
    if maps.ndim != 4 or maps.shape[-1] != maps.shape[-2]:
        raise ValueError(
            "maps must have shape (n_layers, n_heads, length, length), one map for each head, "
            f"got {tuple(maps.shape)}"
        )
    identity = torch.eye(maps.shape[-1], dtype=maps.dtype, device=maps.device)
    through = identity
    for layer in maps.mean(dim=1):  # (length, length), from the first layer to the last
        through = (layer + identity) / 2 @ through
    return through
