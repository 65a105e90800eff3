"""A picture without words is a complaint: who cannot see it is told nothing.

Figures that cells draw with `show` are asked for them there.
"""

import re

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)

BARE = re.compile(r"<img\b(?![^>]*\balt=)", re.IGNORECASE)
REMEDY = (
    "say what it shows, in words: ![words](file), :alt: in a directive, "
    'show(figure, alt="words") in a cell'
)


def complain(app, doctree):
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            drawn = "jupyter_execute" in image["uri"]
            _warn("drawn by a cell" if drawn else image["uri"], image)
    for raw in doctree.findall(nodes.raw):
        if raw.get("format") == "html" and BARE.search(raw.astext()):
            _warn("an <img> in HTML", raw)


def _warn(what, node):
    message = "a picture has no alt text: %s\n  Remedy: %s."
    while not node.line and node.parent:
        node = node.parent
    logger.warning(message, what, REMEDY, location=node, type="described")


def setup(app):
    app.connect("doctree-read", complain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
