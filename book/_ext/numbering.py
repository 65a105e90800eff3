"""Numbers for chapters, figures, exercises, questions and equations, and links that show them.

The pages of toctrees with `:numbered:` are the chapters; they are counted through all toctrees of
the first page. What has a number is counted in its page while that is read, and gets the chapter's
number before it only while the page is written. So a new chapter changes the numbers of all that
follow and reads none of them again; `pages_to_rewrite` names the pages that show a number which
has changed. Pages outside the chapters number their equations and questions, without a chapter.

    {numbered}`leak-map` is Figure 6.4, {numbered}`exercise-softmax` is Exercise 2.1

A figure is named by its cell (`:name: leak-map`), a question by its `:name:`, an exercise is
`exercise-` and its name, an equation goes by its label and `{eq}`, as ever.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.domains import Domain
from sphinx.roles import XRefRole
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

DOMAIN = "numbering"
WORDS = {"figure": "Figure", "exercise": "Exercise", "question": "Question"}
#: The HTML that `figures` makes of a picture, or of sounds.
FIGURE = re.compile(r'<figure class="fig\b[^>]*(?=>)')
CAPTION = "<figcaption>"
#: The start of its drawing, and what is drawn.
DRAWING = re.compile(r"(<svg[^>]*>)(.*?)</svg>", re.DOTALL)


class number(nodes.Inline, nodes.TextElement):
    """Stands for words such as "Exercise 2.1"; `node["kind"]`, and `node["place"]` in its page."""


class Numbering(Domain):
    """What has a number, and which pages show it."""

    name, label = DOMAIN, "numbers"
    data_version = 1
    initial_data = {  # noqa: RUF012
        "chapters": {},  # docname -> the chapters that its toctrees list
        "things": {},  # label -> (docname, id, kind, place in the page)
        "asked": {},  # docname -> labels whose numbers it shows
        "shown": {},  # docname -> the numbers with which it was last written
    }
    dangling_warnings = {"numbered": "nothing with a number is called %(target)s"}  # noqa: RUF012

    def note(self, label, node_id, kind, place, location=None):
        """Give a label to something in the page that is being read."""
        docname, things = self.env.docname, self.data["things"]
        if label in things:
            logger.warning(
                "two things are called %s; the other is in %s",
                label,
                self.env.doc2path(things[label][0]),
                location=location,
                type="numbering",
            )
        things[label] = (docname, node_id, kind, place)

    def chapters(self) -> dict[str, int]:
        """{docname: number} of the chapters."""
        listed = self.data["chapters"].get(self.env.config.root_doc, [])
        return {docname: count for count, docname in enumerate(dict.fromkeys(listed), 1)}

    def number(self, docname, place) -> str:
        chapter = self.chapters().get(docname)
        return f"{chapter}.{place}" if chapter else str(place)

    def title(self, label) -> str:
        """The words of a link, such as "Figure 6.4"; for an equation as conf.py has them."""
        docname, _, kind, place = self.data["things"][label]
        count = self.number(docname, place)
        if kind == "equation":
            return (self.env.config.math_eqref_format or "({number})").format(number=count)
        return f"{WORDS[kind]}\u00a0{count}"

    def clear_doc(self, docname):
        for label in [label for label, thing in self.data["things"].items() if thing[0] == docname]:
            del self.data["things"][label]
        for part in ("chapters", "asked"):
            self.data[part].pop(docname, None)

    def merge_domaindata(self, docnames, otherdata):
        for label, thing in otherdata["things"].items():
            if thing[0] in docnames:
                self.data["things"][label] = thing
        for part in ("chapters", "asked"):
            self.data[part] |= {
                name: found for name, found in otherdata[part].items() if name in docnames
            }

    def resolve_xref(self, env, fromdocname, builder, typ, target, node, contnode):
        thing = self.data["things"].get(target)
        if thing is None:
            return None
        docname, node_id, kind, _ = thing
        if kind == "figure" and docname not in self.chapters():
            logger.warning(
                "%s has no number: %s is no chapter",
                target,
                docname,
                location=node,
                type="numbering",
            )
        text = nodes.Text(self.title(target))
        return make_refnode(builder, fromdocname, docname, node_id, text)

    def resolve_any_xref(self, env, fromdocname, builder, target, node, contnode):
        return []  # a number is asked for by the role alone


class NumberedRole(XRefRole):
    """`{numbered}` followed by a label."""

    def result_nodes(self, document, env, node, is_ref):
        node["refdomain"] = DOMAIN
        return [node], []


def numbered(env, kind, label, location=None) -> number:
    """Count a thing whose id is its label; returns what stands for its number."""
    place = env.new_serialno(kind) + 1
    env.get_domain(DOMAIN).note(label, label, kind, place, location)
    return number(kind=kind, place=place)


class FindChapters(SphinxTransform):
    """Takes `:numbered:` over from Sphinx, which would number each toctree from one again."""

    default_priority = 880

    def apply(self, **kwargs):
        listed = []
        for toctree in self.document.findall(addnodes.toctree):
            if toctree.get("numbered"):
                toctree["numbered"] = 0
                listed += [name for _, name in toctree["entries"] if name in self.env.found_docs]
        if listed:
            self.env.get_domain(DOMAIN).data["chapters"][self.env.docname] = listed


def collect(app, doctree):
    """Count the figures, name them after their cells, and keep which numbers the page asks for."""
    env, domain = app.env, app.env.get_domain(DOMAIN)
    figures = [raw for raw in doctree.findall(nodes.raw) if _is_captioned(raw)]
    for place, raw in enumerate(figures, 1):
        raw["figure"] = place
    for cell in doctree.findall(nodes.container):
        name = cell.get("cell_metadata", {}).get("name")
        if cell.get("nb_element") != "cell_code" or not name:
            continue
        inside = [raw for raw in cell.findall(nodes.raw) if "figure" in raw]
        if len(inside) != 1:
            logger.warning(
                "the cell %s shows %s figures with a caption; a name is for one",
                name,
                len(inside),
                location=cell,
                type="numbering",
            )
            continue
        inside[0]["figure_id"] = nodes.make_id(name)
        domain.note(name, inside[0]["figure_id"], "figure", inside[0]["figure"], cell)
    for block in doctree.findall(nodes.math_block):
        if block.get("number") and block.get("label"):
            label = f"equation-{block['label']}"
            domain.note(label, nodes.make_id(label), "equation", block["number"], block)
    asked = {label_of(xref) for xref in doctree.findall(addnodes.pending_xref)} - {None}
    if asked:
        domain.data["asked"][env.docname] = sorted(asked)


def _is_captioned(raw) -> bool:
    text = raw.astext()
    return raw.get("format") == "html" and bool(FIGURE.match(text)) and CAPTION in text


def label_of(xref):
    """What a reference asks for, if it shows a number."""
    if xref.get("refdomain") == DOMAIN:
        return xref["reftarget"]
    if xref.get("refdomain") == "math":
        return f"equation-{xref['reftarget']}"
    return None


class WriteNumbers(SphinxPostTransform):
    """Puts the numbers of today into a page that is about to be written."""

    default_priority = 5  # before references are resolved

    def run(self, **kwargs):
        domain, docname = self.env.get_domain(DOMAIN), self.env.docname
        chapter = domain.chapters().get(docname)
        for stand_in in list(self.document.findall(number)):
            stand_in.replace_self(nodes.Text(self._words(domain, **stand_in.attributes)))
        for block in self.document.findall(nodes.math_block):
            if block.get("number"):
                block["number"] = domain.number(docname, block["number"])
        for xref in self.document.findall(addnodes.pending_xref):
            # an equation that is not known stays with Sphinx, which says so
            if xref.get("refdomain") == "math" and label_of(xref) in domain.data["things"]:
                xref.attributes |= {"refdomain": DOMAIN, "reftarget": label_of(xref)}
        for raw in self.document.findall(nodes.raw):
            if "figure" in raw:
                raw[:] = [nodes.Text(_with_number(raw, chapter))]
        title = self.document.next_node(nodes.title)
        if chapter and title is not None:
            words = f"{chapter}{self.config.html_secnumber_suffix}"
            title.insert(0, nodes.inline("", words, classes=["section-number"]))

    def _words(self, domain, kind, place, **_):
        if kind == "exercise" and self.env.docname not in domain.chapters():
            return WORDS[kind]
        return f"{WORDS[kind]} {domain.number(self.env.docname, place)}"


def _with_number(raw, chapter) -> str:
    """The figure's HTML with its id and its number."""
    html = raw.astext()
    if "figure_id" in raw:
        html = FIGURE.sub(rf'\g<0> id="{raw["figure_id"]}"', html, count=1)
        html = DRAWING.sub(rf'\1<g id="{raw["figure_id"]}-drawing">\2</g></svg>', html, count=1)
    if chapter:
        words = f"Figure {chapter}.{raw['figure']}."
        html = html.replace(CAPTION, f'{CAPTION}<b class="figure-number">{words}</b> ', 1)
    return html


