"""Sinusoidal positions: a fixed vector of sines and cosines for each place in a sequence."""

import torch
from torch import Tensor


def sinusoidal(length: int, d_model: int, *, device: torch.device | None = None) -> Tensor:
    """Return a vector for each of the positions 0, 1, 2, …, to be added to the tokens' vectors.

        PE[p, 2i] = sin(p / 10000^(2i/d_model)),   PE[p, 2i + 1] = cos(p / 10000^(2i/d_model))

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
    # In float64, for an angle of thousands, rounded to float32, would spoil the fourth digit of its
    # sine; and so on the CPU, for not every device has float64.
    position = torch.arange(length, device="cpu")[:, None]  # (length, 1)
    twice_i = torch.arange(0, d_model, 2, dtype=torch.float64, device="cpu")  # (d_model/2,)
    angle = position / 10_000 ** (twice_i / d_model)  # (length, d_model/2)
    table = torch.stack([angle.sin(), angle.cos()], dim=-1)  # (length, d_model/2, 2)
    table = table.flatten(start_dim=-2).float()  # (length, d_model)
    return table.to(torch.get_default_device() if device is None else device)
