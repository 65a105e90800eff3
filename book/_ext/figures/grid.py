"""Every head of every layer as small maps, so that patterns can be found by eye."""

import numpy as np
from matplotlib.figure import Figure

from figures.cells import as_array, squares, tiles
from figures.style import INK, SOFT, WEIGHT

MAP = 0.36  # inches, the side of one small map
GAP = 0.2  # of a map, between two of them
LEVELS = 20  # a small tile shows no finer difference


def heatmap_grid(maps, *, title=None, highlight=(), row_name="layer", column_name="head"):
    """Draw the attention maps of all heads: a row for each layer, a column for each head.

    Args:
        maps: (n_layers, n_heads, query_len, key_len) weights in [0, 1].
        highlight: pairs (layer, head), counted from 0, to draw a frame around.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: the maps have not four axes, or a weight is outside [0, 1].
    """
    maps = as_array(maps)
    if maps.ndim != 4:
        raise ValueError(
            "heatmap_grid draws maps of shape (n_layers, n_heads, query_len, key_len); "
            f"got the shape {maps.shape}"
        )
    if not (np.all(maps >= -1e-5) and np.all(maps <= 1 + 1e-5)):
        raise ValueError(
            f"weights lie in [0, 1]; these run from {np.min(maps):g} to {np.max(maps):g}"
        )
    n_layers, n_heads, query_len, key_len = maps.shape
    size = (0.6 + n_heads * MAP * (1 + GAP), 0.6 + n_layers * MAP * (1 + GAP))
    fig = Figure(figsize=size, layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-GAP, n_heads * (1 + GAP)), ylim=(n_layers * (1 + GAP), -GAP), aspect="equal")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set_title(title)
    ax.set_xlabel(column_name)
    ax.set_ylabel(row_name)
    ax.set_xticks([head * (1 + GAP) + 0.5 for head in range(n_heads)], range(n_heads))
    ax.set_yticks([layer * (1 + GAP) + 0.5 for layer in range(n_layers)], range(n_layers))

    layer, head, query, key = np.indices(maps.shape).reshape(4, -1)
    x = head * (1 + GAP) + (key + 0.5) / key_len
    y = layer * (1 + GAP) + (query + 0.5) / query_len
    tiles(ax, x, y, maps.ravel(), WEIGHT, levels=LEVELS, size=(1 / key_len, 1 / query_len))
    every = np.argwhere(np.ones((n_layers, n_heads)))
    _frame(ax, every, edgecolor=SOFT, linewidth=0.6)
    if len(highlight):
        _frame(ax, np.asarray(highlight), edgecolor=INK, linewidth=1.6)
    return fig


def _frame(ax, layers_and_heads, **style):
    centres = layers_and_heads[:, ::-1] * (1 + GAP) + 0.5
    squares(ax, centres, size=(1.1, 1.1), facecolor="none", **style)
