"""The frame around a map: its size, its tokens and its scale."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from figures.cells import tiles
from figures.style import MUTED, NEGATIVE, SOFT, WEIGHT

WIDTH = 4.0  # inches, a phone's
LETTER = 0.075  # inches, a generous letter at 8 points: the reader's font may be wider than ours
MOST_CELLS = 20_000


def map_axes(values, rows, columns, title, row_label, column_label, ax):
    """Check the shapes and return axes with the labels in place."""
    if values.ndim != 2 or values.size > MOST_CELLS:
        raise ValueError(
            f"a map has two axes and at most {MOST_CELLS} cells; got the shape {values.shape}"
        )
    for name, labels, length in (
        ("rows", rows, values.shape[0]),
        ("columns", columns, values.shape[1]),
    ):
        if labels is not None and len(labels) != length:
            raise ValueError(f"{name} must name all {length} {name} of the map; got {len(labels)}")
    if ax is None:
        ax = _axes_for(values.shape, rows, columns)
    n_rows, n_columns = values.shape
    ax.set(xlim=(-0.5, n_columns - 0.5), ylim=(n_rows - 0.5, -0.5), aspect="equal")
    ax.set_title(title)
    ax.set_ylabel(row_label)
    ax.set_xlabel(column_label)
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color=SOFT, linewidth=0.8)
    _name(ax.yaxis, rows)
    _name(ax.xaxis, columns)
    cell = ax.get_position().width * ax.figure.get_figwidth() / n_columns
    if columns is not None and max(map(_inches, columns)) > cell:
        ax.set_xticks(
            range(n_columns), columns, rotation=45, rotation_mode="anchor", ha="left", va="bottom"
        )
    return ax


def _inches(label):
    return len(str(label)) * LETTER


def _axes_for(shape, rows, columns):
    """Axes on a figure whose cells are square, large enough to read, and fit a phone if they can.

    The axes have exactly the cells' size; what stands around them may be as wide as it needs,
    since `show` cuts the picture to what is drawn.
    """
    beside = 0.35 + max((_inches(label) for label in rows or ()), default=0.3)
    named = rows is not None or columns is not None
    cell = np.clip((WIDTH - beside) / shape[1], 0.17 if named else 0.03, 0.42)
    fig = Figure(figsize=(beside + cell * shape[1], 1 + cell * shape[0]), layout="none")
    width, height = fig.get_size_inches()
    return fig.add_axes(
        (beside / width, 0.3 / height, cell * shape[1] / width, cell * shape[0] / height)
    )


def _name(axis, labels):
    if labels is None:
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    else:
        axis.set_ticks(range(len(labels)), [str(label) for label in labels])


def scale(ax, words, ends):
    """A strip of tiles below the map, from the smallest value to the largest."""
    steps = np.linspace(ends[0], ends[-1], 11)
    shade = steps / max(abs(end) for end in ends)
    strip = ax.inset_axes([0.0, 0.0, 1.1, 0.1], transform=_below(ax))
    strip.set(xlim=(-0.5, 10.5), ylim=(-0.5, 0.5), xticks=[], yticks=[])
    strip.spines[:].set_visible(False)
    x, y = np.arange(11.0), np.zeros(11)
    tiles(strip, x, y, shade.clip(min=0), WEIGHT)
    tiles(strip, x, y, (-shade).clip(min=0), NEGATIVE)
    style = {"fontsize": 8, "va": "center", "color": MUTED}
    strip.text(-0.9, 0, f"{words}  {ends[0]:.3g}".replace("-", "−"), ha="right", **style)
    strip.text(10.9, 0, f"{ends[-1]:.3g}", ha="left", **style)


def _below(ax):
    """Inches, from a point under the right half of the map."""
    inches = ax.figure.dpi_scale_trans
    corner = ScaledTranslation(1, 0, ax.transAxes)
    return inches + corner + ScaledTranslation(-1.5, -0.22, inches)
