"""Serves the built book, watches its files, and tells open pages what changed."""

import asyncio
import contextlib
import json
from pathlib import Path

import watchfiles
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from grading import card, results_file
from grading.paths import CHECKS, RESULTS, ROOT, STUBS
from live.workers import Worker

HTML = ROOT / "_build" / "html"
CLIENT = Path(__file__).with_name("client.js")
EXTENSIONS = ROOT / "book" / "_ext"
WATCHED = [ROOT / name for name in ("attention", "book", "tests", "conf.py")]
SCRIPT = '<script type="module" src="/_live/client.js"></script>'


HEARTBEAT = 0.3  # seconds between two looks at whether the server wants to end


class Live:
    """The state behind the open pages."""

    def __init__(self, say=print):
        self.say = say
        self.ending = lambda: False  # whether the server wants to end: open streams then close
        self.exercises = {}  # name -> the newest record
        self.graded = set()  # names whose record comes from a finished grading of this session
        self.pages = set()  # a queue for each open page
        self.grader = Worker("grading.warm", self.heard_grader)
        self.builder = Worker("live.builder", self.heard_builder, self.build)
        self.to_grade = set()  # stems asked for and not answered

    # --- what the helpers say ---

    def heard_grader(self, line):
        if "ready" in line:
            for record in line["ready"]:
                self.exercises.setdefault(record["name"], record)
            waiting = self.to_grade or {record["stem"] for record in line["ready"]}
            for stem in sorted(waiting):
                self.grade(stem)
            return
        if "graded" in line:
            self.to_grade.discard(line["graded"])
            self.keep()
            return
        record = line["exercise"]
        self.exercises[record["name"]] = record
        exercise = results_file.from_record(record)
        running = None if line["done"] else "running"
        self.tell("card", exercise=record["name"], html=card.html(exercise, running=running))
        if line["done"]:
            self.graded.add(record["name"])
            self.say(f"{record['name']}: {exercise.state}, "
                     f"{exercise.points} of {exercise.max_points} points")  # fmt: skip

    def heard_builder(self, line):
        if "pages" in line:
            self.say(f"rebuilt {', '.join(line['pages'])}")
            self.tell("reload", pages=line["pages"])
            return
        if line["trouble"]:
            self.say(line["trouble"].rstrip())
        self.tell("trouble", text=line["trouble"])

    # --- what happens to files ---

    def changed(self, paths):
        """Grade what was answered, rebuild what was written."""
        paths = {path for path in map(Path, paths) if path.suffix in KINDS and "~" not in path.name}
        answers = {path.stem for path in paths if path.parent == STUBS and path.suffix == ".py"}
        for stem in sorted(answers):
            self.grade(stem)
        others = {path for path in paths if path.parent != STUBS}
        if any(path.is_relative_to(CHECKS) or path.parent.name == "grading" for path in others):
            self.to_grade = {record["stem"] for record in self.exercises.values()}
            self.grader.end()  # the checks themselves changed: the warm process starts again
        if any(path.suffix == ".py" and path.is_relative_to(EXTENSIONS) for path in others):
            self.builder.end()  # an extension changed: Sphinx starts again, and builds when it has
        elif others:
            self.build()

    def grade(self, stem):
        self.to_grade.add(stem)
        self.grader.ask({"stem": stem})

    def build(self):
        self.builder.ask({"build": True})

    def keep(self):
        """Write the results for the next build, if every exercise has one."""
        if self.graded == set(self.exercises):
            results_file.write(RESULTS, map(results_file.from_record, self.exercises.values()))

    # --- what the pages hear ---

    def tell(self, kind, **content):
        for page in self.pages:
            page.put_nowait((kind, content))

    async def events(self, request):
        """A stream of server-sent events; it opens with the newest state of every exercise."""
        queue = asyncio.Queue()
        for name in self.graded:
            record = self.exercises[name]
            html = card.html(results_file.from_record(record))
            queue.put_nowait(("card", {"exercise": name, "html": html}))
        self.pages.add(queue)

        async def stream():
            try:
                yield "retry: 500\n\n"
                while not self.ending():
                    try:
                        kind, content = await asyncio.wait_for(queue.get(), HEARTBEAT)
                    except TimeoutError:
                        continue
                    yield f"event: {kind}\ndata: {json.dumps(content)}\n\n"
            finally:
                self.pages.discard(queue)

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


KINDS = {".py", ".md", ".css", ".js", ".bib", ".html", ".txt"}


async def page(request):
    """A built page with the live script added."""
    name = request.path_params.get("name", "index")
    file = HTML / f"{name}.html"
    if not file.is_file():
        return HTMLResponse(f"<h1>No page {name}</h1><a href='/'>The book</a>", status_code=404)
    text = file.read_text(encoding="utf-8").replace("</body>", f"{SCRIPT}</body>")
    return HTMLResponse(text, headers={"Cache-Control": "no-store"})


class Fresh(StaticFiles):
    """Files that a browser asks about again: it would take a style sheet of just now for new."""

    def file_response(self, *args, **options):
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


def application(live):
    """The web application around a `Live`."""

    @contextlib.asynccontextmanager
    async def lifespan(_):
        async def watch():
            async for changes in watchfiles.awatch(*WATCHED, step=20, debounce=60):
                live.changed({path for _, path in changes})

        tasks = [
            asyncio.create_task(job) for job in (live.grader.run(), live.builder.run(), watch())
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    HTML.mkdir(parents=True, exist_ok=True)
    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/_live/events", live.events),
            Route("/_live/client.js", lambda _: FileResponse(CLIENT, media_type="text/javascript")),
            Route("/", page),
            Route("/{name:str}.html", page),
            Mount("/", Fresh(directory=HTML)),
        ],
    )
