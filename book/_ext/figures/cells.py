"""Draws the cells of a map as tiles whose opacity is their value."""

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

TILE = 0.94  # of a cell; the rest is the gap, which hides the seams between neighbours
SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
SQUARE_CODES = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]


def as_array(values):
    """A float array of a tensor, an array or nested lists."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=float)


def tiles(ax, x, y, opacity, colour, levels=100, size=(1, 1)):
    """Draw a tile at each (x, y), all of one opacity in one path.

    Args:
        x, y, opacity: (n,) the tiles' centres, and how solid each is, in [0, 1].
        levels: opacities are rounded to a multiple of `1 / levels`; what rounds to nothing is
            not drawn.
        size: width and height of a cell; a tile leaves a small gap to its neighbours.
    """
    level = np.rint(np.asarray(opacity) * levels).astype(int)
    tile = np.asarray(size) * TILE
    for each in np.unique(level[level > 0]):
        chosen = level == each
        centres = np.stack([x[chosen], y[chosen]], axis=-1)
        squares(ax, centres, tile, facecolor=colour, alpha=each / levels, linewidth=0)


def squares(ax, centres, size, **style):
    """Draw rectangles of one size around (n, 2) centres, as one path."""
    corners = (np.asarray(centres)[:, None, :] + SQUARE * size).reshape(-1, 2)
    path = Path(corners, SQUARE_CODES * len(centres))
    ax.add_patch(PathPatch(path, clip_on=False, **style))
