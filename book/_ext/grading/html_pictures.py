"""Works out where things go in a page's pictures: the filters of `pictures.html`."""

from grading.pictures import dealt, differing, number, says, spans

WIDTH, HEIGHT = 320, 200
LEFT, RIGHT, TOP, BOTTOM = 48, 308, 12, 166  # of the plot inside that
HUES = 5  # the style sheet's --fig-0, --fig-1, …


def shade(entry, rows):
    """How dark a cell is, from 0 to 1, against the table's largest entry."""
    largest = max((abs(e) for row in rows for e in row if e is not None), default=0)
    return f"{abs(entry or 0) / max(largest, 1):.2f}"


def plot(picture):
    """A line's axes, ticks, slopes and points in the coordinates of an SVG."""
    (x_low, x_high), (y_low, y_high) = spans(picture)

    def place(x, y):
        across, up = (x - x_low) / (x_high - x_low), (y - y_low) / (y_high - y_low)
        return round(LEFT + across * (RIGHT - LEFT), 1), round(BOTTOM - up * (BOTTOM - TOP), 1)

    def path(*points):
        return "M" + "L".join("{} {}".format(*place(x, y)) for x, y in points)

    x_0, y_0 = place(0, 0)
    ticks = [(place(x, 0)[0], y_0 + 16, "middle", f"{x:.3g}") for x in {0, x_high}]
    ticks += [(x_0 - 6, place(0, y)[1] + 4, "end", f"{y:.3g}") for y in {0, y_low, y_high}]
    ticks += [((LEFT + RIGHT) / 2, HEIGHT - 6, "middle", f"→ {picture['across']}"),
              (x_0 + 8, TOP + 2, "start", f"↑ {picture['up']}")]  # fmt: skip
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "axes": path((x_low, 0), (x_high, 0)) + path((0, y_low), (0, y_high)),
        "ticks": ticks,
        "lines": [path(*((x, x * s) for x in (x_low, x_high))) for s in picture["slopes"].values()],
        "points": [place(x, y) for x, y in picture["points"]],
    }


def groups(picture):
    """A strip's groups: [(label, {row's name: [(text, hue, whether it is wrong), ...]}), ...]."""
    rows, hues = picture["rows"], {}
    *_, expected = rows.values()
    for text in [*expected, *(text for texts in rows.values() for text in texts)]:
        hues.setdefault(text, len(hues) % HUES)
    cells = {
        name: dealt(picture, [(t, hues[t], t != e) for t, e in zip(texts, expected, strict=True)])
        for name, texts in rows.items()
    }
    return [
        (label, {name: groups[g] for name, groups in cells.items()})
        for g, label in enumerate(picture["groups"])
    ]


def wrong(picture):
    """How many places of a strip differ, in words."""
    rows = picture["rows"]
    return f"{len(differing(rows))} of {len(next(iter(rows.values())))} differ."


FILTERS = {f.__name__: f for f in (number, says, shade, plot, groups, wrong)}
