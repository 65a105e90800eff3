"""Cards: what a link within the book leads to, shown while the link is pointed at or has the focus.

While a page is read, `excerpts` keeps a short piece of each thing in it that a link can lead to: a
heading with its first paragraph, a figure, an equation, an exercise, a question, a word of the
glossary, a name of the package. While a page is written, `templates` adds the pieces that its links
lead to, each once, as a `<template>` whose id is "preview-" and the link's address; entries of the
bibliography come from the extension that keeps them. `_static/previews.js` shows them.

A page is written again when something that its cards show has changed. What each page was written
with stands in `previews.json`, beside the doctrees.
"""

from . import excerpts, templates


def setup(app):
    app.connect("doctree-read", excerpts.keep, priority=600)  # when figures have been named
    app.connect("env-updated", templates.pages_to_rewrite, priority=900)  # and entries formatted
    app.connect("doctree-resolved", templates.note, priority=900)  # where links have addresses
    app.connect("html-page-context", templates.add)
    app.connect("build-finished", templates.save)
    # raised when what is kept of a page changes: doctrees of before are then read anew
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
