"""What is served: the built site with the live script added, or why a page is not there."""

from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from grading.paths import ROOT

HTML = ROOT / "_build" / "html"
WRITTEN_LAST = "searchindex.js"
CLIENT = Path(__file__).with_name("client.js")
SCRIPT = '<script type="module" src="/_live/client.js"></script>'
NOT_KEPT = {"Cache-Control": "no-store"}

ABSENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>{again}
<body style="font-family: sans-serif; margin: 3em">
<h1>{title}</h1><p>{text}</p><pre role="alert">{trouble}</pre></body></html>
"""
AGAIN = '<meta http-equiv="refresh" content="1">'


class Pages:
    """Answers requests for pages.

    Args:
        live: the state, which knows whether a build is under way.
    """

    def __init__(self, live):
        self.live = live

    async def page(self, request):
        """A built page with the live script added."""
        name = request.path_params.get("name", "index")
        if self.live.building and not (HTML / WRITTEN_LAST).is_file():
            raise HTTPException(404)  # the first build: there is no style sheet yet
        try:
            text = (HTML / f"{name}.html").read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise HTTPException(404) from None
        if "</body>" not in text:
            raise HTTPException(404)  # it is just being written
        return HTMLResponse(text.replace("</body>", f"{SCRIPT}</body>"), headers=NOT_KEPT)

    async def absent(self, request, error):
        """What may still come is asked for again every second; the browser does so by itself."""
        trouble = self.live.all_troubles()
        if self.live.building or trouble:
            title, again = "This page is not there yet", AGAIN
            text = "It turns into the one you want when the book has been built."
        else:
            title, again = "There is no such page", ""
            text = '<a href="/">To the book</a>'
        body = ABSENT.format(title=title, text=text, again=again, trouble=escape(trouble))
        return HTMLResponse(body, status_code=503 if again else 404, headers=NOT_KEPT)


class Fresh(StaticFiles):
    """Files that a browser asks about again: it would take a style sheet of just now for new."""

    def file_response(self, *args, **options):
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response
