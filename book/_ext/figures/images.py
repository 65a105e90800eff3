"""A small image, its patches, and a shade for each of them."""

import numpy as np

from figures.cells import as_array, squares, tiles
from figures.style import INK


def draw_image(ax, pixels, patch, *, shares=None, largest=1.0, gap=0.0, frames=False, title=None):
    """Draw an image as it is cut.

    Args:
        ax: where to draw.
        pixels: (height, width) numbers in [0, 1]; 1 is ink.
        patch: (height, width) of a patch, in pixels.
        shares: (n_patches,) numbers in [0, largest], row by row, for a shade under each patch.
        largest: the share of a solid shade.
        gap: the room between two patches, in pixels.
        frames: draw a line around each patch.

    Raises:
        ValueError: the patches do not fill the image, or there is not one share for each.
    """
    pixels = as_array(pixels)
    (height, width), (high, wide) = pixels.shape, patch
    if height % high or width % wide:
        raise ValueError(f"patches of {high} × {wide} do not fill an image of {height} × {width}")
    row, column = np.indices((height // high, width // wide)).reshape(2, -1)
    across = column * (wide + gap) + (wide - 1) / 2  # the patches' centres
    down = row * (high + gap) + (high - 1) / 2
    if shares is not None:
        shares = as_array(shares)
        if shares.shape != row.shape:
            raise ValueError(f"{len(row)} patches need a share each, got the shape {shares.shape}")
        tiles(ax, across, down, (shares / largest).clip(max=1), "C1", size=(wide, high))
    y, x = np.indices(pixels.shape)
    size = 0.75 if shares is not None else 1.0  # so that the shade is seen between the pixels
    x, y = x + gap * (x // wide), y + gap * (y // high)
    tiles(ax, x.ravel(), y.ravel(), pixels.ravel(), INK, levels=16, size=(size, size))
    if frames:
        line = {"facecolor": "none", "edgecolor": "C1", "linewidth": 0.9}
        squares(ax, np.stack([across, down], axis=-1), np.array([wide, high]), **line)
    ax.set(xlim=(-0.6, x.max() + 0.6), ylim=(y.max() + 0.6, -0.6), xticks=[], yticks=[])
    ax.set(aspect="equal", title=title or "")
    ax.spines[:].set_visible(False)
    return across, down
