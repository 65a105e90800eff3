"""How long a page takes: computed from what stands on it, so that no number of minutes goes stale.

    **Reading time** {minutes}`reading` minutes, and {minutes}`exercises` for the exercises.

A text as dense as this one is read at 130 words a minute. A figure takes a minute, and so does a
visible cell of more than five lines. What is folded does not count, nor do exercises, which have
minutes of their own.
"""

from math import ceil

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from folded import folded
from numbering import FIGURE

WORDS_A_MINUTE, LINES, STEP = 130, 5, 5
ASIDE = {"exercise", "cell_input", "cell_output", "chapter-head"}


class minutes(nodes.Inline, nodes.TextElement):
    """Stands for a number until all of its page has been read; `node["kind"]`."""


class Minutes(SphinxRole):
    """`{minutes}`: of `reading` this page, or of its `exercises`."""

    def run(self):
        if self.text not in COUNT:
            message = f"{{minutes}}`{self.text}`: there are {' and '.join(COUNT)}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [minutes("", "", kind=self.text)], []


def reading(doctree) -> int:
    """Minutes, rounded up to a multiple of five."""
    words = sum(len(text.split()) for text in doctree.findall(nodes.Text) if _in_the_text(text))
    figures = sum(len(FIGURE.findall(raw.astext())) for raw in doctree.findall(nodes.raw))
    cells = sum(map(_is_long, doctree.findall(nodes.container)))
    return STEP * ceil((words / WORDS_A_MINUTE + figures + cells) / STEP)


def exercises(doctree) -> int:
    """Minutes of all exercises, as their authors give them."""
    return sum(box.get("minutes", 0) for box in doctree.findall(nodes.container))


COUNT = {"reading": reading, "exercises": exercises}


def _in_the_text(text) -> bool:
    while text := text.parent:
        if isinstance(text, folded | nodes.raw | nodes.literal_block | nodes.math_block):
            return False
        if (
            ASIDE.intersection(text.get("classes", []))
            or text.get("design_component") == "dropdown"
        ):
            return False
    return True


def _is_long(cell) -> bool:
    """A cell whose code shows, in more than five lines."""
    if cell.get("nb_element") != "cell_code" or cell.get("hide_mode") in ("input", "all"):
        return False
    code = next((part for part in cell if "cell_input" in part["classes"]), nodes.Text(""))
    return len(code.astext().splitlines()) > LINES


def fill_in(app, doctree):
    """Write the numbers, now that all of the page stands."""
    for node in list(doctree.findall(minutes)):
        node.replace_self(nodes.Text(COUNT[node["kind"]](doctree)))


def setup(app):
    app.add_node(minutes)
    app.add_role("minutes", Minutes())
    app.connect("doctree-read", fill_in)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
