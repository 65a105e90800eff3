"""Drawings of a Transformer's blocks: one of an encoder, and an encoder beside a decoder."""

from figures.diagram import Diagram
from figures.style import MUTED


def pre_norm_block():
    """Draw the residual stream, and the two layers that read from it and write to it."""
    flow = Diagram(4, 3.9)
    for y, norm, layer, colour, what in [
        (3.2, "attention_norm", "attention", "C0", "hears other tokens"),
        (1.55, "feed_forward_norm", "feed_forward", "C1", "each token alone"),
    ]:
        small = flow.box(2.55, y, norm, colour="C2", width=1.75)
        work = flow.box(2.55, y - 0.72, layer, colour=colour, width=1.75)
        flow.arrow((0.55, y), small)
        flow.arrow(small, work)
        flow.arrow(work, (0.68, y - 0.72))
        flow.text(1.08, y + 0.11, "read", colour=MUTED, size=8)
        flow.text(1.15, y - 0.61, "write", colour=MUTED, size=8)
        flow.text(0.55, y - 0.72, "+", size=13)
        flow.text(2.55, y - 1.02, what, colour=MUTED, size=8)
    flow.text(0.55, 3.75, "x")
    flow.text(0.55, 0.12, "x′")
    for top, bottom in [(3.63, 2.6), (2.36, 0.95), (0.71, 0.24)]:
        flow.arrow((0.55, top), (0.55, bottom))
    return flow.figure


def encoder_beside_decoder():
    """Draw one block of each, from source and written words to the next word."""
    flow = Diagram(4, 3.7)
    flow.text(0.95, 0.15, "source")
    flow.text(3.0, 0.15, "written so far")
    read = flow.box(0.95, 1.15, "self-attention", colour="C0", width=1.4)
    think = flow.box(0.95, 1.85, "feed-forward", colour="C1", width=1.4)
    past = flow.box(3.0, 0.95, "causal\nself-attention", colour="C0", width=1.4)
    cross = flow.box(3.0, 1.85, "cross-attention", colour="C3", width=1.4)
    work = flow.box(3.0, 2.6, "feed-forward", colour="C1", width=1.4)
    memory = flow.box(0.95, 2.6, "memory", width=1.4)
    for start, end in [
        ((0.95, 0.3), read), (read, think), (think, memory), ((3.0, 0.3), past), (past, cross),
        (cross, work), (work, (3.0, 3.3)), (memory, cross),
    ]:  # fmt: skip
        flow.arrow(start, end)
    flow.text(2.03, 2.38, "keys,\nvalues", colour=MUTED, size=8)
    flow.text(3.08, 1.42, "queries", colour=MUTED, size=8, align="left")
    flow.text(3.0, 3.42, "the next word")
    return flow.figure
