"""ALiBi, attention with linear biases: each head's scores fall in a straight line with distance."""

import torch
from torch import Tensor

from attention.positions.distance import query_key_distance


def alibi_slopes(n_heads: int, *, device: torch.device | None = None) -> Tensor:
    """Choose how steeply each head's scores fall: from 1/2 to 1/256 for eight heads.

        slope[head] = 2^(−8 (head + 1) / n_heads)   for head = 0, 1, 2, …

    For a number that is not a power of two the authors take the slopes for the power below, and
    fill up with every second one for the power above.

    Args:
        n_heads: at least 1.
        device: where the slopes live.

    Returns:
        (n_heads,) float32, positive numbers.

    Raises:
        ValueError: n_heads is less than 1.

    Source: Press et al. (2022), section 3, and `get_slopes` in the authors' code.
    """
    if n_heads < 1:
        raise ValueError(f"n_heads must be at least 1, got {n_heads}")
    below = 2 ** (n_heads.bit_length() - 1)  # the largest power of two up to n_heads
    step = torch.arange(1, below + 1, dtype=torch.float32, device=device)
    slopes = 2.0 ** (-8 * step / below)
    if below == n_heads:
        return slopes
    between = alibi_slopes(2 * below, device=device)[0::2]
    return torch.cat([slopes, between[: n_heads - below]])


def alibi_bias(
    n_heads: int, query_len: int, key_len: int, *, device: torch.device | None = None
) -> Tensor:
    """Return what to add to each score: minus the distance, times the slope of the head.

        bias[head, i, j] = −slope[head] · abs(i + (key_len − query_len) − j)

    The last query lines up with the last key. The paper's models are causal; keys after the
    query, where a mask allows them, lose as much as keys before it.

    Args:
        n_heads: how many heads.
        query_len: how many queries.
        key_len: how many keys.
        device: where the bias lives.

    Returns:
        (n_heads, query_len, key_len) float32, zero or negative: `bias` of `MultiHeadAttention`, or
        a floating-point mask. To compose with a boolean one: `bias.masked_fill(~mask, -torch.inf)`.

    Raises:
        ValueError: n_heads is less than 1, or a length is negative.

    Source: Press et al. (2022), section 3.
    """
    distance = query_key_distance(query_len, key_len, device=device).abs()
    return alibi_slopes(n_heads, device=device)[:, None, None] * -distance
