"""Lets the letters of a formula in a label follow one another in whatever font the reader has.

Matplotlib places every letter of `$…$` by the widths of its own font. In the reader's font, which
is narrower or wider, the letters would stand apart or overlap.
"""


def let_formulas_flow(svg):
    """Join neighbouring letters, and give only the shift up or down between them."""
    parents = {child: parent for parent in svg.iter() for child in parent}
    for text in list(svg.iter("text")):
        # A root or a fraction has a stroke at a fixed place, which the letters have to meet.
        has_strokes = any(sibling.tag == "rect" for sibling in parents[text])
        if len(text) and not has_strokes:
            _flow(text)


def _flow(text):
    letters = sorted(text, key=lambda letter: float(letter.get("x").split()[0]))
    joined, height = [], 0.0
    for letter in letters:
        y = float(letter.attrib.pop("y"))
        del letter.attrib["x"]
        letter.tail = None
        if joined and y == height and letter.attrib == joined[-1][1]:
            joined[-1][0].text += letter.text
            continue
        style = dict(letter.attrib)
        if y != height:
            letter.set("dy", f"{y - height:.2f}")
        height = y
        joined.append((letter, style))
    text.text = None
    text[:] = [letter for letter, _ in joined]
