"""Boxes and labelled arrows, in the style of the other figures."""

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from figures.style import INK, MUTED

LETTER = 0.085  # inches, a generous letter at 9 points: the reader's browser chooses the font
LINE = 0.17  # inches, a line of text at 9 points


@dataclass(frozen=True)
class Box:
    """A box of a diagram: where it stands, and what arrows end at."""

    x: float
    y: float
    width: float
    height: float
    patch: FancyBboxPatch


class Diagram:
    """A drawing surface measured in inches, with (0, 0) at the lower left.

    >>> flow = Diagram(4, 1.2)
    >>> query, scores = flow.box(0.6, 0.6, "query"), flow.box(3, 0.6, "scores", colour="C0")
    >>> flow.arrow(query, scores, "dot product with each key")
    >>> show(flow.figure, alt="A query becomes scores by the dot product with each key.")
    """

    def __init__(self, width=4.0, height=2.6):
        self.figure = Figure(figsize=(width, height), layout="none")
        self._ax = self.figure.add_axes((0, 0, 1, 1))
        self._ax.set(xlim=(0, width), ylim=(0, height))
        self._ax.set_axis_off()

    def box(self, x, y, text, *, colour=INK, width=None, height=None, dashed=False):
        """Draw a box around the centre (x, y), as wide as its text needs, and return it."""
        lines = text.split("\n")
        width = width or max(map(len, lines)) * LETTER + 0.22
        height = height or len(lines) * LINE + 0.16
        patch = FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=(colour, 0.1),
            edgecolor=colour,
            linewidth=1.1,
            linestyle=(0, (3, 2)) if dashed else "-",
            clip_on=False,
        )
        self._ax.add_patch(patch)
        self.text(x, y, text)
        return Box(x, y, width, height, patch)

    def arrow(self, start, end, text="", *, colour=INK, bend=0.0, dashed=False, beside=0.11):
        """Draw an arrow from one box (or point) to another, and a label beside its middle.

        Args:
            start, end: a `Box`, or a pair (x, y).
            bend: how far the arrow swings out to its left, as a share of its length.
            beside: the label's distance from the arrow, in inches, to its left.
        """
        a, b = _centre(start), _centre(end)
        patch = FancyArrowPatch(
            a,
            b,
            patchA=getattr(start, "patch", None),
            patchB=getattr(end, "patch", None),
            shrinkA=2,
            shrinkB=2,
            connectionstyle=f"arc3,rad={-bend}",
            arrowstyle="-|>,head_length=4.5,head_width=2.2",
            mutation_scale=1,
            color=colour,
            linewidth=1.1,
            linestyle=(0, (3, 2)) if dashed else "-",
            clip_on=False,
        )
        self._ax.add_patch(patch)
        if text:
            self._label(a, b, text, bend, beside)

    def text(self, x, y, text, *, colour=INK, size=9, align="center"):
        """Write words around (x, y); `align` is center, left or right."""
        self._ax.text(x, y, text, color=colour, fontsize=size, ha=align, va="center")

    def _label(self, a, b, text, bend, beside):
        length = max(((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5, 1e-9)
        left = (-(b[1] - a[1]) / length, (b[0] - a[0]) / length)
        out = beside + bend * length / 2
        x, y = ((a[i] + b[i]) / 2 + left[i] * out for i in (0, 1))
        steep = abs(left[0]) > 0.7
        align = ("right" if left[0] * beside < 0 else "left") if steep else "center"
        self.text(x, y, text, colour=MUTED, size=8, align=align)


def _centre(place):
    return (place.x, place.y) if isinstance(place, Box) else tuple(place)
