"""The warm process behind `make live`: torch and pytest are imported, the checks collected.

It reads requests from standard input, a JSON line each, `{"stem": "soft_lookup"}`, and answers in
lines of JSON: `{"exercise": {...}, "done": false}` after each check, the same with `true` when the
exercise is finished, `{"graded": STEM}` when all of a file's are. A new request for the stem that
is being graded ends that grading and begins anew, so that nobody waits for a loop already mended.
The answers that import the file, which may be any file beside the stubs, are graded after it.
"""

import functools
import json
import os
import select
import sys

from grading import grader, results_file
from grading.collect import with_catalog
from grading.hearing import Outdated
from grading.known import alarms
from grading.load import load_answer
from grading.nothing_graded import NothingGraded
from grading.paths import STUBS
from grading.siblings import naming_culprits
from grading.users import users
from sources import cut, read_source
from surroundings import settle


class Requests:
    """The stems still to grade, fed from a pipe.

    Args:
        also: called with each stem that is asked for; returns the stems to grade for it.
    """

    def __init__(self, pipe, also):
        self.pipe, self.also = pipe, also
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
            wanted = dict.fromkeys([stem, *self.also(stem)])
            self.waiting += [stem for stem in wanted if stem not in self.waiting]


def serve(catalog, folder=STUBS):
    """Answer requests until standard input closes."""
    grader.warm_up()
    stems = list(dict.fromkeys(map(catalog.stem, catalog)))
    requests = Requests(sys.stdin.fileno(), lambda stem: users(stem, stems, folder))
    seen = {}
    tell({"ready": [results_file.as_record(catalog.exercise(name)) for name in catalog]})
    while True:
        if not requests.waiting:
            requests.arrive(seconds=None)
        while requests.waiting:
            grade_stem(catalog, requests, requests.waiting.pop(0), folder, seen)


def grade_stem(catalog, requests, stem, folder, seen):
    """Grade every exercise of one file, unless the file changes meanwhile.

    Args:
        seen: {exercise: its source when it was last graded}; the one that changed goes first,
            because its author is waiting.
    """
    file = folder / f"{stem}.py"
    names = [name for name in catalog if catalog.stem(name) == stem]
    now = {name: source_of(file, name) for name in names}

    def outdated():
        requests.arrive()
        return stem in requests.waiting

    def grade(name):
        exercise, file = catalog.exercise(name), folder / f"{catalog.stem(name)}.py"
        told = functools.partial(tell_of, done=False) if name in names else None
        return grader.grade(
            catalog.checks(name),
            lambda: load_answer(name, file),
            exercise,
            file,
            told=told,
            outdated=outdated,
            watched=requests.pipe,
            alarms=alarms(exercise.stem, name),
        )

    graded = naming_culprits(grade, {name: catalog.stem(name) for name in catalog}, folder)
    for name in sorted(names, key=lambda name: now[name] == seen.get(name)):
        try:
            exercise = graded(name)
        except Outdated:
            return
        seen[name] = now[name]
        tell_of(exercise, done=True)
    tell({"graded": stem})


def source_of(file, name):
    """An exercise's lines in the learner's file; None where they cannot be told."""
    try:
        return cut(read_source(file), name)
    except (OSError, SyntaxError):
        return None


def tell_of(exercise, done):
    """Send an exercise as it stands."""
    tell({"exercise": results_file.as_record(exercise), "done": done})


def tell(line):
    """Send one line to the live server."""
    sys.__stdout__.write(json.dumps(line) + "\n")
    sys.__stdout__.flush()


def main():
    """Serve; where that cannot be, say so once and wait to be ended: the checks may be mended."""
    settle("grading.warm")
    try:
        with_catalog(serve)
    except NothingGraded as problem:
        print(f"Nothing is graded: {problem}", file=sys.stderr, flush=True)
        while os.read(sys.stdin.fileno(), 1 << 16):
            pass


if __name__ == "__main__":
    main()
