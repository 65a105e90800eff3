"""A table of weights in which frames mark the right entries."""

from matplotlib.patches import Rectangle

from figures.heatmap import heatmap


def framed_heatmap(weights, rows, columns, right, **labels):
    """Draw weights (rows, columns) with a frame in each row at its right column.

    Args:
        right: the column of each row, a whole number; negative for a row without one.
        labels: `row_label` and `column_label`, as for `heatmap`.
    """
    fig = heatmap(weights, rows, columns, numbers=True, **labels)
    for row, column in enumerate(right.tolist()):
        if column >= 0:
            at = column - 0.5, row - 0.5
            frame = Rectangle(at, 1, 1, fill=False, edgecolor="C1", linewidth=2)
            fig.axes[0].add_patch(frame)
    return fig
