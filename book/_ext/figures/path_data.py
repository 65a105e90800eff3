"""Shortens SVG path data: a map of 72 heads is mostly squares, and a square is `h5v5h-5z`."""

import re

COMMAND = re.compile(r"([MLQCz])([^MLQCz]*)")  # all that matplotlib writes, each with its letter
UNITS = 100  # positions are rounded to a hundredth of a point before differences are taken


def compact(data):
    """Rewrite matplotlib's absolute path with relative steps of at most two decimals.

    Positions are rounded first, so the rounding does not add up along the path.
    """
    out, last, here, start = [], "", (0, 0), (0, 0)
    for command, arguments in COMMAND.findall(data):
        numbers = [round(float(number) * UNITS) for number in arguments.split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        letter, steps = _relative(command, points, here)
        repeats = letter == last and letter not in "mz"
        out.append(_join("" if repeats else letter, steps))
        last = letter
        here = points[-1] if points else start
        start = here if command == "M" else start
    return "".join(out)


def _relative(command, points, here):
    steps = [value for x, y in points for value in (x - here[0], y - here[1])]
    if command == "L" and steps[1] == 0:
        return "h", steps[:1]
    if command == "L" and steps[0] == 0:
        return "v", steps[1:]
    return command.lower(), steps


def _join(letter, steps):
    text = ""
    for step in steps:
        number = f"{step / UNITS:.2f}".rstrip("0").rstrip(".")
        number = re.sub(r"^(-?)0\.", r"\1.", number)
        parted = number.startswith("-") or (letter and not text)
        text += number if parted else f" {number}"
    return letter + text
