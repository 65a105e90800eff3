"""What a page shows in the place of outputs that need data of others which is not here.

A cell that raises `MissingData` fails nothing. It and the cells behind it, which may need what it
would have loaded, get a notice instead of outputs, and numbers in the text that no cell has glued
become a dash. The page is not stored: the next build tries it again.
"""

import re
from html import escape

import nbformat

RAISED = "MissingData"  # of attention/data/packaged.py
#: A number or picture of a cell in the text, maybe with a format.
_GLUED = re.compile(r"\{glue(?::\w+)?\}`([^`:]+)(?::[^`]*)?`")
_FIRST = (
    '<div class="admonition warning"><p class="admonition-title">Built without its data</p>'
    "<p>{}</p><p>From here on the code of this page was not run. Where it would have put a number "
    "into the text stands a dash.</p></div>"
)
_OTHER = '<p class="not-run">Not run, for what it needs is missing.</p>'
_FIGURE = '<figure class="fig">{}<figcaption>The picture is missing.</figcaption></figure>'


def give_notice(cells: list, reason: str) -> None:
    """Put a notice in the place of the outputs of cells; the first says what is missing."""
    for index, cell in enumerate(cells):
        said = "Not run, for what it needs is missing." if index else reason
        html = _OTHER if index else _FIRST.format(escape(reason))
        if "name" in cell.metadata:  # of a figure, to which links may lead
            html = _FIGURE.format(html)
        data = {"text/html": html, "text/plain": said}
        cell.outputs = [nbformat.v4.new_output("display_data", data)]
        cell.execution_count = None
        cell.metadata["stderr"] = ""


def dash_for_numbers(notebook, executed) -> None:
    """Put a dash in the text for each number that no cell has glued."""
    known = {
        out.metadata.get("scrapbook", {}).get("name")
        for cell in executed.cells
        for out in cell.outputs
        if "metadata" in out
    }
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _GLUED.sub(lambda it: it[0] if it[1] in known else "–", cell.source)
