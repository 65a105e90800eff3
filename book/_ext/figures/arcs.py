"""One word's attention as arcs over its sentence."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from figures.cells import as_array
from figures.style import CYCLE, INK, MUTED

LETTER = 0.082  # inches, a generous letter at 9 points
BETWEEN = 0.18  # inches between two words
HEIGHT = 1.5
LEAST = 0.02  # a weight below this is not drawn
WIDEST = 5.0  # points, the arc of weight 1


def arcs(weights, tokens, query, *, colour=CYCLE[0], numbers=True):
    """Draw an arc from one word to each word it attends to, as wide as the weight.

    Args:
        weights: (key_len,) the weights of that word's query, or (query_len, key_len).
        tokens: the words of the sentence, in order.
        query: the position of the word that asks.
        numbers: write the weights above .1 beside their words.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: there is not one weight for each token, or `query` is not one of them.
    """
    weights = as_array(weights)
    if not 0 <= query < len(tokens):
        raise ValueError(f"query must be a position from 0 to {len(tokens) - 1}; got {query}")
    row = weights[query] if weights.ndim == 2 else weights
    if row.shape != (len(tokens),):
        raise ValueError(
            f"arcs needs a weight for each of the {len(tokens)} tokens; got the shape {row.shape}"
        )
    widths = np.array([max(len(token), 3) * LETTER for token in tokens])
    centre = np.cumsum(widths + BETWEEN) - widths / 2
    width = centre[-1] + widths[-1] / 2 + BETWEEN
    fig = Figure(figsize=(width, HEIGHT + 0.5), layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(-0.5, HEIGHT))
    ax.set_axis_off()
    farthest = max(np.abs(centre - centre[query]).max(), 1e-9)
    for key, weight in enumerate(row):
        if weight >= LEAST:
            _arc(ax, centre[query], centre[key], weight, farthest, colour)
        if numbers and weight >= 0.1:
            text = f"{weight:.2f}".removeprefix("0")
            ax.text(centre[key], -0.36, text, ha="center", va="center", fontsize=7.5, color=MUTED)
    for position, token in enumerate(tokens):
        asks = position == query
        ax.text(
            centre[position],
            -0.12,
            token,
            ha="center",
            va="center",
            color=colour if asks else INK,
            fontweight="bold" if asks else "normal",
        )
    return fig


def _arc(ax, start, end, weight, farthest, colour):
    """A half-ellipse that is the higher the farther it reaches; a loop for the word itself."""
    if start == end:
        points = [(start, 0.02), (start - 0.22, 0.42), (start + 0.22, 0.42), (start, 0.02)]
    else:
        height = 0.25 + (HEIGHT - 0.35) * abs(end - start) / farthest
        top = height * 4 / 3  # a cubic curve reaches three quarters of its control points' height
        points = [(start, 0.02), (start, top), (end, top), (end, 0.02)]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    width = max(0.8, WIDEST * weight)
    style = {"facecolor": "none", "edgecolor": colour, "linewidth": width, "capstyle": "round"}
    ax.add_patch(PathPatch(path, alpha=0.35 + 0.65 * min(weight, 1), **style))
