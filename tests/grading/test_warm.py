"""The warm grader is asked anew while it grades: what is graded last is what was saved last.

Each row is also seen failing without what defends it.
"""

import json
import os
import sys
import time

from bad_answers import RIGHT
from forks import in_forks
from grading import grader, warm
from grading.collect import with_catalog

WRONG = RIGHT.replace("sum(-1", "sum(-2")
BEGUN = "open(__file__ + '.begun', 'w')\n"
LOOP = BEGUN + "while True: pass\n"
SLOW = BEGUN + "import time; time.sleep(0.5)\n" + WRONG
STEM = "soft_lookup"


class Grader:
    """The warm grader in a process of its own, and a file that it grades."""

    def __init__(self, catalog, file):
        self.file, requests, told = file, os.pipe(), os.pipe()
        if os.fork() == 0:
            os.dup2(requests[0], 0)
            sys.stdin = os.fdopen(0, closefd=False)
            warm.tell = lambda line: os.write(told[1], json.dumps(line).encode() + b"\n")
            warm.serve(catalog, file.parent)
        self.requests, self.told = requests[1], os.fdopen(told[0])

    def save(self, text):
        self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.write(self.requests, json.dumps({"stem": STEM}).encode() + b"\n")

    def wait(self):
        """Until it is being graded."""
        while not self.file.with_name(self.file.name + ".begun").exists():
            time.sleep(0.01)

    def state(self):
        """The state of softmax when the file has been graded."""
        states = {}
        for line in map(json.loads, self.told):
            if line.get("done"):
                states[line["exercise"]["name"]] = line["exercise"]["state"]
            if "graded" in line:
                return states["softmax"]


def in_the_middle(live):
    live.save(LOOP)
    live.wait()
    live.save(RIGHT)
    return live.state()


def right_after(live):
    live.save(SLOW)
    live.wait()
    live.save(RIGHT)
    state = live.state()
    return live.state() if state == "failed" else state  # that was the first; one must follow


def missing(live):
    live.save("")
    live.state()
    live.file.unlink()
    os.write(live.requests, json.dumps({"stem": STEM}).encode() + b"\n")
    live.state()
    live.save(RIGHT)
    return live.state()


def not_utf8(live):
    live.save(b"\xff")
    live.state()
    live.save(RIGHT)
    return live.state()


def never_outdated(*arguments, grade=grader.grade, outdated=None, watched=None, **options):
    """Grade to the end, whatever was saved meanwhile."""
    return grade(*arguments, **options)


def forget_what_arrives(self, seconds=0, arrive=warm.Requests.arrive):
    """Listen to requests only when there is nothing to do."""
    arrive(self, seconds)
    if seconds == 0:
        self.waiting.clear()


def read_it(file, name):
    return file.read_text(encoding="utf-8")


SAVES = {
    in_the_middle: (grader, "grade", never_outdated),
    right_after: (warm.Requests, "arrive", forget_what_arrives),
    missing: (warm, "source_of", read_it),
    not_utf8: (warm, "source_of", read_it),
}


def test_warm_grader_grades_what_was_saved_last(tmp_path):
    """In the middle of a grading, right after one another, after no file or no text."""

    def job(saves, kept, catalog):
        if not kept:
            setattr(*SAVES[saves])
        folder = tmp_path / f"{saves.__name__}_{kept}"
        folder.mkdir()
        return saves(Grader(catalog, folder / f"{STEM}.py"))

    def all_of_them(catalog):
        grader.warm_up()
        jobs = {
            (saves.__name__, kept): lambda saves=saves, kept=kept: job(saves, kept, catalog)
            for saves in SAVES
            for kept in (True, False)
        }
        with_them = in_forks({key: job for key, job in jobs.items() if key[1]}, 60)
        return with_them | in_forks({key: job for key, job in jobs.items() if not key[1]}, 5)

    states = with_catalog(all_of_them, [STEM])
    assert {key: state == "passed" for key, state in states.items()} == {
        (saves.__name__, kept): kept for saves in SAVES for kept in (True, False)
    }, states
