"""Drawings of heads: what one average can hold, how a vector is cut, and who shares keys."""

import matplotlib.pyplot as plt

from figures.diagram import Diagram
from figures.style import MUTED


def in_the_triangle(one, two):
    """Draw what "sat" receives from one head and from two, within the averages of all words.

    Args:
        one, two: (steps, 2), the who and the where as the query gets sharper.
    """
    fig, ax = plt.subplots(figsize=(4, 3.3))
    ax.fill([0, 2, 0], [0, 0, 2], color="C0", alpha=0.12, linewidth=0)
    ax.text(0.12, 0.28, "all averages\nlie in here", fontsize=8, color=MUTED)
    for word, x, y, right in [("cat", 2, 0, 0.06), ("mat", 0, 2, 0.06), ("sat", 1, 1, -0.3)]:
        ax.plot(x, y, "o", color=MUTED)
        ax.text(x + right, y + 0.07, word)
    for path, colour in [(one, "C0"), (two, "C1")]:
        ax.plot(*path.T, color=colour)
        ax.plot(*path[-1], "D", color=colour)
    ax.text(1.1, 0.96, "one head", color="C0", va="center")
    ax.text(1.86, 1.92, "two heads", color="C1", ha="right")
    limits = {"xlim": (-0.08, 2.35), "ylim": (-0.08, 2.25)}
    ax.set(xlabel="who", ylabel="where", aspect="equal", **limits)
    return fig


def cut_in_two(words, width):
    """Draw how the vectors of three words, `width` numbers each, are cut into two heads."""
    half = width // 2
    steps = Diagram(3.2, 2.45)

    def draw_row(left, y, token, places):
        for k, place in enumerate(places):
            label, at = f"{words[token][0]}{place}", (left + 0.26 * k, y)
            steps.box(*at, label, colour=f"C{token}", width=0.24, height=0.24)

    slices = range(half), range(half, width)
    for token, word in enumerate(words):
        steps.text(0.02, 1.45 - 0.27 * token, word, align="left")
        for r, places in enumerate(slices):
            draw_row(0.44 + 0.84 * r, 1.45 - 0.27 * token, token, places)
            draw_row(2.54, 2.05 - 1.2 * r - 0.27 * token, token, places)
    for r in range(2):
        steps.text(2.8, 2.3 - 1.2 * r, f"head {r}")
        steps.arrow((1.98, 1.18), (2.35, 1.78 - 1.2 * r))
    steps.text(1.12, 1.75, "x, cut in two")
    return steps.figure


def who_shares():
    """Draw four query heads that share four, two and one heads of keys and values."""
    sharing = Diagram(4, 1.75)
    kinds = [(0, "multi-head", 4), (1.45, "grouped", 2), (2.9, "multi-query", 1)]
    for left, name, n_kv_heads in kinds:
        width = 1.1 / n_kv_heads
        keys = [
            sharing.box(left + (k + 0.5) * width, 0.3, "k\nv", colour="C2", width=0.22)
            for k in range(n_kv_heads)
        ]
        for r in range(4):
            query = sharing.box(left + (r + 0.5) * 1.1 / 4, 1.2, "q", colour="C0", width=0.2)
            sharing.arrow(query, keys[r * n_kv_heads // 4])
        sharing.text(left + 0.55, 1.58, name)
    return sharing.figure
