"""A page's text as a notebook; where it cannot be one, the line and what to do."""

import re

import nbformat
import yaml
from myst_nb.core.read import read_myst_markdown_notebook

from sources import content

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_CELL = re.compile(r"cell \d+ at line (\d+)")  # in what myst-nb raises
_OPTION = re.compile(r":([\w-]+:.*)")


class Failure(Exception):
    """A page that cannot be read, or a cell that fails: its line, and what to tell the author."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line, self.message = line, message


class Unreadable(Failure):
    """A page of which there is no text at all; Sphinx must not try."""


def parse(text: str, path: str, env) -> nbformat.NotebookNode:
    """A page as a notebook whose cells have not been run.

    Raises:
        Failure: if the page is empty, or its front matter or a cell's options are not YAML.
    """
    if not text.strip():
        raise Failure(1, "the page is empty; begin it with a title: # The title")
    if front := _FRONT_MATTER.match(text):
        _check(front[1], 2, "front matter", "key: value")
    try:
        notebook = read_myst_markdown_notebook(
            text, config=env.myst_config, add_source_map=True, path=path
        )
    except Exception as error:  # of many kinds, as the libraries below raise them
        fence = int(found[1]) if (found := _CELL.search(str(error))) else 1
        block, first = _options(text.splitlines(), fence)
        _check(block, first, "options of a cell", ":tags: [hide-input]")
        raise Failure(fence, f"the page cannot be read: {error}") from None
    _correct_lines(notebook, text.splitlines())
    if any(cell.cell_type == "code" for cell in notebook.cells):
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
    return notebook


def as_text(text: str) -> nbformat.NotebookNode:
    """A page that cannot be parsed, without its front matter: what others link to is in it."""
    below = _FRONT_MATTER.sub("", text, count=1)
    cell = nbformat.v4.new_markdown_cell(below.strip() or "# Nothing")
    return nbformat.v4.new_notebook(cells=[cell])


def read(path: str) -> str:
    """The text of a page, as Sphinx reads it: without a mark at its beginning.

    Raises:
        Unreadable: it is not UTF-8, or no file at all.
    """
    try:
        text = content(path).decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(1, f"the page cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = f"byte {error.object[error.start]:#x}"
        raise Unreadable(line, f"{byte} is not UTF-8; save the page as such") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check(block: str, first: int, what: str, example: str) -> None:
    """Raise a Failure if a block of YAML that begins on line `first` is not names and values."""
    try:
        found = yaml.safe_load(block)
    except yaml.MarkedYAMLError as error:
        line = first + (error.problem_mark or error.context_mark).line
        message = f"{what}: not YAML ({error.problem}); write a line for each, {example}"
        raise Failure(line, message) from None
    if not isinstance(found, dict):
        given = type(found).__name__.replace("NoneType", "nothing")
        raise Failure(first, f"{what}: not names and values but {given}; write {example}")


def _options(lines: list[str], fence: int) -> tuple[str, int]:
    """The YAML below a cell's fence, and the line on which it begins."""
    below = lines[fence:]
    if below and below[0].strip() == "---":
        ends = [line.strip() == "---" for line in below[1:]]
        return "\n".join(below[1 : 1 + ends.index(True)] if any(ends) else below[1:]), fence + 2
    options = []
    for line in below:
        if not (option := _OPTION.match(line)):
            break
        options.append(option[1])
    return "\n".join(options) or "{}", fence + 1


def _correct_lines(notebook, lines: list[str]) -> None:
    """Where each cell begins, less the one that myst-nb adds.

    It forgets the blank lines before a piece of text, which are none in a page's first and often
    two in others, and counts the fence of a code cell twice.
    """
    starts = notebook.metadata["source_map"]
    for index, cell in enumerate(notebook.cells):
        while cell.cell_type == "markdown" and not lines[starts[index]]:
            starts[index] += 1
        starts[index] -= 1
