"""What a picture may hold: whatever a child sends is checked before anybody draws it.

A picture is data, a dict of one of three kinds; `pictures` makes them::

    {"kind": "maps",  "tables": {TITLE: [[NUMBER, ...], ...], ...}, "marked": [[ROW, COLUMN], ...]}
    {"kind": "line",  "title", "across", "up", "points": [[X, Y], ...], "slopes": {NAME: NUMBER}}
    {"kind": "strip", "title", "rows": {NAME: [TEXT, ...], ...}, "groups": [LABEL, ...]}

In a table, None stands for a number that is not finite.
"""

import math

from grading.plain import plain

MOST_PICTURES = 3
MOST_ROWS = 12  # and columns of a table
MOST_POINTS = 24
MOST_NAMES = 4  # tables, slopes or rows of a picture
MOST_CELLS = 30  # of a strip
FARTHEST = 1e9  # from the origin of a line
LONGEST_TITLE = 100
LONGEST_CELL = 8


def checked(picture):
    """The picture with nothing in it but what its kind has, in plain text and numbers.

    Raises:
        One of `results_file.DAMAGE`: it is no picture, or too large to read.
    """
    return {"kind": picture["kind"]} | KINDS[picture["kind"]](picture)


def all_checked(pictures):
    """Several pictures of one diagnosis, each `checked`."""
    _at_most(MOST_PICTURES, pictures)
    return [checked(picture) for picture in pictures]


def _maps(picture):
    _at_most(MOST_NAMES, picture["tables"])
    tables = {_title(title): _table(rows) for title, rows in picture["tables"].items()}
    marked = [[int(row), int(column)] for row, column in picture["marked"]]
    return {"tables": tables, "marked": marked[: MOST_ROWS**2]}


def _line(picture):
    _at_most(MOST_POINTS, picture["points"])
    _at_most(MOST_NAMES, picture["slopes"])
    return {name: _title(picture[name]) for name in ("title", "across", "up")} | {
        "points": [[_finite(x), _finite(y)] for x, y in picture["points"]],
        "slopes": {_title(name): _finite(slope) for name, slope in picture["slopes"].items()},
    }


def _strip(picture):
    rows, groups = picture["rows"], [_title(label) for label in picture["groups"]]
    _at_most(MOST_NAMES, rows)
    _at_most(MOST_CELLS, groups)
    if not (rows and groups):
        raise ValueError("a strip has rows and groups")
    for texts in rows.values():
        _at_most(MOST_CELLS, texts)
        if not texts or len(texts) != len(next(iter(rows.values()))) or len(texts) % len(groups):
            raise ValueError("the rows of a strip are equally long, and its groups too")
    rows = {_title(k): [plain(text, LONGEST_CELL) for text in texts] for k, texts in rows.items()}
    return {"title": _title(picture["title"]), "rows": rows, "groups": groups}


KINDS = {"maps": _maps, "line": _line, "strip": _strip}


def _table(rows):
    _at_most(MOST_ROWS, rows)
    for row in rows:
        _at_most(MOST_ROWS, row)
    return [[_entry(entry) for entry in row] for row in rows]


def _entry(number):
    if number is None or not math.isfinite(number):
        return None
    return float(f"{number:.4g}")


def _finite(number):
    if not abs(number) < FARTHEST:
        raise ValueError(f"a picture cannot show {number}")
    return float(f"{number:.6g}")


def _title(text):
    return plain(text, LONGEST_TITLE)


def _at_most(most, things):
    if len(things) > most:
        raise ValueError(f"a picture shows at most {most} of these, got {len(things)}")
