"""Rotary positions (RoPE): queries and keys are turned by an angle that grows with the position."""

import torch
from torch import Tensor

from attention.shapes import check_tensor


def angles(positions: Tensor, d: int, base: float, dtype: torch.dtype = torch.float32) -> Tensor:
    """Give each position an angle for each pair of numbers; the first pair turns fastest.

        angle[i, p] = i · base^(−2p/d)   for position i and pair p

    These are the angles whose sines and cosines `sinusoidal` adds to the tokens.

    Args:
        positions: (length,) whole or real numbers.
        d: how many numbers make up a vector, an even number; each two share an angle.
        base: the larger, the slower the last pairs turn.
        dtype: what to compute in. Not half precision: bfloat16 takes 256 and 257 for one number.

    Returns:
        (length, d/2) radians.
    """
    twice_p = torch.arange(0, d, 2, dtype=dtype, device=positions.device)  # (d/2,)
    return positions.to(dtype)[:, None] * base ** (-twice_p / d)  # (length, d/2)


def rotate(x: Tensor, positions: Tensor, *, base: float = 10_000.0) -> Tensor:
    """Turn each pair of neighbouring numbers by an angle that is proportional to the position.

        x₂ₚ   ↦ x₂ₚ cos θ − x₂ₚ₊₁ sin θ
        x₂ₚ₊₁ ↦ x₂ₚ sin θ + x₂ₚ₊₁ cos θ,   θ = position · base^(−2p/d)

    Turn queries and keys, not values: then a score depends on what the two tokens are and on how
    far apart they stand, and on nothing else. New tokens of a sequence whose earlier keys are
    kept in a cache stand at `start + torch.arange(length)`.

    Args:
        x: (..., length, d), d even: queries or keys.
        positions: (length,) whole or real numbers.
        base: the larger, the slower the last pairs turn.

    Returns:
        (..., length, d) of x's dtype. What is in half precision is turned in float32.

    Raises:
        ValueError: d is odd, there is not one position for each token, or the positions are on
            another device.
        TypeError: x is not floating point, or the positions are not real numbers.

    Source: Su et al. (2021), section 3.2.2.
    """
    _check(x, positions)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    angle = angles(positions, x.shape[-1], base, wide.dtype)  # (length, d/2)
    cos, sin = angle.cos(), angle.sin()
    first, second = wide[..., 0::2], wide[..., 1::2]  # each (..., length, d/2)
    turned = torch.stack([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.flatten(start_dim=-2).to(x.dtype)  # (..., length, d)


def rotate_halves(x: Tensor, positions: Tensor, *, base: float = 10_000.0) -> Tensor:
    """Turn as `rotate` does, in the layout of GPT-NeoX, Llama and Hugging Face.

        x[p]        ↦ x[p] cos θ − x[p + d/2] sin θ
        x[p + d/2]  ↦ x[p] sin θ + x[p + d/2] cos θ,   θ = position · base^(−2p/d)

    Number p of the first half is paired with number p of the second. Both layouts can express
    the same scores, but weights trained in one are wrong in the other, and no error says so:
    the columns 0, 2, 4, …, 1, 3, 5, … of each head turn neighbours into halves.

    Args:
        x: (..., length, d), d even: queries or keys.
        positions: (length,) whole or real numbers.
        base: the larger, the slower the last pairs turn.

    Returns:
        (..., length, d) of x's dtype. What is in half precision is turned in float32.

    Raises:
        ValueError: d is odd, there is not one position for each token, or the positions are on
            another device.
        TypeError: x is not floating point, or the positions are not real numbers.

    Source: the code of GPT-NeoX (Black et al., 2022) and of Hugging Face's Llama.
    """
    _check(x, positions)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    angle = angles(positions, x.shape[-1], base, wide.dtype)  # (length, d/2)
    cos, sin = angle.cos(), angle.sin()
    first, second = wide.chunk(2, dim=-1)  # each (..., length, d/2)
    turned = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.to(x.dtype)  # (..., length, d)


def turns(start: int, length: int, d: int, base: float, like: Tensor) -> Tensor:
    """Write the angles of tokens that stand from `start` on as complex numbers.

        turn[i, p] = cos θ + i sin θ,   θ = (start + i) · base^(−2p/d)

    What `rotate` does to a pair of numbers is to multiply it, as one complex number, by its turn:
    a third of the time, and queries and keys share the turns.

    Args:
        start, length: where the first token stands, and how many there are.
        d, base: as in `angles`.
        like: a tensor for the dtype, at least float32, and the device.

    Returns:
        (length, d/2) complex numbers of length one.
    """
    dtype = torch.promote_types(like.dtype, torch.float32)
    angle = angles(torch.arange(start, start + length, device=like.device), d, base, dtype)
    return torch.polar(torch.ones_like(angle), angle)


def turned(x: Tensor, turns: Tensor) -> Tensor:
    """Multiply each pair of numbers by its turn; `rotate` in other words.

    Args:
        x: (..., length, d), queries or keys.
        turns: (length, d/2), as `turns` returns them.

    Returns:
        (..., length, d) of x's dtype. What is in half precision is turned in float32.
    """
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    pairs = torch.view_as_complex(wide.unflatten(-1, (-1, 2)))  # (..., length, d/2)
    return torch.view_as_real(pairs * turns).flatten(start_dim=-2).to(x.dtype)


def _check(x: Tensor, positions: Tensor) -> None:
    """Raise unless x comes in pairs and each of its tokens has a position."""
    check_tensor("x", x)
    if x.shape[-1] % 2:
        raise ValueError(
            f"the last axis of x must be even, to be turned in pairs, got shape {tuple(x.shape)}"
        )
    if not isinstance(positions, Tensor):
        raise TypeError(f"positions must be a torch.Tensor, got {type(positions).__name__}")
    if positions.dtype == torch.bool or positions.is_complex():
        raise TypeError(f"positions must be whole or real numbers, got {positions.dtype}")
    if positions.device != x.device:
        raise ValueError(
            "positions must be on the device of x, "
            f"got positions on {positions.device} and x on {x.device}"
        )
    if tuple(positions.shape) != x.shape[-2:-1]:
        raise ValueError(
            "positions must have shape (length,), one for each token (axis −2 of x), "
            f"got positions {tuple(positions.shape)} and x {tuple(x.shape)}"
        )
