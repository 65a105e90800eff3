"""An image as a sequence of tokens."""

from torch import Tensor


def patchify(images: Tensor, patch: int) -> Tensor:
    """Cut images into squares, row by row, and lay out each square's pixels as one vector.

    Args:
        images: (..., height, width), both multiples of patch.
        patch: the side of a square, in pixels.

    Returns:
        (..., n_patches, patch²), n_patches = height/patch · width/patch.

    Raises:
        ValueError: a side is not a multiple of patch.
    """
    height, width = images.shape[-2:]
    if patch < 1 or height % patch or width % patch:
        raise ValueError(
            f"both sides must be multiples of patch, got {height} × {width} and patch {patch}"
        )
    rows = images.unflatten(-2, (-1, patch))  # (..., rows, patch, width)
    squares = rows.unflatten(-1, (-1, patch))  # (..., rows, patch, columns, patch)
    squares = squares.transpose(-3, -2)  # (..., rows, columns, patch, patch)
    return squares.flatten(-2).flatten(-3, -2)  # (..., n_patches, patch²)
