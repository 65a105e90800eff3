"""The tests that claims name: their text, and what their results follow from."""

import ast
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from execution.page import versions
from import_closure import Tree, closure, digest
from sources import read_source


@dataclass
class Test:
    """A test's text, as its file has it."""

    name: str
    summary: str
    source: str
    line: int


def read_tests(path: Path) -> dict[str, Test]:
    """The tests of a file by name; empty if there is no such file."""
    return _read_tests(path, path.stat().st_mtime_ns) if path.is_file() else {}


@cache  # each claim asks, and a file holds many claims
def _read_tests(path: Path, changed: int) -> dict[str, Test]:
    text = read_source(path)
    lines = text.split("\n")
    found = {}
    for node in ast.parse(text, str(path)).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            source = "\n".join(lines[first - 1 : node.end_lineno])
            summary = (ast.get_docstring(node) or "").partition("\n")[0]
            found[node.name] = Test(node.name, summary, source, first)
    return found


def test_digest(path: Path, tree: Tree) -> str:
    """Of all that the results of a test file follow from."""
    root = tree.root
    code = read_source(path)
    files = {path.resolve(), *closure(code, tree)}
    folders = [folder for folder in path.resolve().parents if folder.is_relative_to(root)]
    for conftest in (folder / "conftest.py" for folder in folders):
        if conftest.is_file():
            files.add(conftest)
            shared = read_source(conftest)
            # what the fixtures import counts only for the files that use one
            if "autouse" in shared or any(name in code for name in _defined(shared)):
                files |= set(closure(shared, tree))
    files |= {root / "pyproject.toml"} if (root / "pyproject.toml").is_file() else set()
    return digest(files, json.dumps(versions()), root)


@cache
def _defined(code: str) -> list[str]:
    return [node.name for node in ast.parse(code).body if hasattr(node, "name")]
