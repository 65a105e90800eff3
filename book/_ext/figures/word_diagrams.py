"""Diagrams of how news of a word travels: rows of words, and arrows between them."""

from figures.diagram import Diagram
from figures.style import SOFT


def row(flow, y, names, *, first=0, marked=(), colour=SOFT, width=0.4):
    """Draw a row of boxes, the first in column `first`; return {column: box}.

    Args:
        marked: columns that stand out.
    """
    return {
        i: flow.box(
            0.35 + 0.66 * i,
            y,
            name,
            width=width,
            height=0.27,
            colour="C1" if i in marked else colour,
        )
        for i, name in enumerate(names, first)
    }


def paths(tokens):
    """Draw how word 1 reaches the last place: in an RNN, a convolution and self-attention."""
    flow, last = Diagram(4, 4.5), len(tokens) - 1

    def join(start, end, on_path):
        flow.arrow(start, end, colour="C1" if on_path else SOFT)

    flow.text(0.15, 4.37, "RNN: from state to state", align="left")
    words = row(flow, 3.4, tokens, marked=[1])
    names = [f"g{i}" for i in "₁₂₃₄₅₆₇₈₉"[: last + 1]]
    states = row(flow, 4.0, names, marked=range(1, last + 1))
    for i in states:
        join(words[i], states[i], i == 1)
        if i < last:
            join(states[i], states[i + 1], i >= 1)
    flow.text(0.15, 2.94, "CNN, kernel 3: two layers", align="left")
    words, middle = (
        row(flow, 1.5, tokens, marked=[1]),
        row(flow, 2.05, [""] * 3, first=3, marked=[3]),
    )
    top = row(flow, 2.6, ["y₆"], first=last, marked=[last])
    for j in middle:
        join(middle[j], top[last], j == 3)
        for i in (j - 2, j - 1, j):
            join(words[i], middle[j], (i, j) == (1, 3))
    flow.text(0.15, 1.02, "self-attention: one step", align="left")
    words, output = (
        row(flow, 0.2, tokens, marked=[1]),
        row(flow, 0.85, ["y₆"], first=last, marked=[last]),
    )
    for i in words:
        join(words[i], output[last], i == 1)
    return flow.figure


def translators(tokens, written):
    """Draw a translator that hands over one vector, and below it one that looks back."""
    flow, place = Diagram(4, 4.3), tokens.index("sat")
    flow.text(0.1, 4.15, "without attention: one vector for all", align="left")
    one = flow.box(2.0, 3.15, "c", colour="C3", width=0.5, height=0.27)
    for word in row(flow, 2.55, tokens, colour="C0", width=0.5).values():
        flow.arrow(word, one, colour=SOFT)
    for word in row(flow, 3.75, written, colour="C2", width=0.5).values():
        flow.arrow(one, word, colour=SOFT)
    flow.text(0.1, 2.1, "with attention: look back before each word", align="left")
    found = flow.box(1.67, 1.0, "c", colour="C3", width=0.5, height=0.27)
    asks = flow.box(3.2, 1.0, "state", colour="C4", width=0.6, height=0.27)
    for i, word in row(flow, 0.2, tokens, colour="C0", width=0.5).items():
        flow.arrow(word, found, colour="C1" if i == place else SOFT)
    flow.arrow(asks, found, "which?", colour="C4")
    now = flow.box(1.67, 1.7, tokens[place][::-1], colour="C2", width=0.5, height=0.27)
    flow.arrow(found, now)
    flow.arrow(asks, now)
    return flow.figure
