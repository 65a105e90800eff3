"""The warm Sphinx behind `make live`: builds once a line on standard input, and tells what changed.

Answers `{"pages": ["scoring.html"]}` as soon as a page that comes out different is written, and
when the build has ended `{"trouble": "warnings and errors"}`. A page need not wait for the rest of
the book: what was edited is written first, and the index of the search last.
"""

import gc
import io
import json
import sys

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import nocolor
from sphinx.util.docutils import docutils_namespace

from grading.paths import ROOT
from live.bibliography import keep_formatted
from live.watching import where

HTML = ROOT / "_build" / "html"
STATIC = HTML / "_static"


def main():
    nocolor()
    keep_formatted()
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever prints while building must not look like an answer
    warnings = io.StringIO()
    app = None
    gc.disable()  # a page would wait for it

    def tell(**what):
        print(json.dumps(what), file=answers, flush=True)

    for _ in sys.stdin:
        before = looks()
        warnings.seek(0)
        warnings.truncate()
        try:
            app = app or start(warnings, tell)
            app.build()
        except (SphinxError, OSError) as error:
            warnings.write(f"{getattr(error, 'category', 'Error')}: {error}\n")
        except Exception as error:  # of an extension; its author mends it while this goes on
            warnings.write(f"{where(error)}\n")
        if looks() != before:
            tell(pages=sorted(path.name for path in HTML.glob("*.html")))
        tell(trouble=warnings.getvalue())
        gc.collect()
        if not gc.get_freeze_count():
            gc.freeze()  # what the first build has left stays


def start(warnings, tell):
    """Set Sphinx up; its registrations are undone if that fails, so that it can be tried again."""
    namespace = docutils_namespace()
    namespace.__enter__()
    try:
        app = Sphinx(
            ROOT / "book", ROOT, HTML, HTML / ".doctrees", "html", {}, io.StringIO(), warnings
        )
    except Exception:
        namespace.__exit__(None, None, None)
        raise
    app.namespace = namespace  # if it were collected, the registrations would end with it
    write_edited_first(app)
    tell_of_pages(app.builder, tell)
    return app


def write_edited_first(app):
    """Sphinx copies style sheets and scripts, then goes by the alphabet, and lists a page's words
    for the search before it writes the page; one waits for the page that was just read."""
    builder, edited, unlisted = app.builder, set(), []
    write, copy, finish = builder.write_documents, builder.copy_assets, builder.finish
    index_page = builder.index_page

    def note(app, env, docnames):
        edited.clear()
        edited.update(docnames)

    def write_documents(docnames):
        for part in (docnames & edited, docnames - edited):
            write(part)
            while unlisted:
                index_page(*unlisted.pop())

    def copy_and_finish():
        copy()
        finish()

    app.connect("env-before-read-docs", note)
    builder.write_documents = write_documents
    builder.index_page = lambda *page: unlisted.append(page)
    builder.copy_assets, builder.finish = lambda: None, copy_and_finish


def tell_of_pages(builder, tell):
    """Sphinx also writes pages anew that come out the same; of these nothing is told."""
    handle_page = builder.handle_page

    def handle_and_tell(pagename, *args, **options):
        path = HTML / f"{pagename}.html"
        before = content(path)
        handle_page(pagename, *args, **options)
        if content(path) != before:
            tell(pages=[path.name])

    builder.handle_page = handle_and_tell


def looks():
    """The style sheets and scripts of all pages."""
    own = (path for path in sorted(STATIC.rglob("*")) if path.suffix in (".css", ".js"))
    return [path.read_bytes() for path in own]


def content(path):
    """What a file holds, or nothing."""
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    main()
