"""Icon fonts with the icons that a style sheet names, and no others."""

import logging
import re
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

logging.getLogger("fontTools").setLevel(logging.WARNING)
_ICON = re.compile(r'--fa:\s*"([^"]*)"|([\ue000-\uf8ff])')


def keep_icons(source: Path, target: Path, css: str) -> None:
    """Write the fonts of one folder into another, with the icons that are left in a style sheet."""
    characters = {ord(c) for icon in _ICON.findall(css) for c in "".join(icon)}
    target.mkdir(exist_ok=True)
    options = Options(flavor="woff2", layout_features=[], notdef_outline=True)
    for path in source.glob("*.woff2"):
        font = load_font(path, options)
        cut = Subsetter(options)
        cut.populate(unicodes=characters)
        cut.subset(font)
        save_font(font, target / path.name, options)
