"""The warm process behind `make live`: torch and pytest are imported, the checks collected.

It reads requests from standard input, a JSON line each, `{"stem": "soft_lookup"}`, and answers on
standard output with JSON lines: `{"exercise": {...}, "done": false}` after each check and
`{"exercise": {...}, "done": true}` when an exercise is finished. A new request for the stem that
is being graded ends that grading and begins anew, so that nobody waits for a loop already mended.
"""

import json
import os
import select
import sys

from grading import grader, results
from grading.child import load_answer
from grading.collect import with_catalog
from grading.known import alarm
from grading.paths import STUBS


class Requests:
    """The stems still to grade, fed from a pipe."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.waiting = []
        self._rest = b""

    def arrive(self, seconds=0):
        """Take in what has arrived; wait for the first request if `seconds` is None."""
        ready, _, _ = select.select([self.pipe], [], [], seconds)
        if not ready:
            return
        chunk = os.read(self.pipe, 1 << 16)
        if not chunk:
            sys.exit(0)  # the live server is gone
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            stem = json.loads(line)["stem"]
            if stem not in self.waiting:
                self.waiting.append(stem)


def serve(catalog, folder=STUBS):
    """Answer requests until standard input closes."""
    grader.warm_up()
    requests = Requests(sys.stdin.fileno())
    tell({"ready": [results.as_record(catalog.exercise(name)) for name in catalog]})
    while True:
        if not requests.waiting:
            requests.arrive(seconds=None)
        while requests.waiting:
            grade_stem(catalog, requests, requests.waiting.pop(0), folder)


def grade_stem(catalog, requests, stem, folder):
    """Grade every exercise of one file, unless the file changes meanwhile."""
    file = folder / f"{stem}.py"

    def outdated():
        requests.arrive()
        return stem in requests.waiting

    for name in catalog:
        exercise = catalog.exercise(name)
        if exercise.stem != stem:
            continue
        try:
            grader.grade(
                catalog.checks(name),
                lambda name=name: load_answer(name, file),
                exercise,
                file,
                told=lambda e: tell({"exercise": results.as_record(e), "done": False}),
                outdated=outdated,
                watched=requests.pipe,
                alarm=alarm(stem, name),
            )
        except grader.Outdated:
            return
        tell({"exercise": results.as_record(exercise), "done": True})


def tell(line):
    """Send one line to the live server."""
    sys.__stdout__.write(json.dumps(line) + "\n")
    sys.__stdout__.flush()


if __name__ == "__main__":
    with_catalog(serve)
