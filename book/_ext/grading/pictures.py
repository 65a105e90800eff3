"""Pictures for a diagnosis that says more in one than in words.

A check makes them as data (see `picture_schema`), a line of JSON carries them, and the page
(`html_pictures`) and the terminal (`terminal_pictures`) each draw them in their own way.
"""

import math

from grading.picture_schema import MOST_ROWS, checked


def maps(tables, marked=()):
    """Tables of numbers side by side, the larger the darker, such as yours and the expected one.

    Args:
        tables: {title: tensor of one or two axes}; what is too large to read is cut.
        marked: [(row, column), ...] to mark in the first table: where to look.
    """
    tables = {title: _rows(numbers) for title, numbers in tables.items()}
    return checked({"kind": "maps", "tables": tables, "marked": [list(place) for place in marked]})


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


def _rows(numbers):
    """A tensor's rows, cut to what can be read."""
    numbers = numbers.detach()
    numbers = numbers if numbers.dim() > 1 else numbers.reshape(1, -1)
    return numbers[:MOST_ROWS, :MOST_ROWS].tolist()
