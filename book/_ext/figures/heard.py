"""A recording and maps over it, on an axis of seconds, with the times at which words were said."""

from figures.cells import as_array
from figures.heatmap import heatmap

COLUMN = 0.08  # seconds: a column narrower than this is not seen at phone width
BANDS = 4  # bands of the frames that are drawn as one


def heard_frames(frames, words, step):
    """Draw log-mel frames in two rows, the words below; lines mark where each begins and ends.

    Args:
        frames: (n_frames, n_mels) numbers, n_mels a multiple of 4.
        words: each with `text`, `begin` and `end`, in seconds.
        step: seconds from one frame to the next.

    Returns:
        The matplotlib figure.
    """
    import matplotlib.pyplot as plt

    columns = _columns(as_array(frames), step).mean(1)  # (n_columns, n_mels)
    bands = columns.reshape(len(columns), -1, BANDS).mean(2).T[::-1]
    bands = (bands - bands.min()) / (bands.max() - bands.min())
    half = -(-bands.shape[1] // 2)
    fig, axes = plt.subplots(2, 1, figsize=(4, 3.6), layout="constrained")
    for ax, first in zip(axes, (0, half), strict=True):
        shown = bands[:, first : first + half]
        height, width = shown.shape
        heatmap(shown, [""] * height, [""] * width, numbers=False, legend=None, ax=ax)
        places = {_place((word.begin + word.end) / 2) - first: word for word in words}
        said = {place: word for place, word in places.items() if -0.5 <= place < width - 0.5}
        ax.set_xticks(list(said), [word.text for word in said.values()], rotation=90)
        for edge in {edge for word in said.values() for edge in (word.begin, word.end)}:
            ax.axvline(_place(edge) - first, color="C1", linewidth=0.8)
        ax.tick_params(axis="x", bottom=False, top=False, labelbottom=True, labeltop=False)
        ax.set_aspect("auto")
    return fig


def heard_maps(maps, rows, begin, end, step):
    """Draw maps over a recording; a line in each row marks when its word was said.

    Args:
        maps: {title: (n, n_vectors) weights}.
        rows: n names.
        begin, end: (n,) seconds, of each row's word.
        step: seconds from one vector to the next.

    Returns:
        The matplotlib figure.
    """
    import matplotlib.pyplot as plt

    size = {"figsize": (4, 3.8 * len(maps)), "layout": "constrained", "squeeze": False}
    fig, axes = plt.subplots(len(maps), 1, **size)
    for ax, (title, weights) in zip(axes[:, 0], maps.items(), strict=True):
        shown = _columns(as_array(weights).T, step).sum(1).T.clip(max=1)  # (n, n_columns)
        width = shown.shape[1]
        heatmap(shown, rows, [""] * width, numbers=False, legend=None, title=title, ax=ax)
        for row, (b, e) in enumerate(zip(as_array(begin), as_array(end), strict=True)):
            ax.plot([_place(b), _place(e)], [row + 0.42] * 2, color="C1", linewidth=1.6)
        seconds = range(int(width * COLUMN) + 1)
        ax.set_xticks([_place(s) for s in seconds], [f"{s} s" for s in seconds])
        ax.set_aspect("auto")
    return fig


def _columns(values, step):
    """Gather moments (n, …) to columns (n_columns, moments, …); what is left over is dropped."""
    each = round(COLUMN / step)
    whole = len(values) // each
    return values[: whole * each].reshape(whole, each, *values.shape[1:])


def _place(seconds):
    """Where a second lies on the axis of columns, of which column 0 reaches from −½ to ½."""
    return float(seconds) / COLUMN - 0.5
