"""Long output folds: its first lines stand in the page, the rest behind a summary."""

from docutils import nodes
from sphinx.transforms import SphinxTransform

from folded import fold

LONGEST = 30  # lines that stand whole
SHOWN = 12  # lines of one that is longer


class FoldLongOutput(SphinxTransform):
    """Cuts the text that a cell has printed or returned."""

    default_priority = 800

    def apply(self, **kwargs):
        for output in self.document.findall(nodes.container):
            if output.get("nb_element") == "cell_code_output":
                for text in list(output.findall(nodes.literal_block)):
                    _cut(text)


def _cut(text):
    lines = text.astext().rstrip("\n").split("\n")
    if len(lines) <= LONGEST:
        return
    first, rest = (_part(text, lines[some]) for some in (slice(SHOWN), slice(SHOWN, None)))
    summary = f"{len(lines) - SHOWN} more lines"
    text.replace_self([first, fold(summary, [rest], "long-output")])


def _part(text, lines):
    part = text.copy()
    part.rawsource = "\n".join(lines)  # only what equals its source is highlighted
    part += nodes.Text(part.rawsource)
    return part


def setup(app):
    app.setup_extension("folded")
    app.add_transform(FoldLongOutput)
    # raised when what is kept of a page changes: doctrees of before are then read anew
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