def forget(app, env, docnames):
    """Forget all that pages held which are to be read again: a label may move from one to another.

    Sphinx forgets a page only when its turn comes, and calls what has moved to one that is read
    before it a duplicate.
    """
    for docname in docnames:
        for domain in env.domains.sorted():
            domain.clear_doc(docname)


def pages_to_rewrite(app, env):
    """Number the chapters in the sidebar; name the pages that show a number of before."""
    domain = env.get_domain(DOMAIN)
    chapters, things, shown = domain.chapters(), domain.data["things"], {}
    for docname, toc in env.tocs.items():
        first = toc.next_node(nodes.reference)
        if first is not None:
            first["secnumber"] = (chapters[docname],) if docname in chapters else None
    for docname in env.all_docs:
        asked = domain.data["asked"].get(docname, [])
        titles = {label: domain.title(label) for label in asked if label in things}
        shown[docname] = {"the sidebar": chapters, **titles}  # which stands on every page
    before, domain.data["shown"] = domain.data["shown"], shown
    return [docname for docname in shown if shown[docname] != before.get(docname)]


def setup(app):
    app.add_domain(Numbering)
    app.add_role("numbered", NumberedRole(warn_dangling=True))
    app.add_node(number)
    app.add_transform(FindChapters)
    app.add_post_transform(WriteNumbers)
    app.connect("env-before-read-docs", forget)
    app.connect("doctree-read", collect)
    app.connect("env-updated", pages_to_rewrite)
    # raised when a node or what is kept of a page changes: doctrees of before are then read anew
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
