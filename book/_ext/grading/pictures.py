"""Pictures for a diagnosis that says more in one than in words.

A check makes them as data (see `picture_schema`), a line of JSON carries them, and the page
(`html_pictures`) and the terminal (`terminal_pictures`) each draw them in their own way.
"""

import math

from grading.picture_schema import MOST_ROWS, checked


def maps(tables, marked=()):
    """Tables of numbers side by side, the larger the darker, such as yours and the expected one.

    Args:
        tables: {title: tensor of one or two axes}; of what is too large to read, a piece is shown:
            the one with the first mark, or with the first difference that can be seen.
        marked: [(row, column), ...] to mark in the first table: where to look.
    """
    tables, (top, left) = piece(tables, MOST_ROWS, *marked[:1])
    marked = [[row - top, column - left] for row, column in marked]
    marked = [place for place in marked if all(0 <= n < MOST_ROWS for n in place)]
    return checked({"kind": "maps", "tables": tables, "marked": marked})


def piece(tables, largest, place=None):
    """The same rows and columns of each table: ({title: numbers}, the first row and column).

    Args:
        largest: how many rows and columns.
        place: (row, column) that the piece must hold; where the first two tables differ if None.
    """
    tables = {title: _rows(numbers) for title, numbers in tables.items()}
    alike = len({(len(rows), len(rows[0]) if rows else 0) for rows in tables.values()}) == 1
    place = place or (_first_difference(*list(tables.values())[:2]) if len(tables) > 1 else (0, 0))
    top, left = (n // largest * largest if alike else 0 for n in place)
    name = f", from row {top}, column {left}" if top or left else ""
    return {
        title + name: [row[left : left + largest] for row in rows[top : top + largest]]
        for title, rows in tables.items()
    }, (top, left)


def line(title, points, slopes, *, across, up):
    """Points and lines through the origin: how much of what went in came out.

    Args:
        points: [(x, y), ...] as measured; those that are not finite are left out.
        slopes: {name: slope}, the answer's own first.
        across: what x is.
        up: what y is.
    """
    points = [[float(n) for n in point] for point in points]
    points = [point for point in points if all(map(math.isfinite, point))]
    record = {"kind": "line", "title": title, "across": across, "up": up}
    return checked(record | {"points": points, "slopes": dict(slopes)})


def strip(title, rows, groups):
    """Rows of short texts, yours above the expected one: which token each number came from.

    Args:
        rows: {name: texts}; all have the same length, and the last is what was expected.
        groups: labels; the texts are dealt out to so many equal groups.
    """
    rows = {name: list(map(str, texts)) for name, texts in rows.items()}
    return checked({"kind": "strip", "title": title, "rows": rows, "groups": list(groups)})


# --- what both drawings need to know ---


def number(entry, rows):
    """An entry of a table, short enough for a phone."""
    if entry is None:
        return "NaN"
    if entry == 0 or all(float(e or 0).is_integer() for row in rows for e in row):
        return f"{entry:.0f}"
    return f"{entry:.2f}" if abs(entry) < 100 else f"{entry:.0f}"


def spans(picture):
    """((least x, largest x), (least y, largest y)) of what a line shows, the origin included."""
    xs = [0.0, *(x for x, _ in picture["points"])]
    xs = (min(xs), max(xs)) if any(xs) else (0.0, 1.0)
    ys = [y for _, y in picture["points"]]
    ys += [x * slope for x in xs for slope in picture["slopes"].values()]
    return xs, ((min(0.0, *ys), max(0.0, *ys)) if any(ys) else (0.0, 1.0))


def says(picture):
    """The text alternative of a line."""
    slopes = ", ".join(f"{name} {slope:.4g}" for name, slope in picture["slopes"].items())
    return f"{picture['title']}: {picture['up']} against {picture['across']}. Slopes: {slopes}."


def differing(rows):
    """The places in a strip where its rows are not all the same."""
    return [i for i, texts in enumerate(zip(*rows.values(), strict=True)) if len(set(texts)) > 1]


def dealt(picture, texts):
    """Texts of a strip, or what stands for them, dealt out to its groups."""
    size = len(texts) // len(picture["groups"])
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def seen(entry):
    """An entry of a table as far as `number` shows it; None for all that is not finite."""
    if entry is None or not math.isfinite(entry):
        return None
    entry = float(f"{entry:.4g}")
    return round(entry, 2 if abs(entry) < 100 else 0)


def looks_equal(picture):
    """Whether a picture shows no difference between yours and what stands beside it."""
    if picture["kind"] == "strip":
        return len(picture["rows"]) > 1 and not differing(picture["rows"])
    if picture["kind"] == "line":
        slopes = [f"{slope:.4g}" for slope in picture["slopes"].values()]
        return len(slopes) > 1 and slopes[0] == slopes[1]
    tables = [[list(map(seen, row)) for row in rows] for rows in picture["tables"].values()]
    mine, *others = ("you" in title for title in picture["tables"])
    return mine and len(others) > 0 and not others[0] and tables[0] == tables[1]


def _first_difference(yours, expected):
    """The first (row, column) at which two tables are seen to differ; (0, 0) if there is none."""
    for i, (mine, theirs) in enumerate(zip(yours, expected, strict=False)):
        for j, (a, b) in enumerate(zip(mine, theirs, strict=False)):
            if seen(a) != seen(b):
                return i, j
    return 0, 0


def _rows(numbers):
    """A table's rows."""
    if isinstance(numbers, list):
        return numbers
    numbers = numbers.detach()
    return (numbers if numbers.dim() > 1 else numbers.reshape(1, -1)).tolist()
