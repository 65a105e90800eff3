"""`show`: a matplotlib figure becomes a picture in the page, with words for who cannot see it."""

import hashlib
import json
import re
import sys
from collections import Counter
from html import escape
from xml.etree import ElementTree

from figures.svg import page_svg, prefix_ids

SHORTEST_ALT = 15
PIXELS_PER_POINT = 96 / 72
LEAST_SCALE = 0.85
"""A figure is never drawn smaller than this; `style/figures.css` says the same."""
PHONE = 340
"""The width of the text on a phone of 390 px, less a little."""

_times_shown = Counter()


def show(fig, alt, caption=None, *, interactive=None, data=None):
    """Return the figure as inline SVG that follows the reader's theme, and close it.

    Args:
        fig: a matplotlib figure, drawn at phone width (`figsize=(4, 2.6)`).
        alt: what the picture shows, in words, with its numbers.
        caption: what to notice; plain text, printed below the picture.
        interactive: the module in `_static/interactive` that adds something to try below the
            picture, where scripts run.
        data: what it is handed, as JSON; tensors and arrays become lists.

    Returns:
        An object that a notebook displays: HTML, or the alt text where there is no HTML.

    Raises:
        ValueError: the alt text is missing, too short to tell anything, or a file's name.
        TypeError: the data cannot be written as JSON.
    """
    alt = _checked(alt)
    svg = page_svg(fig)
    if "matplotlib.pyplot" in sys.modules:  # else nobody keeps the figure, and nothing to close
        sys.modules["matplotlib.pyplot"].close(fig)
    x, y, width, height = map(float, svg.get("viewBox").split())
    svg.set("role", "img")
    svg.set("aria-label", alt)
    svg.set("width", f"{width * PIXELS_PER_POINT:.0f}")
    svg.set("viewBox", f"{x:g} {y:g} {width:.2f} {height:.2f}")
    prefix_ids(svg, _prefix(ElementTree.tostring(svg)))
    more = _try_it(interactive, data) if interactive else ("", "")
    return Picture(_figure(svg, width * PIXELS_PER_POINT, caption, *more), alt)


class Picture:
    """A picture that a notebook can display."""

    def __init__(self, html, alt):
        self.html = html
        self.alt = alt

    def _repr_html_(self):
        return self.html

    def __repr__(self):
        return self.alt


def _checked(alt):
    alt = " ".join(alt.split()) if isinstance(alt, str) else ""
    if len(alt) < SHORTEST_ALT:
        raise ValueError(
            f"alt must say in words what the figure shows, in at least {SHORTEST_ALT} characters; "
            f"got {alt!r}"
        )
    if " " not in alt or re.search(r"\.(png|svg|jpe?g|gif|webp|pdf)$", alt, re.IGNORECASE):
        raise ValueError(
            f"alt must say in words what the figure shows, not name a file; got {alt!r}"
        )
    return alt


def _prefix(svg):
    """A name for this picture on its page: its content's hash, and a count if it comes again."""
    digest = hashlib.sha256(svg).hexdigest()[:8]
    _times_shown[digest] += 1
    again = f"-{_times_shown[digest]}" if _times_shown[digest] > 1 else ""
    return f"f{digest}{again}-"


def _try_it(interactive, data):
    """The figure's mark, by which the page finds the module, and its data."""
    text = json.dumps(data or {}, default=_as_list).replace("<", "\\u003c")
    mark = f' data-interactive="{escape(interactive)}"'
    return mark, f'<script type="application/json">{text}</script>'


def _as_list(array):
    """What JSON does not know, if it is an array."""
    if not hasattr(array, "tolist"):
        raise TypeError(f"data must be JSON serializable, or arrays; got {type(array).__name__}")
    return array.tolist()


def _figure(svg, width, caption, mark="", data=""):
    # A box that can scroll has to be reachable by keyboard, and then needs a role and a name.
    # On most screens a figure at phone width fits, and another stop for the tab key is in the way.
    may_scroll = width * LEAST_SCALE > PHONE
    reachable = ' tabindex="0" role="group" aria-label="A wide figure; it scrolls sideways"'
    words = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="fig"{mark} style="--fig-width:{width:.0f}px">'
        f'<div class="fig-scroll"{reachable if may_scroll else ""}>'
        f"{ElementTree.tostring(svg, encoding='unicode')}</div>{data}{words}</figure>"
    )
