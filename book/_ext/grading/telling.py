"""What the child tells its parent: the other end of `hearing`."""

# bound here, before an answer can put something else in their place
from contextlib import suppress
from json import dumps
from os import write

import pytest

from grading import results
from grading.explain import explain, hint_for
from grading.failure import Failure


class Line:
    """The line to the parent.

    Args:
        results, output: the numbers of the pipes.
        key: stands in whatever is said here, so that what an answer writes itself is not believed.
    """

    def __init__(self, results, output, key):
        self.results, self.output, self.key = results, output, key
        self.streams = ()

    def send(self, line):
        for stream in self.streams:
            with suppress(Exception):  # an answer can close it
                stream.flush()  # what was printed before this is there when it is read
        write(self.results, dumps({"key": self.key} | line).encode() + b"\n")

    def begin(self, check):
        """Say which check comes, also amid what is printed: so that is told apart."""
        self.send({"start": check})
        with suppress(OSError):
            write(self.output, f"\0{self.key} {check}\n".encode())


class Reporter:
    """The pytest plugin that turns each check's report into a line for the parent."""

    def __init__(self, send, answer_file):
        self.send, self.answer_file = send, answer_file
        self.all_passed = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        # The first to answer is heard alone. That spares each failing check the 20 ms in which
        # pytest would write a long traceback that nobody reads.
        if call.excinfo is not None and call.when != "teardown":
            self.tell(item, call.excinfo.value)
        elif call.when == "call":
            self.report(item, results.PASSED, "")
        outcome = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)

    def tell(self, item, problem):
        pictures = problem.pictures if isinstance(problem, Failure) else []
        told = explain(problem, self.answer_file)
        self.report(item, *told, hint_for(problem, self.answer_file), pictures)

    def report(self, item, state, message, hint=None, pictures=()):
        self.all_passed &= state == results.PASSED
        line = {"check": item.name, "state": state, "message": message}
        self.send(line | {"hint": hint, "pictures": list(pictures)})
