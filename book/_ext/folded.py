"""A folded part of a page: `<details>` with a summary, open to keyboards and without a script."""

from docutils import nodes


class folded(nodes.General, nodes.Element):
    """Children that show when the reader opens the summary, which is `node["summary"]`."""


def fold(summary, children, kind):
    """Fold nodes under a summary; `kind` becomes a class, for the style sheet."""
    node = folded("", *children, summary=summary, classes=["folded", f"folded--{kind}"])
    return node


def visit_html(self, node):
    self.body.append(self.starttag(node, "details"))
    self.body.append(f"<summary>{self.encode(node['summary'])}</summary>\n")


def depart_html(self, node):
    self.body.append("</details>\n")


def visit_text(self, node):
    self.add_text(f"{node['summary']}\n")


def setup(app):
    app.add_node(folded, html=(visit_html, depart_html), text=(visit_text, lambda self, node: None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
