"""Outputs that have been computed, one file a key: `_build/executed/<key>.ipynb`.

A file appears whole or not at all, so that builds may share a store without locks.
"""

import os
import tempfile
from pathlib import Path

import nbformat


class Store:
    def __init__(self, folder: Path):
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.ipynb"

    def __contains__(self, key: str) -> bool:
        return self._path(key).is_file()

    def load(self, key: str) -> nbformat.NotebookNode:
        """The notebook that was stored: the page's code cells, with their outputs."""
        return nbformat.reads(self._path(key).read_text("utf-8"), as_version=4)

    def save(self, key: str, notebook: nbformat.NotebookNode) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(nbformat.writes(notebook))
        os.replace(name, self._path(key))

    def prune(self, used: set[str], spare: int = 100) -> None:
        """Forget all but the `used` entries and the `spare` newest others.

        The others are kept for a while because one goes back: to a branch, or by undoing an edit.
        """
        others = [path for path in self.folder.glob("*.ipynb") if path.stem not in used]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[spare:]:
            path.unlink(missing_ok=True)
