r"""Turns what may stand in a math block into what KaTeX reads as one displayed formula.

Sphinx's other renderers wrap several lines for the author; so does this one, in the environments
that KaTeX knows.
"""

import re

# KaTeX would number these by itself, from one on each page, against Sphinx's numbers.
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|gather|equation)\}")
INNERMOST = re.compile(r"\\begin\{([a-z]+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.DOTALL)
BLANK_LINE = re.compile(r"\n\s*\n")


def displayed(tex):
    r"""Return the block as one formula; lines that `\\` or blank lines part stand below each other.

    They are aligned at `&`, or centred where there is none.
    """
    lines = [line.strip() for line in BLANK_LINE.split(tex) if line.strip()]
    tex = NUMBERED.sub(r"\\\1{\2*}", r" \\ ".join(lines))
    outside = _outside_environments(tex)
    if r"\\" not in outside:
        return tex
    environment = "aligned" if "&" in outside.replace(r"\&", "") else "gathered"
    return rf"\begin{{{environment}}}{tex}\end{{{environment}}}"


def _outside_environments(tex):
    before = None
    while before != tex:
        before, tex = tex, INNERMOST.sub("", tex)
    return tex
