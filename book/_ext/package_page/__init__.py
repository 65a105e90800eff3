"""The page of the package: room by room what it offers, who uses it, and what holds it.

    ```{package}
    ```

becomes a section for each room of `attention`, in the order in which they build on one another,
with an entry for each name that is exported, that a page imports, or that says what it takes.
Under a name stand the chapters whose cells import it, and the claims whose tests call it. Nothing
of it is listed by hand.
"""

import ast
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from claims.sentence import detached
from claims.tests import read_tests
from folded import fold
from import_closure import Tree

from .listing import used_by, written

DIRECTIVE = re.compile(r"^```\{package\}\s*^```$", re.MULTILINE)


class standing(nodes.General, nodes.Element):
    """Stands below the entry of `node["module"]`.`node["name"]` until all pages have been read."""


class Standing(SphinxDirective):
    required_arguments = 2

    def run(self):
        module, name = self.arguments
        return [standing(module=module, name=name)]


def find_stale(app, env, added, changed, removed):
    """The page is read again when a name came or went, or another page began to use one."""
    root = Path(app.confdir)
    texts = {name: read_text(env.doc2path(name)) for name in sorted(env.found_docs)}
    env.package_pages = [name for name, text in texts.items() if DIRECTIVE.search(text)]
    if not env.package_pages:
        return []
    env.package_used = used_by(root, texts)
    text = written(root, env.package_used)
    before, env.package_text = getattr(env, "package_text", text), text
    return env.package_pages if text != before else []


def read_text(path) -> str:
    return Path(path).read_text("utf-8", errors="replace")  # the build complains of what is not


def put_in(app, docname, source):
    """Replace the directive in a page's text."""
    source[0] = DIRECTIVE.sub(lambda _: app.env.package_text, source[0])


def pages_to_rewrite(app, env):
    """What the entries say below the docstrings may have changed in any page, or in a test."""
    if not env.package_pages:
        return []
    titles = {name: title.astext() for name, title in env.titles.items()}
    said = [
        (claim.docname, claim.anchor, nodes.inline("", "", *claim.sentence).astext(), sorted(names))
        for claim, names, _ in _tests(env, Path(app.confdir))
    ]
    shown = repr((titles, said))
    before, env.package_shown = getattr(env, "package_shown", ""), shown
    return env.package_pages if shown != before else []


class FillStanding(SphinxPostTransform):
    """Say who uses a name, and what holds it."""

    default_priority = 5  # before references are resolved: a sentence may contain some

    def run(self, **kwargs):
        places = list(self.document.findall(standing))
        tests = _tests(self.env, Path(self.app.confdir)) if places else []
        for place in places:
            module, name = place["module"], place["name"]
            pages = self.env.package_used.get((module, name), [])
            claims = [claim for claim, names, needs in tests if name in names and module in needs]
            place.replace_self([*self._used(pages), *self._held(claims)])

    def _used(self, pages):
        if pages:
            links = [nodes.Text("Used in ")]
            for page in pages:
                uri = self.app.builder.get_relative_uri(self.env.docname, page)
                title = self.env.titles[page].astext()
                links += [nodes.reference("", title, internal=True, refuri=uri), nodes.Text(", ")]
            yield nodes.paragraph("", "", *links[:-1], nodes.Text("."))

    def _held(self, claims):
        if claims:
            entries = nodes.bullet_list()
            for claim in claims:
                place = (claim.docname, claim.anchor)  # becomes an address in `claims.sentence`
                said = [detached(node) for node in claim.sentence]
                back = nodes.reference("", "said here", internal=True, refuri="", claim=place)
                end = nodes.Text(" ("), back, nodes.Text(")")
                entries += nodes.list_item("", nodes.paragraph("", "", *said, *end))
            count = f"{len(claims)} claim" + ("s" if len(claims) > 1 else "")
            yield fold(f"Held by {count}", [entries], "held-by")


def _tests(env, root: Path) -> list[tuple]:
    """Each claim with the names that its test uses and the modules that the test's file imports."""
    tree, found = Tree.now(root), []
    for claim in (claim for docname in sorted(env.claims) for claim in env.claims[docname]):
        if test := read_tests(root / "tests" / f"{claim.file}.py").get(claim.test):
            names = {n.id for n in ast.walk(ast.parse(test.source)) if isinstance(n, ast.Name)}
            found.append((claim, names, tree.needs(f"tests.{claim.file.replace('/', '.')}")[1]))
    return found


def setup(app):
    app.setup_extension("folded")
    app.add_node(standing)
    app.add_directive("standing", Standing)
    app.add_post_transform(FillStanding)
    app.connect("env-get-outdated", find_stale)
    app.connect("source-read", put_in)
    app.connect("env-updated", pages_to_rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
