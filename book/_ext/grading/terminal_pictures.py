"""Draws the pictures of a diagnosis with the terminal's own characters."""

from rich.columns import Columns
from rich.console import Group
from rich.table import Table
from rich.text import Text

from grading.pictures import dealt, differing, number, spans

BLOCKS = " ░▒▓█"
WIDTH, HEIGHT = 36, 9  # of a line's plot, in characters
SIGNS = "●·×+"  # yours, expected, …


def drawn(picture):
    """The picture as something that rich can print."""
    return {"maps": _maps, "line": _line, "strip": _strip}[picture["kind"]](picture)


def _maps(picture):
    """Tables side by side; the larger a number, the heavier its block."""
    tables = []
    for title, rows in picture["tables"].items():
        marked = [] if tables else picture["marked"]
        tables.append(_map(title, rows, marked))
    return Columns(tables, padding=(0, 3))


def _map(title, rows, marked):
    """One table; what is marked stands in brackets, so that it shows without colour."""
    largest = max((abs(e) for row in rows for e in row if e is not None), default=0) or 1
    width = max((len(number(entry, rows)) for row in rows for entry in row), default=0)
    table = Table(box=None, show_header=False, padding=0)
    for i, row in enumerate(rows):
        cells = []
        for j, entry in enumerate(row):
            block = BLOCKS[round(abs(entry or 0) / largest * (len(BLOCKS) - 1))]
            text = f"{block}{number(entry, rows):>{width}}"
            cells.append(Text(f"[{text}]", "red") if [i, j] in marked else Text(f" {text} "))
        table.add_row(*cells)
    return Group(Text(title, "bold"), table)


def _line(picture):
    """A plot in characters, and the slopes below it."""
    (x_low, x_high), (y_low, y_high) = spans(picture)
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]

    def put(x, y, sign):
        column = round((x - x_low) / (x_high - x_low) * (WIDTH - 1))
        row = round((y_high - y) / (y_high - y_low) * (HEIGHT - 1))
        grid[row][column] = sign

    slopes = list(picture["slopes"].items())
    for sign, (_, slope) in reversed(list(zip(SIGNS[1:], slopes[1:], strict=False))):
        for column in range(WIDTH):
            x = x_low + column / (WIDTH - 1) * (x_high - x_low)
            put(x, x * slope, sign)
    for x, y in picture["points"]:
        put(x, y, SIGNS[0])
    highest, lowest = f"{y_high:.3g}", f"{y_low:.3g}"
    margin = max(len(highest), len(lowest))
    labels = [highest, *[""] * (HEIGHT - 2), lowest]
    lines = [f"{label:>{margin}} │{''.join(row)}" for label, row in zip(labels, grid, strict=True)]
    across = f"{picture['across']} {x_high:.3g}"
    lines += [f"{'':>{margin}} └{'─' * WIDTH}", f"{across:>{margin + 2 + WIDTH}}"]
    keys = [f"{s} {name}: {slope:.4g}" for s, (name, slope) in zip(SIGNS, slopes, strict=False)]
    title = f"{picture['title']} (up: {picture['up']})"
    return Group(Text(title, "bold"), Text("\n".join(lines)), Text("   ".join(keys)))


def _strip(picture):
    """A line of cells for each row, in groups, and a mark below where they differ."""
    rows, wrong = picture["rows"], differing(picture["rows"])
    marks = ["^" if i in wrong else "" for i in range(len(next(iter(rows.values()))))]
    width = max(len(text) for texts in rows.values() for text in texts)
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for label in ("", *picture["groups"]):
        table.add_column(Text(label))
    for name, texts in [*rows.items(), ("", marks)]:
        cells = [" ".join(f"{text:{width}}" for text in group) for group in dealt(picture, texts)]
        table.add_row(*map(Text, (name, *cells)), style="" if name else "red")
    return Group(Text(picture["title"], "bold"), table)
