"""Which chapters' answers use a file: an edit of a helper, or of another answer, concerns them."""

import ast

from sources import read_source


def users(stem, stems, folder):
    """The chapters to grade again when `stem`.py has changed, its own first.

    Args:
        stem: of a chapter, or of any file that answers import from beside themselves.
        stems: of all chapters.
        folder: where the answers are.
    """
    own = [other for other in stems if other == stem]
    return own + [other for other in stems if other != stem and stem in _used(other, folder)]


def _used(stem, folder):
    """The stems of the files beside it that a file imports, at any depth."""
    waiting, found = [stem], set()
    while waiting:
        for name in _imports(folder / f"{waiting.pop()}.py") - found:
            found.add(name)
            waiting.append(name)
    return found


def _imports(file):
    """The first part of each name that a file imports."""
    try:
        tree = ast.parse(read_source(file))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # not beside it, or no Python: then its card says so
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names
