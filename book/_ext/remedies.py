"""What an author is told of a mistake: the page, the line, what was given, and what to do.

The libraries name what they did not find, and often no more. Each complaint passes through here:
it gets its remedy, and the exact line within a paragraph; it is said once; and of a page whose code
has failed nothing else is said, since it may only follow from that.

Sphinx keeps a page that it has read, complaints or not, and would call the next build a success.
So a page with a complaint is read again, until there is none.
"""

import logging
import os
import re
import sys
from pathlib import Path

from sphinx.application import ENV_PICKLE_FILENAME
from sphinx.util.logging import NAMESPACE, WarningStreamHandler

from sources import content

REMEDIES = {
    r"could not find bibtex key": "correct the key, or add its entry to book/references.bib",
    r"bibliography data error": "correct the entry; a key stands for one entry alone",
    r"'myst' cross-reference target not found|local id not found": "correct the link: a page is "
    "its file, [words](page.md), and a section page.md#its-title-in-small-letters",
    r"undefined label": "correct the name, or set (name)= above what it names",
    r"unknown document": "correct the name: a page's is its file's, without .md",
    r"non-?existing document": "correct the name in the toctree, or write that page",
    r"equation not found": "correct the name; an equation's stands behind it: $$ (name)",
    r"nothing with a number is called": "correct the name; a figure has its cell's :name:, an "
    "exercise is exercise- and its name",
    r"[Dd]uplicate (label|explicit target)": "give one of the two another name",
    r"isn't included in any toctree": "name the page in a toctree of book/index.md",
    r"doesn't have a title": "begin that page with one: # The title",
    r"Non-consecutive header": "make it one # less",
    r"image file not readable": "correct the path, which begins at the page's folder",
    r"found in glue data": 'correct the name, or glue it in a cell: glue("name", value)',
    r"Unknown interpreted text role|Unknown directive type": "correct the name; CONTRIBUTING.md "
    "lists the book's own",
    r"the claim is not held by .*there is no test": "correct the name, or write the test",
    r"the package attention offers nothing called": "correct the name, or write it in attention/",
    r"KaTeX cannot read": "correct the formula; macros stand in conf.py, katex_macros",
    r"autodoc: failed to import|reference target not found": "correct the name; attention/ has it",
}
#: What a complaint names: the author wrote it on the line in question.
NAMES = re.compile(r"['\"]([^'\"\n]+)['\"]|(?:called|not found:|formula|held by|text:) (\S+)")
PLACE = re.compile(r"(.+?\.(?:md|bib))(?::(\d*))?")
FENCE = re.compile(r"\s*(`{3,}|:{3,})")
OTHER_PAGE = re.compile(r"/\S+\.md\b")
TWICE = re.compile(r"bibliography data error in (\S+): repeated bibliography entry: (\S+)")
NO_SUCH = re.compile(r"autodoc: failed to import '(.+?)' from module '(.+?)'")


class Remedies(logging.Filter):
    """Stands last before the complaints are written, where their types and places are known."""

    def __init__(self, app):
        super().__init__()
        self.app = app
        self.forget()

    def forget(self):
        self.said, self.places, self.involved, self.failed = set(), set(), set(), set()

    def filter(self, record):
        message = _shortened(logging.LogRecord.getMessage(record))
        page, line = _place(record.location or self._unnamed_place(message), message)
        kind = getattr(record, "type", "")
        if (page, line, message) in self.said or (page in self.failed and kind != "execution"):
            return False
        self.said.add((page, line, message))
        self.places.add(page)
        self.involved |= set(OTHER_PAGE.findall(message))
        if kind == "execution":
            self.failed.add(page)
        remedy = next((REMEDIES[words] for words in REMEDIES if re.search(words, message)), "")
        record.msg, record.args = message + (remedy and f"\n  Remedy: {remedy}."), ()
        record.location = f"{page}:{line}" if line else page
        return True

    def _unnamed_place(self, message):
        """Where a complaint without a place has its reason."""
        if found := TWICE.search(message):
            file, key = found.groups()
            entries = [
                i for i, line in enumerate(_lines(file), 1) if re.match(rf"@\w+{{{key}\b", line)
            ]
            return f"{file}:{entries[1]}" if len(entries) > 1 else file
        if found := NO_SUCH.search(message):
            name = f"{found[2]}.{found[1]}"
            for page in sorted(Path(self.app.srcdir).glob("*.md")):
                for i, line in enumerate(_lines(page), 1):
                    if name in line:
                        return f"{page}:{i}"
        return None


def _shortened(message):
    """Of a traceback the last line; its type once, and only where it is a library's."""
    head, cut, trace = message.partition("\nTraceback (most recent call last):")
    if cut:
        head = f"{head} {trace.strip().splitlines()[-2]}"
    head = re.sub(r" \[(execution|claim|described|numbering)\]$", "", head)
    return re.sub(r"( \[[\w.]+\])\1$", r"\1", head)


def _place(location, message):
    """The page and the line: of a paragraph or directive the one with what the complaint names."""
    place = PLACE.fullmatch(location or "")
    if not place:
        return location, None
    page, line = place[1], int(place[2] or 1)
    found = ["".join(pair).strip("':") for pair in NAMES.findall(message)]
    names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in found) or "(?!)")
    lines = _lines(page)[line - 1 :]
    fence = FENCE.match(lines[0]) if lines else None
    for number, text in enumerate(lines, line):
        if names.search(text):
            return page, number
        if text.strip() == (fence[1] if fence else ""):
            break
    return page, line


def _lines(file):
    try:
        return content(file).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def setup(app):
    remedies = Remedies(app)
    for handler in logging.getLogger(NAMESPACE).handlers:
        if isinstance(handler, WarningStreamHandler):
            handler.addFilter(remedies)

    def read_again(app, exception):
        trees, places = Path(app.doctreedir), sorted(filter(None, remedies.places))
        for place in {*places, *remedies.involved}:
            trees.joinpath(f"{app.env.path2doc(place)}.doctree").unlink(missing_ok=True)
        if any(not str(place).endswith(".md") for place in remedies.places):
            trees.joinpath(ENV_PICKLE_FILENAME).unlink(missing_ok=True)  # any page may show it
        if places:
            names = ", ".join(os.path.relpath(place, app.confdir) for place in places)
            print(f"To be mended: {names}", file=sys.stderr)
        remedies.forget()

    app.connect("build-finished", read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
