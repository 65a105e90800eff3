"""The built site, each page of which is parsed once; who takes a page apart takes a copy."""

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup

from grading.paths import ROOT

HTML = ROOT / "_build" / "html"
PAGES = sorted(HTML.glob("*.html"))


@cache
def parsed(path: Path | str) -> BeautifulSoup:
    """A page, by its path or its stem."""
    path = HTML / f"{path}.html" if isinstance(path, str) else path
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def anchors(path: Path) -> set[str]:
    """What a link into a page may name."""
    return {
        tag[name] for name in ("id", "name") for tag in parsed(path).find_all(attrs={name: True})
    }
