"""Which page runs first: the longest, so that none of them is left to run alone at the end."""

from contextlib import suppress

from sources import content


def longest_first(jobs, seconds: dict[str, float], root) -> list:
    """Sort pages by how long they will take.

    Where the last build's time is known, that tells. In a fresh clone none is; a page of which
    none is known is taken to be long, before all if it trains a model, and the more code it has.
    """

    def key(job):
        known = seconds.get(job.docname, float("inf"))
        cells = [cell.source for cell in job.notebook.cells if cell.cell_type == "code"]
        return -known, not _trains(cells, job.parts, root), -len("".join(cells))

    return sorted(jobs, key=key)


def _trains(cells: list[str], parts: dict[str, str], root) -> bool:
    """Whether the cells, or a module that they use, compute gradients."""
    texts = ["".join(cells).encode()]
    for name in parts:
        if name.endswith(".py"):
            with suppress(OSError):  # it has gone, or is closed: the page will say so
                texts.append(content(root / name))
    return any(b".backward(" in text for text in texts)
