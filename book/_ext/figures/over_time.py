"""`over_time`: maps one above the other on a common time axis, with stretches of time marked."""

from figures.cells import as_array
from figures.heatmap import heatmap

HEIGHT, MOST = 0.11, 2.6  # inches for a row, and for a map at most
LEAST = 0.28  # inches for a row that has a name


def over_time(maps, marks=()):
    """Draw maps whose columns are the same moments.

    Args:
        maps: {title: values (rows, moments)} or {title: (values, names of the rows)}, from the top
            one to the lowest. In each, the least value is empty and the largest solid.
        marks: [(begin, end, name), ...] stretches of time, in columns; a line stands at both ends.

    Returns:
        The matplotlib figure.
    """
    import matplotlib.pyplot as plt

    drawn = {
        title: each if isinstance(each, tuple) else (each, None) for title, each in maps.items()
    }
    heights = [
        max(len(values) * LEAST, 0.5) if names else min(len(values) * HEIGHT, MOST)
        for values, names in drawn.values()
    ]
    fig, axes = plt.subplots(
        len(drawn), 1, figsize=(4, sum(heights) + 0.4 * len(drawn)), height_ratios=heights,
        squeeze=False,
    )  # fmt: skip
    for ax, (title, (values, names)) in zip(axes[:, 0], drawn.items(), strict=True):
        values = as_array(values)
        shade = (values - values.min()) / ((values.max() - values.min()) or 1)
        heatmap(shade, names, title=title, numbers=False, legend=None, ax=ax)
        ax.set_aspect("auto")
        if names is None:
            ax.set_yticks([])
        # column c stands for the time from c − ½ to c + ½
        ax.set_xticks([(begin + end) / 2 for begin, end, _ in marks], [name for *_, name in marks])
        for edge in {edge for begin, end, _ in marks for edge in (begin, end)}:
            ax.axvline(edge, color="C1", linewidth=0.9)
    return fig
