"""What a page carries: one style sheet, the icons that it shows, no script that it does not use.

The theme and the extensions bring ten style sheets, thousands of icons and the whole search with
every page. Here their style sheets become one, `_static/site.css`, without the rules that no page
of this book can meet, the icon fonts keep the icons that stand in it, and search is loaded by the
search page alone. The book's own modules become scripts (`scripts`). The template `layout.html`
links what is left.
"""

import hashlib
import re
import shutil
from pathlib import Path
from textwrap import shorten

from lean.fonts import keep_icons
from lean.scripts import as_script, in_order
from lean.style_sheet import joined, names_in, purged, words_of

#: Loaded by the theme's template itself, before all others.
THEME_SHEETS = ("styles/theme.css", "styles/pydata-sphinx-theme.css")
ICONS, FEW_ICONS = "vendor/fontawesome/webfonts", "icons"
#: Where the book's own modules are written, and where in `_static` pages find them as scripts.
WRITTEN, OWN = Path(__file__).parents[2] / "_static", "own"
#: A figure that has something to try.
INTERACTIVE = re.compile(r'data-interactive="(\w+)"')
#: What a module is for.
MODULES = {
    "questions": re.compile(r'class="question(-list)?"'),  # a question, or the list of all
    "previews": re.compile(r'<template id="preview-'),
    "copy": re.compile(r'class="katex"'),
}
#: What a screen reader is told better.
BETTER_TAGS = {
    # a folded cell says itself what it holds
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # an entry of a list that says it is one; the role for entries of bibliographies is withdrawn
    ' role="doc-biblioentry"': ' role="listitem"',
}
#: What a script is for, as a piece of the page that needs it. What is not listed always comes.
NEEDED_FOR = {
    "design-tabs.js": "sd-tab-set",
    "clipboard.min.js": "highlight",
    "copybutton.js": "highlight",
}


def setup(app):
    app.connect("html-page-context", _choose, priority=900)  # when all others have added theirs
    app.connect("build-finished", _write, priority=900)  # the theme writes one there, too
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _choose(app, pagename, templatename, context, doctree):
    # The same for all pages, of which the search page is written in every build, by this process.
    app.builder.sheets = dict.fromkeys([*THEME_SHEETS, *map(_name, context["css_files"])])
    body = context.get("body", "")
    for tag, better in BETTER_TAGS.items():
        body = body.replace(tag, better)
    context["body"] = body
    scripts = [script for script in map(_name, context["script_files"]) if script]
    context["page_scripts"] = [
        f"_static/{name}" for name in scripts if NEEDED_FOR.get(name, "") in body
    ]
    modules = [f"interactive/{name}" for name in sorted(set(INTERACTIVE.findall(body)))]
    modules += [name for name, piece in MODULES.items() if piece.search(body)]
    ordered = in_order(modules, WRITTEN)
    context["page_scripts"] += [f"_static/{OWN}/{Path(name).name}.js" for name in ordered]
    own = f"{context.get('title') or pagename.title()}. {app.config.html_title}"  # search, and 404
    context["description"] = _description(doctree) or own


def _name(asset) -> str:
    """The path in `_static` of a style sheet or script; nothing for one written into the page."""
    return str(asset.filename or "").removeprefix("_static/").partition("?")[0]


def _description(doctree) -> str:
    """The page's first paragraph under a heading of its own, which is the question that it asks."""
    if doctree is None:
        return ""
    paragraphs = (
        paragraph.astext().replace("\n", " ")
        for paragraph in doctree.findall(lambda node: node.tagname == "paragraph")
        if paragraph.parent.tagname in ("section", "container")
    )
    first = next((text for text in paragraphs if len(text) > 40 and "·" not in text), "")
    return shorten(first, 160, placeholder=" …")  # as much as a search engine shows


def _write_scripts(static):
    """Put scripts in the place of the modules, which no page can load that is opened from disk."""
    (static / OWN).mkdir(exist_ok=True)
    for module in [*static.glob("interactive/*.js"), *(static / f"{name}.js" for name in MODULES)]:
        script = as_script(module.stem, module.read_text("utf-8"))
        (static / OWN / module.name).write_text(script, "utf-8")
        module.unlink()
    (static / "interactive").rmdir()


def _write(app, exception):
    if not exception and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        _write_scripts(static)
        _write_style_sheet(app, static)


def _write_style_sheet(app, static):
    sheets = [static / name for name in app.builder.sheets if name]
    css = joined(sheets, static).replace(ICONS, FEW_ICONS)
    files = [*Path(app.outdir).glob("*.html"), *static.glob("*.js"), *static.glob("*/*.js")]
    words = words_of(files) & names_in(css)  # a new heading is a new id, of which no rule speaks
    digest = hashlib.sha256(" ".join([css, *sorted(words)]).encode()).hexdigest()
    stamp, target = f"/* {digest} */\n", static / "site.css"
    if not target.exists() or not target.read_text("utf-8").startswith(stamp):
        css = purged(css, words)
        keep_icons(static / ICONS, static / FEW_ICONS, css)
        target.write_text(stamp + css, "utf-8")
    # What no page loads any more: all icons, as fonts and as 1.5 MB of drawings.
    shutil.rmtree(static / "vendor" / "fontawesome")
    (static / "scripts" / "fontawesome.js").unlink(missing_ok=True)
