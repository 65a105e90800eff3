"""An attention map: a row for each query, a column for each key."""

import numpy as np

from figures.cells import as_array, tiles
from figures.map_axes import map_axes, scale
from figures.style import FLIP, NEGATIVE, ON_DARK_CELL, ON_LIGHT_CELL, SOFT, WEIGHT

MOST_NUMBERS = 8  # columns that leave room for a number in each cell


def heatmap(
    weights,
    rows=None,
    columns=None,
    *,
    title=None,
    row_label=None,
    column_label=None,
    numbers=None,
    largest=1.0,
    legend="weight",
    ax=None,
):
    """Draw a map of numbers from zero up, such as attention weights.

    Args:
        weights: (query_len, key_len) numbers in [0, largest].
        rows, columns: the queries' and keys' tokens; positions where left out.
        row_label, column_label: what the rows and columns are, beside them.
        numbers: write the value into each cell; left out, where there is room.
        largest: the value of a solid cell.
        legend: what the numbers are, beside the scale; None for no scale.
        ax: draw here instead of on a figure of its own.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: the map has not two axes, its labels do not fit it, or a number is outside.
    """
    weights = as_array(weights)
    slack = 1e-5 * largest
    if not (np.all(weights >= -slack) and np.all(weights <= largest + slack)):
        raise ValueError(
            f"heatmap draws numbers from 0 to largest={largest:g}; these run from "
            f"{np.min(weights):g} to {np.max(weights):g} (signed_heatmap draws negative ones)"
        )
    shade = weights / largest
    ax = map_axes(weights, rows, columns, title, row_label, column_label, ax)
    _fill(ax, shade, WEIGHT)
    _write(ax, weights, shade, numbers)
    if legend:
        scale(ax, legend, [0, largest])
    return ax.figure


def signed_heatmap(
    values,
    rows=None,
    columns=None,
    *,
    title=None,
    row_label=None,
    column_label=None,
    numbers=None,
    largest=None,
    legend="value",
    ax=None,
):
    """Draw a map of positive and negative numbers, such as scores before the softmax.

    Positive and negative cells have different colours; a cell that holds NaN or minus infinity
    (hidden by a mask) is struck through. Arguments as for `heatmap`; `largest` is the size of
    a solid cell's value, the largest in the map where left out.
    """
    values = as_array(values)
    hidden = ~np.isfinite(values)
    seen = np.where(hidden, 0.0, values)
    largest = largest or float(np.abs(seen).max()) or 1.0
    shade = np.clip(seen / largest, -1, 1)
    ax = map_axes(values, rows, columns, title, row_label, column_label, ax)
    _fill(ax, shade.clip(min=0), WEIGHT)
    _fill(ax, (-shade).clip(min=0), NEGATIVE)
    for row, column in np.argwhere(hidden):
        ax.plot([column - 0.3, column + 0.3], [row + 0.3, row - 0.3], color=SOFT, linewidth=1)
    _write(ax, np.where(hidden, np.nan, values), np.abs(shade), numbers)
    if legend:
        scale(ax, legend, [-largest, 0, largest])
    return ax.figure


def _fill(ax, shade, colour):
    row, column = np.indices(shade.shape).reshape(2, -1)
    tiles(ax, column, row, shade.ravel(), colour, levels=100 if shade.size <= 1000 else 25)


def _write(ax, values, shade, numbers):
    if numbers or (numbers is None and values.shape[1] <= MOST_NUMBERS):
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = ON_DARK_CELL if round(shade[row, column], 2) > FLIP else ON_LIGHT_CELL
                ax.text(
                    column, row, _short(value), color=colour, fontsize=7.5, ha="center", va="center"
                )


def _short(value):
    """Two decimals without the leading zero: .07, 1, −.5."""
    text = f"{abs(value):.2f}" if abs(value) < 10 else f"{abs(value):.0f}"
    text = text.rstrip("0").rstrip(".") if float(text) == round(float(text)) else text
    text = text.removeprefix("0") or "0"
    return ("−" if value < 0 and text != "0" else "") + text
