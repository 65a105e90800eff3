"""Rotary positions (RoPE): queries and keys are turned by an angle that grows with the position."""

import torch
from torch import Tensor

from attention.shapes import check_tensor
from attention.sinusoidal import BASE, angles, check_pairs


def rotate(x: Tensor, positions: Tensor, *, base: float = BASE) -> Tensor:
    """Turn each pair of neighbouring numbers by an angle that is proportional to the position.

        x₂ᵢ   ↦ x₂ᵢ cos a − x₂ᵢ₊₁ sin a
        x₂ᵢ₊₁ ↦ x₂ᵢ sin a + x₂ᵢ₊₁ cos a,   a = position · base^(−2i/d)

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
        ValueError: d is odd, or there is not one position for each token.
        TypeError: x is not floating point, or the positions are not real numbers.

    Source: Su et al. (2021), section 3.2.2.
    """
    cos, sin = _turns(x, positions, base)
    wide = x.to(cos.dtype)
    first, second = wide[..., 0::2], wide[..., 1::2]  # each (..., length, d/2)
    turned = torch.stack([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.flatten(start_dim=-2).to(x.dtype)  # (..., length, d)


def rotate_halves(x: Tensor, positions: Tensor, *, base: float = BASE) -> Tensor:
    """Turn as `rotate` does, in the layout of GPT-NeoX, Llama and Hugging Face.

        xᵢ      ↦ xᵢ cos a − xᵢ₊d/₂ sin a
        xᵢ₊d/₂  ↦ xᵢ sin a + xᵢ₊d/₂ cos a,   a = position · base^(−2i/d)

    Number i of the first half is paired with number i of the second. Both layouts can express
    the same scores, but weights trained in one are wrong in the other, and no error says so:
    the columns 0, 2, 4, …, 1, 3, 5, … of each head turn neighbours into halves.

    Args:
        x: (..., length, d), d even: queries or keys.
        positions: (length,) whole or real numbers.
        base: the larger, the slower the last pairs turn.

    Returns:
        (..., length, d) of x's dtype. What is in half precision is turned in float32.

    Raises:
        ValueError: d is odd, or there is not one position for each token.
        TypeError: x is not floating point, or the positions are not real numbers.

    Source: Black et al. (2022), GPT-NeoX-20B, section 2.1.1.
    """
    cos, sin = _turns(x, positions, base)
    first, second = x.to(cos.dtype).chunk(2, dim=-1)  # each (..., length, d/2)
    turned = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.to(x.dtype)  # (..., length, d)


def _turns(x: Tensor, positions: Tensor, base: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each token's angles, both (length, d/2), in float32 or wider."""
    check_tensor("x", x)
    check_pairs("the last axis of x", x.shape[-1])
    angle = angles(positions, x.shape[-1], base, torch.promote_types(x.dtype, torch.float32))
    if len(angle) != x.shape[-2]:
        raise ValueError(
            "x needs a position for each token (its axis −2), "
            f"got x {tuple(x.shape)} and positions {tuple(positions.shape)}"
        )
    return angle.cos(), angle.sin()
