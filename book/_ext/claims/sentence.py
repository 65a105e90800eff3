"""The `{claim}` role: a sentence, and the mark that links it to its evidence."""

import re
from dataclasses import dataclass

from docutils import nodes
from sphinx.errors import NoUri
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)
CLAIM = re.compile(r"(.*\S)\s*<\s*([\w/]+)::\s*(\w+)\s*>", re.DOTALL)


@dataclass
class Claim:
    """One measured statement of a page."""

    docname: str
    line: int
    anchor: str  # of the sentence, in its page
    sentence: list  # inline nodes
    file: str  # test_<stem>, or <room>/test_<file>, below tests/
    test: str

    @property
    def entry(self) -> str:
        """The anchor of its entry on the page with the evidence."""
        return f"evidence-{nodes.make_id(self.docname)}-{self.anchor}"


class claim_mark(nodes.General, nodes.Inline, nodes.Element):
    """The mark behind the sentence of a claim, held by `node["file"]`::`node["test"]`."""


class ClaimRole(SphinxRole):
    def run(self):
        match = CLAIM.fullmatch(self.text)
        if match is None:
            message = self.inliner.reporter.error(
                f"claim {self.text!r}: end it with the test, <test_stem::test_name>",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        text, file, test = match.groups()
        inline, messages = self.inliner.parse(text, self.lineno, self.inliner, self.inliner.parent)
        anchor = f"claim-{self.env.new_serialno('claim') + 1}"
        mark = claim_mark(file=file, test=test, page_line=self.lineno)
        return [nodes.inline("", "", *inline, mark, ids=[anchor], classes=["claim"])], messages


def collect(app, doctree):
    """Note the claims of a page that has been read, its text in its final form."""
    docname = app.env.docname
    for mark in doctree.findall(claim_mark):
        span = mark.parent
        sentence = [detached(node) for node in span.children if node is not mark]
        claim = Claim(
            docname, mark["page_line"], span["ids"][0], sentence, mark["file"], mark["test"]
        )
        mark["entry"] = claim.entry
        app.env.claims.setdefault(docname, []).append(claim)


def detached(node):
    """A copy that does not hold on to its document, so that it can be kept in the environment."""
    copy = node.deepcopy()
    for part in copy.findall():
        part.document = None
    return copy


def link(app, doctree, docname):
    """Give the links their addresses, now that every page is known: there and back."""

    def uri(page):
        try:
            return app.builder.get_relative_uri(docname, page)
        except NoUri:
            return ""

    page = next(iter(sorted(app.env.evidence_pages)), None)
    for mark in doctree.findall(claim_mark):
        mark["refuri"] = page and f"{uri(page)}#{mark['entry']}"
    for back in doctree.findall(lambda node: isinstance(node, nodes.reference)):
        if "claim" in back:
            back["refuri"] = "{}#{}".format(uri(back["claim"][0]), back["claim"][1])


def visit_mark(self, node):
    if node["refuri"]:
        label = f"measured: see the test {node['file']}::{node['test']}"
        attributes = {"href": node["refuri"], "aria-label": label, "title": label}
        self.body.append(self.starttag(node, "a", "", CLASS="claim-mark", **attributes))
        self.body.append("✓</a>")
    raise nodes.SkipNode


def skip_mark(self, node):
    raise nodes.SkipNode
