"""The `{evidence}` directive: every claim of the book, and the source of the test that holds it."""

import hashlib
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from folded import fold

from .sentence import detached
from .tests import read_tests

#: No `<pre>`, because the theme measures each, folded or not, and no colours, which would be twenty
#: thousand elements: together they cost a phone a second.
SOURCE = '<code class="evidence-source" tabindex="0">{}</code>'


class evidence_list(nodes.General, nodes.Element):
    """Stands for the list of all claims, until all pages have been read."""


class Evidence(SphinxDirective):
    def run(self):
        self.env.evidence_pages.add(self.env.docname)
        return [evidence_list()]


def digest_of(claims, root: Path) -> str:
    """Of what the page with the evidence shows: if it changes, the page is written again."""
    shown = hashlib.sha256()
    for claim in claims:
        sentence = "".join(node.astext() for node in claim.sentence)
        place = (claim.docname, claim.anchor, sentence, claim.file, claim.test)
        shown.update(repr((place, _test(claim, root))).encode())
    return shown.hexdigest()


def _test(claim, root: Path):
    try:
        return read_tests(root / "tests" / f"{claim.file}.py").get(claim.test)
    except (OSError, SyntaxError):
        return None  # the build warns at the claim


class FillEvidence(SphinxPostTransform):
    """Put the claims of each chapter, in the book's order, where `{evidence}` stands."""

    default_priority = 5  # before references are resolved: a sentence may contain some

    def run(self, **kwargs):
        for place in list(self.document.findall(evidence_list)):
            chapters = [self._chapter(name) for name in self._order() if self.env.claims.get(name)]
            place.replace_self(chapters or nodes.paragraph("", "The book makes no claims yet."))

    def _order(self):
        """The pages in the order of the table of contents; then those that it does not list."""
        order, todo = [], [self.config.root_doc]
        while todo:
            name = todo.pop(0)
            if name not in order:
                order.append(name)
                todo = [*self.env.toctree_includes.get(name, ()), *todo]
        return order + sorted(set(self.env.claims) - set(order))

    def _chapter(self, docname):
        title = self.env.titles[docname].deepcopy()
        section = nodes.section(ids=[f"evidence-{nodes.make_id(docname)}"])
        section += nodes.title("", "", *(detached(child) for child in title.children))
        section += [self._entry(claim) for claim in self.env.claims[docname]]
        return section

    def _entry(self, claim):
        entry = nodes.container(ids=[claim.entry], classes=["evidence"])
        place = (claim.docname, claim.anchor)  # becomes an address in `sentence.link`
        back = nodes.reference("", "where it is said", internal=True, refuri="", claim=place)
        sentence = [detached(node) for node in claim.sentence]
        entry += nodes.paragraph("", "", *sentence, nodes.Text(" ("), back, nodes.Text(")"))
        if test := _test(claim, Path(self.env.claims_root)):
            source = nodes.raw("", SOURCE.format(escape(test.source)), format="html")
            summary = f"tests/{claim.file}.py, line {test.line}: {claim.test}"
            children = [nodes.paragraph("", test.summary)] if test.summary else []
            entry += fold(summary, [*children, source], "evidence")
        return entry
