"""Matplotlib figures as inline SVG that follows the reader's theme.

Importing the package sets matplotlib's style; `show` turns a figure into a picture in the page.
"""

from figures import style
from figures.arcs import arcs
from figures.diagram import Diagram
from figures.grid import heatmap_grid
from figures.heard import heard_frames, heard_maps
from figures.heatmap import heatmap, signed_heatmap
from figures.over_time import over_time
from figures.show import show
from figures.sounds import sounds
from figures.style import CYCLE, INK, MUTED, NEGATIVE, PAPER, SOFT, WEIGHT

style.apply()

__all__ = [
    "CYCLE",
    "INK",
    "MUTED",
    "NEGATIVE",
    "PAPER",
    "SOFT",
    "WEIGHT",
    "Diagram",
    "arcs",
    "heard_frames",
    "heard_maps",
    "heatmap",
    "heatmap_grid",
    "over_time",
    "show",
    "signed_heatmap",
    "sounds",
]
