"""Sinusoidal positions: a fixed vector of sines and cosines for each place in a sequence."""

import numpy as np
import torch
from torch import Tensor


def sinusoidal(length: int, d_model: int, *, device: torch.device | None = None) -> Tensor:
    """Return a vector for each of the positions 0, 1, 2, …, to be added to the tokens' vectors.

        E[i, 2p] = sin(i / 10000^(2p/d_model)),   E[i, 2p + 1] = cos(i / 10000^(2p/d_model))

    The dot product of two of them depends only on how far apart the two positions are.

    Args:
        length: how many positions.
        d_model: the width of the tokens' vectors, an even number.
        device: where the table lives.

    Returns:
        (length, d_model) float32; sine and cosine of one angle stand side by side.

    Raises:
        ValueError: length is negative, or d_model is odd.

    Source: Vaswani et al. (2017), section 3.5.
    """
    if length < 0:
        raise ValueError(f"length must not be negative, got {length}")
    if d_model < 0 or d_model % 2:
        raise ValueError(f"d_model must be even, a sine and a cosine for each angle, got {d_model}")
    # By NumPy, which counts in float64: an angle of thousands, rounded to float32, would spoil the
    # fourth digit of its sine, and not every device has float64.
    position = np.arange(length)[:, None]  # (length, 1)
    twice_p = np.arange(0, d_model, 2)  # (d_model/2,)
    angle = position / 10_000 ** (twice_p / d_model)  # (length, d_model/2)
    table = np.stack([np.sin(angle), np.cos(angle)], axis=-1)  # (length, d_model/2, 2)
    table = table.reshape(length, d_model).astype(np.float32)
    return torch.tensor(table, dtype=torch.float32, device=device)  # (length, d_model)
