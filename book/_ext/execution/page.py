"""A page's code cells, and what their outputs follow from."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version_tuple

import nbformat
from sphinx.errors import SphinxError
from sphinx.util import logging

from import_closure import Tree, file_digest
from sources import content

from .cells import files_of
from .notice import dash_for_numbers
from .parsing import Failure, as_text, parse
from .store import Store

logger = logging.getLogger(__name__)

LIBRARIES = ("torch", "matplotlib", "numpy", "transformers")
#: How the variables begin that a reader may set to have the book read another model or data.
OTHER = "ATTENTION_"
#: Cell tags that change what is run; all others change only how it is shown.
TAGS = {"raises-exception", "skip-execution"}


@dataclass
class Session:
    """What `read_page` cannot be handed: myst-nb calls a reader with the text alone."""

    app: object = None
    store: Store = None
    before: dict = field(default_factory=dict)  # the parts of each page in the last build
    failed: set = field(default_factory=set)  # pages that are shown without outputs in this build
    missing: dict = field(default_factory=dict)  # pages with notices, as notebooks


session = Session()


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code_of(notebook) -> list[tuple[str, list[str]]]:
    """What is run: the source of each code cell, and those of its tags that matter to it."""
    return [
        (cell.source, sorted(TAGS & set(cell.metadata.get("tags", ()))))
        for cell in code_cells(notebook)
    ]


def parts(code: list[tuple[str, list[str]]], tree: Tree) -> dict[str, str]:
    """Everything that the outputs follow from: a name for each part, and its state.

    It is kept as names and states, rather than as one hash, so that a build can say which of
    them made a page run again.
    """
    if not code:
        return {}
    files = files_of([source for source, _ in code], tree)
    found = {
        "its cells": _digest(code),
        **versions(),
        **{path.relative_to(tree.root).as_posix(): file_digest(path) for path in sorted(files)},
    }
    for variable in sorted(name for name in os.environ if name.startswith(OTHER)):
        if os.environ[variable] and any(variable.encode() in _content(path) for path in files):
            found[variable] = os.environ[variable]
    return found


def _content(path) -> bytes:
    with suppress(OSError):
        return content(path)
    return b""


def _digest(code) -> str:
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


@cache
def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that results depend on."""
    python = ".".join(python_version_tuple()[:2])
    return {"Python": python, **{name: _version(name) for name in LIBRARIES}}


def key_of(parts: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"


def read_page(text: str) -> nbformat.NotebookNode:
    """myst-nb's reader for `.md`: the page as a notebook whose cells have been run."""
    env = session.app.env
    try:
        notebook = parse(text, str(env.doc2path(env.docname)), env)
    except Failure:  # the build has said so, and fails
        return as_text(text)
    cells = code_cells(notebook)
    if not cells or env.docname in session.failed:
        return notebook
    known = env.execution_parts[env.docname]  # as this build has found them
    if env.docname in session.missing:
        executed = session.missing[env.docname]
        dash_for_numbers(notebook, executed)
        return _filled(notebook, executed, env)
    if known.get("its cells") != _digest(code_of(notebook)):
        raise SphinxError(
            f"{env.doc2path(env.docname)}: its code changed while the book was being built; "
            "build again"
        )
    return _filled(notebook, session.store.load(key_of(known)), env)


def _filled(notebook, executed, env) -> nbformat.NotebookNode:
    """The page with the outputs of its cells."""
    notebook.metadata["language_info"] = executed.metadata["language_info"]
    for cell, done in zip(code_cells(notebook), executed.cells, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
        if done.metadata.get("stderr"):
            line = 2 + notebook.metadata["source_map"][notebook.cells.index(cell)]
            logger.warning(
                "a code cell writes to stderr, which readers are not shown; repair the cause, or "
                "silence it in the cell:\n%s",
                done.metadata["stderr"].rstrip(),
                location=(env.docname, line),
            )
    return notebook
