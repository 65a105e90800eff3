"""The book's colours, and what each becomes in the page.

Matplotlib draws with the light theme's colours; `svg.py` then exchanges every one of them for a
CSS variable, so that a picture changes with the reader's theme. The variables stand in
`book/_static/style/colours.css`. The light colour remains as the fallback where that file is
absent.
"""

import matplotlib
from cycler import cycler

CYCLE = ("#1a6fb5", "#c2410c", "#0f766e", "#8b3fa8", "#8a6100")
"""Blue, orange, green, purple, ochre: matplotlib's `C0` to `C4`."""

INK = "#1f2328"
"""Lines and words: the colour of the text around the figure."""
MUTED = "#59636e"
"""Words that stand back."""
SOFT = "#8c959f"
"""Grid lines and frames: the ink, mostly transparent."""
PAPER = "#ffffff"
"""The page behind the figure."""

WEIGHT = "#08306b"
"""A cell of a map; its opacity is the weight."""
NEGATIVE = "#7a0f00"
"""A cell below zero; its opacity is the size of the value."""
ON_LIGHT_CELL = "#010101"
ON_DARK_CELL = "#fefefe"
FLIP = 0.65
"""The opacity above which a number in a cell changes colour. The two colours of a cell are chosen
so that both texts reach a contrast of 4.5 there, in light and in dark."""

SOFT_OPACITY = ".3"
CURRENT = "currentColor"

IN_THE_PAGE = {
    INK: CURRENT,
    "#000000": CURRENT,
    SOFT: CURRENT,
    MUTED: f"var(--fig-muted,{MUTED})",
    PAPER: f"var(--fig-paper,{PAPER})",
    WEIGHT: f"var(--fig-weight,{WEIGHT})",
    NEGATIVE: f"var(--fig-negative,{NEGATIVE})",
    ON_LIGHT_CELL: f"var(--fig-on-low,{ON_LIGHT_CELL})",
    ON_DARK_CELL: f"var(--fig-on-high,{ON_DARK_CELL})",
    **{colour: f"var(--fig-{i},{colour})" for i, colour in enumerate(CYCLE)},
}

RC = {
    "figure.figsize": (4, 2.6),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.titlesize": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": SOFT,
    "grid.linewidth": 0.6,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=CYCLE),
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "patch.edgecolor": INK,
    "boxplot.flierprops.color": INK,
    "mathtext.fontset": "dejavusans",
    "svg.fonttype": "none",
    "svg.hashsalt": "attention",
}


def apply():
    """Make every later figure of this process one of the book's, whatever the reader's are like."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(RC)
