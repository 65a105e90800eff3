"""`draw_runs`: repeated runs against a size, as a mean and a range."""

from itertools import cycle

from figures.cells import as_array

STYLES = ("o-", "D--", "s:")  # told apart without colour


def draw_runs(ax, sizes, results, *, styles=STYLES):
    """Draw for each name the mean of its runs, and a band from their smallest to their largest.

    Args:
        ax: matplotlib axes.
        sizes: (places,) what stands across.
        results: {name: values (runs, places)}.
        styles: of the lines, in turn.
    """
    for (name, values), style in zip(results.items(), cycle(styles)):
        values = as_array(values)
        (line,) = ax.plot(sizes, values.mean(0), style, label=name)
        ax.fill_between(
            sizes, values.min(0), values.max(0), color=line.get_color(), alpha=0.25, linewidth=0
        )
    if styles is STYLES:  # marked places: name each of them
        ax.set_xscale("log")
        ax.set_xticks(sizes, sizes)
        ax.minorticks_off()
