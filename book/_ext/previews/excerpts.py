"""A short piece of each thing in a page that a link can lead to."""

import hashlib
import re
from dataclasses import dataclass, field
from itertools import islice

from docutils import nodes
from sphinx import addnodes

from claims.sentence import detached
from numbering import DRAWING, label_of
from questions import question

LARGEST = 12_000  # characters of a drawing that another page carries for its card
CAPTION = re.compile(r"<figcaption>(.*)</figcaption>", re.DOTALL)
IDS = re.compile(r'(\bid="|href="#|url\(#)')


@dataclass
class Excerpt:
    """What a card shows: nodes whose references are not yet resolved."""

    nodes: list
    labels: list = field(init=False)  # of the numbers that it shows
    digest: str = field(init=False)

    def __post_init__(self):
        for part in (part for node in self.nodes for part in node.findall(nodes.Element)):
            part["ids"] = []  # the thing itself has them
        references = [x for node in self.nodes for x in node.findall(addnodes.pending_xref)]
        self.labels = sorted({label_of(reference) for reference in references} - {None})
        text = "".join(node.pformat() for node in self.nodes)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]


def keep(app, doctree):
    """Note the excerpts of the page that has been read, by the ids that links lead to."""
    found = {}
    for node in doctree.findall(nodes.Element):
        ids, content = EXCERPTS.get(type(node), _nothing)(node)
        if ids:
            found |= dict.fromkeys(ids, Excerpt(content))
    title = doctree.next_node(nodes.section)
    if title is not None:
        found[""] = found[title["ids"][0]]  # a link to the page leads to its title
    app.env.metadata[app.env.docname]["previews"] = found


def _nothing(node):
    return [], []


def _section(section):
    return section["ids"], [_title(section[0]), *_first_paragraph(section, within=nodes.section)]


def _figure(raw):
    """The drawing, unless it is large, and the caption; in its own page, it is drawn again."""
    if "figure_id" not in raw:
        return _nothing(raw)
    html, name = raw.astext(), raw["figure_id"]
    caption = f"<p>{CAPTION.search(html)[1]}</p>"
    elsewhere = here = ""
    if drawing := DRAWING.search(html):
        here = f'{drawing[1]}<use href="#{name}-drawing"/></svg>'
        if len(drawing[0]) < LARGEST:
            elsewhere = IDS.sub(r"\1preview-", drawing[0])
    return [name], [nodes.raw("", elsewhere + caption, format="html", in_its_page=here + caption)]


def _equation(block):
    if not (block.get("number") and block.get("label")):
        return _nothing(block)
    equation = nodes.math_block("", block.astext(), nowrap=block.get("nowrap"), number=None)
    return [nodes.make_id(f"equation-{block['label']}")], [equation]


def _exercise(box):
    if "exercise" not in box["classes"]:
        return _nothing(box)
    name = nodes.paragraph("", "", box.next_node(nodes.literal).deepcopy())
    return box["ids"], [_title(name), *_first_paragraph(box, within=nodes.container)]


def _question(asked):
    prompt = _paragraph(asked[0])
    del prompt[:2]  # the number and a space
    return asked["ids"], [prompt]


def _term(term):
    meaning = term.parent.next_node(nodes.definition)
    return term["ids"], [_title(term), *_first_paragraph(meaning)]


def _signature(signature):
    content = signature.parent.next_node(addnodes.desc_content)
    words = nodes.paragraph("", "", nodes.literal("", signature.astext()))
    return signature["ids"], [_title(words), *_first_paragraph(content)]


EXCERPTS = {
    nodes.section: _section,
    nodes.raw: _figure,
    nodes.math_block: _equation,
    nodes.container: _exercise,
    question: _question,
    nodes.term: _term,
    addnodes.desc_signature: _signature,
}
"""For each kind of node, a function that gives its ids and its excerpt."""


def _title(node):
    return _paragraph(node, classes=["preview-title"])


def _paragraph(node, **attributes):
    return nodes.paragraph("", "", *(detached(child) for child in node.children), **attributes)


def _first_paragraph(node, within=nodes.Element):
    paragraphs = (p for p in node.findall(nodes.paragraph) if isinstance(p.parent, within))
    return [detached(paragraph) for paragraph in islice(paragraphs, 1)]
