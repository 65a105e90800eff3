"""An image as a sequence of tokens."""

from torch import Tensor


def patchify(images: Tensor, patch: int) -> Tensor:
    """Cut images into squares, row by row, and lay out each square's pixels as one vector.

    Args:
        images: (..., height, width), both multiples of patch.
        patch: the side of a square, in pixels.

    Returns:
        (..., n_patches, patch²), n_patches = height/patch · width/patch. Squares are counted row by
        row from the top left, and so are the pixels within a square.

    Raises:
        ValueError: a side is not a multiple of patch, or images have no two sides.

    Source: Dosovitskiy et al. (2021), section 3.1. Colours are left out: an image of three of them
        would be three of ours, side by side in each vector.
    """
    if images.ndim < 2:
        raise ValueError(f"images must have shape (..., height, width), got {tuple(images.shape)}")
    height, width = images.shape[-2:]
    if patch < 1 or height % patch or width % patch:
        raise ValueError(
            f"both sides must be multiples of patch, got {height} × {width} and patch {patch}"
        )
    rows = images.unflatten(-2, (-1, patch))  # (..., rows, patch, width)
    squares = rows.unflatten(-1, (-1, patch))  # (..., rows, patch, columns, patch)
    squares = squares.transpose(-3, -2)  # (..., rows, columns, patch, patch)
    return squares.flatten(-2).flatten(-3, -2)  # (..., n_patches, patch²)
