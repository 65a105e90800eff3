"""The warm Sphinx behind `make live`: builds once a line on standard input, and tells what changed.

Answers `{"pages": ["scoring.html", ...], "trouble": "warnings and errors"}`.
"""

import contextlib
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
        before = stamps()
        warnings.seek(0)
        warnings.truncate()
        try:
            app = app or start(warnings)
            app.build()
        except (SphinxError, OSError) as error:
            warnings.write(f"{getattr(error, 'category', 'Error')}: {error}\n")
        after = stamps()
        pages = sorted(name for name in after if after[name] != before.get(name))
        print(
            json.dumps({"pages": pages, "trouble": warnings.getvalue()}), file=answers, flush=True
        )


def start(warnings):
    """Set Sphinx up; its registrations are undone if that fails, so that it can be tried again."""
    with contextlib.ExitStack() as on_failure:
        on_failure.enter_context(docutils_namespace())
        app = Sphinx(
            ROOT / "book", ROOT, HTML, HTML / ".doctrees", "html", {}, io.StringIO(), warnings
        )
        on_failure.pop_all()
    return app


def stamps():
    return {path.name: path.stat().st_mtime_ns for path in HTML.glob("*.html")}


if __name__ == "__main__":
    main()
