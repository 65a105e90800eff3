"""The first lines of what an answer prints, for its card."""

from grading.plain import plain

FIRST = 1 << 20  # bytes that are looked at; the limit on what an answer prints is no larger
LINES = 10  # shown of each check


def by_check(output, key):
    """Sort what came through the pipe: (while loading, {check: text}).

    Args:
        output: bytes; `child.Line.begin` has written a line into them where a check begins.
        key: what that line is known by.
    """
    loading, *others = output.split(f"\0{key} ".encode())
    checks = {}
    for part in others:
        name, _, text = part.partition(b"\n")
        checks[name.decode("utf-8", "replace")] = first_lines(text)
    return first_lines(loading), checks


def first_lines(output):
    """The beginning of it as plain text, cut to what can be read."""
    text = output.decode("utf-8", "replace").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line.strip()]
    shown, more = plain("\n".join(lines[:LINES])), len(lines) - LINES
    return f"{shown}\n… ({more} more lines)" if more > 0 else shown
