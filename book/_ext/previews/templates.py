"""Puts into a page the excerpts that its links lead to, and knows when they have changed."""

import hashlib
import json
import re
from html import escape
from pathlib import Path
from urllib.parse import urldefrag

from docutils import nodes
from sphinx.util.logging import suppress_logging

from katex.page import REACHABLE

from .excerpts import Excerpt

#: A card is no place to stop at: it has no links, and nothing in it takes the focus.
STOPS = re.compile(rf"</?a\b[^>]*>|{re.escape(REACHABLE)}")


def note(app, doctree, docname):
    """Keep what the cards of a page that is about to be written will show."""
    if "excerpts" in doctree:  # a card's, which is resolved like a page
        return
    app.builder.previews[docname] = {
        f"{page}#{node_id}": _digest(app.env, _find(app.env, page, node_id))
        for page, node_id in _things(app, doctree, docname).values()
    }


def add(app, pagename, templatename, context, doctree):
    """Write a template for each address that the page's links lead to."""
    if doctree is None:
        return
    templates = []
    for address, (docname, node_id) in _things(app, doctree, pagename).items():
        if excerpt := _find(app.env, docname, node_id):
            html = _html(app, doctree, docname, excerpt, here=docname == pagename)
            templates.append(f'<template id="preview-{escape(address)}">{html}</template>\n')
    context["body"] += "".join(templates)


def _things(app, doctree, pagename):
    """{address in this page: (page, id)} of what its links lead to in the book."""
    pages = {app.builder.get_relative_uri(pagename, name): name for name in app.env.found_docs}
    found = {}
    for link in doctree.findall(nodes.reference):
        address = link.get("refuri") or f"#{link.get('refid')}"
        page, node_id = urldefrag(address)
        if page in pages and "sd-stretched-link" not in link["classes"]:
            found[address] = pages[page], node_id
    return found


def _find(env, docname, node_id) -> Excerpt | None:
    kept = env.metadata[docname].get("previews", {})
    return kept.get(node_id) or _entry(env, docname, node_id)


def _entry(env, docname, node_id):
    """The excerpt of an entry of a bibliography."""
    domain = env.domains.get("cite")
    for citation in domain.citations if domain else []:
        if (citation.bibliography_key.docname, citation.citation_id) == (docname, node_id):
            return Excerpt([domain.backend.paragraph(citation.formatted_entry)])
    return None


def _digest(env, excerpt) -> str:
    """Of all that a card shows; the numbers in it may change without the rest."""
    if excerpt is None:
        return ""
    numbering = env.get_domain("numbering")
    things = numbering.data["things"]
    numbers = [numbering.title(label) for label in excerpt.labels if label in things]
    return hashlib.sha256(repr((excerpt.digest, numbers)).encode()).hexdigest()[:16]


def _html(app, doctree, docname, excerpt, *, here):
    document = doctree.copy()
    document["excerpts"] = True
    document.settings.env = app.env
    document += [node.deepcopy() for node in excerpt.nodes]
    for raw in document.findall(nodes.raw):
        if here and "in_its_page" in raw:
            raw[:] = [nodes.Text(raw["in_its_page"])]
    with suppress_logging():  # what is wrong there is said where it stands
        app.env.apply_post_transforms(document, docname)
        parts = [app.builder.render_partial(node)["fragment"] for node in list(document.children)]
    return STOPS.sub("", "".join(parts)).strip()


def pages_to_rewrite(app, env):
    """The pages whose cards differ from those they were last written with."""
    try:
        before = json.loads(_record(app).read_text("utf-8"))
    except FileNotFoundError:
        before = {}
    app.builder.previews = {page: shown for page, shown in before.items() if page in env.all_docs}
    now = {}
    for thing in {thing for shown in app.builder.previews.values() for thing in shown}:
        docname, _, node_id = thing.partition("#")
        now[thing] = _digest(env, _find(env, docname, node_id))
    return [
        page
        for page, shown in app.builder.previews.items()
        if any(now[thing] != digest for thing, digest in shown.items())
    ]


def save(app, exception):
    """Keep what each page was written with."""
    if exception is None and hasattr(app.builder, "previews"):
        _record(app).write_text(json.dumps(app.builder.previews, indent=1, sort_keys=True), "utf-8")


def _record(app):
    return Path(app.doctreedir, "previews.json")
