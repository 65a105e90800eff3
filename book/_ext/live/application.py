"""The web application around a `Live`: its addresses, and what runs beside them."""

import asyncio
import contextlib

from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route, WebSocketRoute

from grading.paths import ROOT
from live.door import LOOPBACK
from live.pages import CLIENT, HTML, Fresh, Pages
from live.watching import Watcher

WATCHED = [ROOT / name for name in ("attention", "book", "tests", "conf.py")]


def application(live):
    """Serves while the helpers and the watcher run."""

    @contextlib.asynccontextmanager
    async def lifespan(_):
        watcher = Watcher(WATCHED, live.changed, lambda text: live.trouble("saves", text))
        jobs = (live.grader.run(), live.builder.run(), watcher.run())
        tasks = [asyncio.create_task(job) for job in jobs]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    pages = Pages(live)
    HTML.mkdir(parents=True, exist_ok=True)
    return Starlette(
        lifespan=lifespan,
        middleware=[LOOPBACK],
        exception_handlers={404: pages.absent},
        routes=[
            WebSocketRoute("/_live/events", live.events),
            Route("/_live/client.js", lambda _: FileResponse(CLIENT, media_type="text/javascript")),
            Route("/", pages.page),
            Route("/{name:str}.html", pages.page),
            Mount("/", Fresh(directory=HTML)),
        ],
    )
