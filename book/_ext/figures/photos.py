"""A photograph in a figure, and shades of one colour laid out as its patches are."""

import numpy as np
from matplotlib.colors import to_rgb

from figures.cells import as_array
from figures.style import CYCLE


def draw_photo(ax, picture, *, title=None):
    """Draw a photograph or a table of colours.

    Args:
        ax: where to draw.
        picture: (3, height, width) red, green and blue, from 0 to 1.
        title: above it.
    """
    _draw(ax, as_array(picture).transpose(1, 2, 0), title)


def draw_shades(ax, shares, *, title=None, colour=CYCLE[1]):
    """Draw numbers as shades: the largest is solid, and at 0 the page is seen.

    Args:
        ax: where to draw.
        shares: (rows, columns) numbers, not negative.
        title: above it.
        colour: of the shade, the same in a light and in a dark page.
    """
    shares = as_array(shares)
    shade = (shares / shares.max())[..., None]
    red, green, blue = (shade * 0 + part for part in to_rgb(colour))
    _draw(ax, np.concatenate([red, green, blue, shade], axis=-1), title)


def _draw(ax, pixels, title):
    ax.imshow(pixels, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.set_title(title or "", fontsize=9)
    ax.spines[:].set_visible(False)
