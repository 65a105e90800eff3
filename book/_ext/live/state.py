"""What the helpers say, what happens to files, and what open pages hear of it."""

import asyncio
from pathlib import Path

from grading import card, results_file
from grading.paths import CHECKS, EXTENSIONS, RESULTS, ROOT, STUBS
from live.door import is_ours
from live.workers import Worker


class Live:
    """The state behind the open pages."""

    def __init__(self, say=print):
        self.say = say
        self.exercises = {}  # name -> the newest record
        self.graded = set()  # names whose record comes from a finished grading of this session
        self.pages = set()  # a queue for each open page
        self.troubles = {}  # who -> what has failed; "" when it is over
        self.building = 1  # builds that are to come; one is, from the start
        self.to_grade = set()  # stems asked for and not answered
        self.grader = Worker(
            "grading.warm", self.heard_grader, lambda text: self.trouble("grader", text)
        )
        self.builder = Worker(
            "live.builder", self.heard_builder, lambda text: self.trouble("book", text), self.begin
        )

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
            self.over("grader")
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
        self.building = max(0, self.building - 1)
        self.trouble("book", line["trouble"])

    # --- what happens to files ---

    def changed(self, paths):
        """Grade what was answered, rebuild what was written."""
        paths = set(map(Path, paths))
        for helper in (self.grader, self.builder):
            helper.hope.set()
        answers = {path.stem for path in paths if path.parent == STUBS and path.suffix == ".py"}
        for stem in sorted(answers):
            self.grade(stem)
        others = {path for path in paths if path.parent != STUBS}
        if any(path.is_relative_to(CHECKS) or path.parent.name == "grading" for path in others):
            self.to_grade = {record["stem"] for record in self.exercises.values()}
            self.grader.end()  # the checks themselves changed: the warm process starts again
        if any(path.suffix == ".py" and path.is_relative_to(EXTENSIONS) for path in others) or (
            ROOT / "conf.py" in others
        ):
            self.builder.end()  # Sphinx itself is another: it starts again, and builds when it has
        elif others:
            self.build()
        self.over("saves")

    def grade(self, stem):
        self.to_grade.add(stem)
        self.grader.ask({"stem": stem})

    def begin(self):
        """A builder that has just been started builds; what was asked of another is lost."""
        self.building = 0
        self.build()

    def build(self):
        self.building += 1
        self.builder.ask({"build": True})

    def keep(self):
        """Write the results for the next build, if every exercise has one."""
        if self.graded == set(self.exercises):
            results_file.write(RESULTS, map(results_file.from_record, self.exercises.values()))

    # --- what the pages hear ---

    def tell(self, kind, **content):
        for page in self.pages:
            page.put_nowait({"kind": kind, **content})

    def trouble(self, who, text):
        """Tell pages and terminal what has failed; an empty text takes it back."""
        self.troubles[who] = text
        self.tell("trouble", text=self.all_troubles())
        if text:
            self.say(text.rstrip())

    def over(self, who):
        if self.troubles.get(who):
            self.trouble(who, "")

    def all_troubles(self):
        return "\n".join(filter(None, self.troubles.values()))

    async def events(self, websocket):
        """Sends a page all that is told; first the newest state of every exercise.

        A web socket: of the connections for requests a browser has six for all tabs together.
        """
        if not is_ours(websocket):
            return await websocket.close()
        await websocket.accept()
        queue = asyncio.Queue()
        for name in self.graded:
            html = card.html(results_file.from_record(self.exercises[name]))
            queue.put_nowait({"kind": "card", "exercise": name, "html": html})
        if self.troubles:
            queue.put_nowait({"kind": "trouble", "text": self.all_troubles()})

        async def send():
            while True:
                await websocket.send_json(await queue.get())

        self.pages.add(queue)
        sending = asyncio.create_task(send())
        try:
            async for _ in websocket.iter_text():
                pass  # a page says nothing until it goes
        finally:
            self.pages.discard(queue)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
