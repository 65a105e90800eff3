"""Splitting each token's vector into heads, and merging them again."""

from torch import Tensor

from attention.shapes import check_tensor


def check_heads(d_model: int, n_heads: int) -> None:
    """Raise unless d_model divides into n_heads equal parts of at least one number."""
    if n_heads < 1 or d_model < 1 or d_model % n_heads != 0:
        raise ValueError(
            "d_model must be a positive multiple of n_heads, "
            f"got d_model {d_model} and n_heads {n_heads}"
        )


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """Cut each token's vector into n_heads pieces and bring the head axis forward.

    Name the axes that you have, then swap two. (A direct `view(batch, n_heads, length,
    head_dim)` has the right shape and mixes the tokens.)

    Args:
        x: (batch, length, d_model), d_model = n_heads · head_dim.
        n_heads: how many pieces.

    Returns:
        (batch, n_heads, length, head_dim).

    Raises:
        ValueError: d_model is not a multiple of n_heads.

    Source: Vaswani et al. (2017), section 3.2.2.
    """
    check_tensor("x", x)
    check_heads(x.shape[-1], n_heads)
    pieces = x.unflatten(-1, (n_heads, -1))  # (batch, length, n_heads, head_dim)
    return pieces.transpose(-3, -2)  # (batch, n_heads, length, head_dim)


def merge_heads(x: Tensor) -> Tensor:
    """Undo `split_heads`: put the pieces of each token's vector side by side again.

    Args:
        x: (batch, n_heads, length, head_dim).

    Returns:
        (batch, length, n_heads · head_dim).

    Raises:
        ValueError: x has no head axis.

    Source: Vaswani et al. (2017), section 3.2.2, "Concat".
    """
    check_tensor("x", x, axes=3)
    pieces = x.transpose(-3, -2)  # (batch, length, n_heads, head_dim)
    return pieces.flatten(start_dim=-2)  # (batch, length, d_model)
