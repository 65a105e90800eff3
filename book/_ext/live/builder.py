"""The warm Sphinx behind `make live`: builds once a line on standard input, and tells what changed.

Answers `{"pages": ["scoring.html", ...], "trouble": "warnings and errors"}`.
"""

import io
import json
import sys

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import nocolor
from sphinx.util.docutils import docutils_namespace

from grading.paths import ROOT

HTML = ROOT / "_build" / "html"


def main():
    nocolor()
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever prints while building must not look like an answer
    warnings = io.StringIO()
    app = None
    for _ in sys.stdin:
        before = contents()
        warnings.seek(0)
        warnings.truncate()
        try:
            app = app or start(warnings)
            app.build()
        except (SphinxError, OSError) as error:
            warnings.write(f"{getattr(error, 'category', 'Error')}: {error}\n")
        after = contents()
        pages = sorted(name for name in after if after[name] != before.get(name))
        print(
            json.dumps({"pages": pages, "trouble": warnings.getvalue()}), file=answers, flush=True
        )


def start(warnings):
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
    return app


def contents():
    """{page: hash}: Sphinx also writes pages anew that come out the same."""
    return {path.name: hash(path.read_bytes()) for path in HTML.glob("*.html")}


if __name__ == "__main__":
    main()
