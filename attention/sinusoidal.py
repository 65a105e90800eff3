"""Sinusoidal positions: a fixed vector of sines and cosines for each place in a sequence."""

import torch
from torch import Tensor

BASE = 10_000.0  # the choice of Vaswani et al., kept by Su et al.


def angles(
    positions: Tensor, d: int, base: float = BASE, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Give each position an angle for each pair of numbers; the first pair turns fastest.

        angle[p, i] = p · base^(−2i/d)

    Args:
        positions: (length,) whole or real numbers.
        d: how many numbers make up a vector, an even number; each two share an angle.
        base: the larger, the slower the last pairs turn.
        dtype: what to compute in. Not half precision: bfloat16 takes 256 and 257 for one number.

    Returns:
        (length, d/2) radians.

    Raises:
        TypeError: the positions are not a tensor of real numbers.
        ValueError: the positions are not one axis.
    """
    if not isinstance(positions, Tensor):
        raise TypeError(f"positions must be a torch.Tensor, got {type(positions).__name__}")
    if positions.dtype == torch.bool or positions.is_complex():
        raise TypeError(f"positions must be whole or real numbers, got {positions.dtype}")
    if positions.ndim != 1:
        raise ValueError(f"positions must have shape (length,), got {tuple(positions.shape)}")
    twice_i = torch.arange(0, d, 2, dtype=dtype, device=positions.device)  # (d/2,)
    return positions.to(dtype)[:, None] * base ** (-twice_i / d)  # (length, d/2)


def check_pairs(name: str, size: int) -> None:
    """Raise unless `size` numbers can be put in pairs."""
    if size < 0 or size % 2:
        raise ValueError(f"{name} must be even: an angle is for a pair of numbers, got {size}")


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
    check_pairs("d_model", d_model)
    # float64: an angle of thousands, rounded to float32, would spoil the fourth digit of its sine
    angle = angles(torch.arange(length, device=device), d_model, dtype=torch.float64)
    table = torch.stack([angle.sin(), angle.cos()], dim=-1)  # (length, d_model/2, 2)
    return table.flatten(start_dim=-2).float()  # (length, d_model)
