"""The built site, each page of which is parsed once; who takes a page apart takes a copy."""

import re
from copy import copy
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup

from grading.paths import ROOT

HTML = ROOT / "_build" / "html"
PAGES = sorted(HTML.glob("*.html"))
TABLES = re.findall(
    r"```\{toctree\}(.*?)```", (ROOT / "book" / "index.md").read_text("utf-8"), re.DOTALL
)
#: The pages that index.md lists, in reading order; what follows the chapters is the back matter.
CONTENTS = re.findall(r"^\w+$", "\n".join(TABLES), re.MULTILINE)
CHAPTERS = CONTENTS[: CONTENTS.index("progress")]


@cache
def parsed(path: Path | str) -> BeautifulSoup:
    """A page, by its path or its stem."""
    path = HTML / f"{path}.html" if isinstance(path, str) else path
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def text_without(path: Path | str, asides: str) -> BeautifulSoup | None:
    """A copy of a page's article without what a CSS selector finds; None if it has none."""
    text = copy(parsed(path).select_one("article"))
    for aside in text.select(asides) if text else ():
        aside.decompose()
    return text


@cache
def anchors(path: Path) -> set[str]:
    """What a link into a page may name."""
    return {
        tag[name] for name in ("id", "name") for tag in parsed(path).find_all(attrs={name: True})
    }
