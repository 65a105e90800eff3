"""The rooms of `attention`, as its docstrings name them: a file or a folder for each chapter.

The package's docstring lists its rooms from the ground up, and a folder's docstring lists its files
in the order in which to read them. Nothing else registers either; `tests/test_layout.py` holds the
lists to the files and the imports.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Room:
    """A file, or a folder whose files belong together."""

    name: str  # below attention, dotted: models.bert
    path: Path
    summary: str  # the docstring's first sentence
    modules: tuple[str, ...]  # dotted, in reading order


def rooms(root: Path) -> list[Room]:
    """The rooms of the package below `root`, each built on earlier ones only."""
    package = root / "attention"
    return [_room(package, name) for name in _listed(package / "__init__.py", "The rooms")]


def room_of(module: str, all_rooms: list[Room]) -> Room | None:
    """The room in which a module stands: `attention.masks.causal` in `masks`."""
    inside = [r for r in all_rooms if f"{module}.".startswith(f"attention.{r.name}.")]
    return max(inside, key=lambda room: len(room.name), default=None)


def docstring(path: Path) -> str:
    """A module's docstring; empty if it has none."""
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


def summary(path: Path) -> str:
    """The first line of a module's docstring."""
    return docstring(path).partition("\n")[0]


def _room(package: Path, name: str) -> Room:
    path = package.joinpath(*name.split("."))
    if not path.is_dir():
        file = path.with_suffix(".py")
        return Room(name, file, summary(file), (f"attention.{name}",))
    init = path / "__init__.py"
    files = _listed(init, "Read")
    return Room(name, path, summary(init), tuple(f"attention.{name}.{file}" for file in files))


def _listed(init: Path, first_words: str) -> list[str]:
    """The names in backticks of the paragraph that begins so."""
    for paragraph in docstring(init).split("\n\n"):
        if paragraph.startswith(first_words):
            return re.findall(r"`([\w.]+)`", paragraph)
    return []
