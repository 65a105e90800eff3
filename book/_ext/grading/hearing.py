"""What the parent hears from one child, until it is done or must be ended."""

import json
import os
import select
import time

from grading import results
from grading.nothing_graded import Unfit
from grading.picture_schema import all_checked
from grading.plain import plain
from grading.printed import FIRST, by_check
from grading.results_file import DAMAGE

LONGEST_LINE = 1 << 20  # of the child's; a result is a thousandth of that
LOOK = 0.1  # seconds between two looks at how many processes there are


class Outdated(Exception):
    """The answer changed while it was being graded."""


class Hearing:
    """What has been heard from one child.

    Args:
        left: the checks that it runs.
        exercise: the exercise that they belong to.
        listening: a `grader.Listening`.
        family: the `processes.Family` that the child belongs to.
        key: what each line of the child's own making holds.
    """

    def __init__(self, left, exercise, listening, family, key):
        self.by_name = {check.name: check for check in left}
        self.exercise, self.listening, self.family, self.key = exercise, listening, family, key
        self.running = None  # no check before the answer is loaded
        self.finished, self.closed, self.verdict = False, False, None
        self.ready = False  # whether the child has set itself up
        self.printed, self.first, self.rest = 0, b"", b""
        self.deadline = time.monotonic() + listening.limits.seconds
        self.next_look = time.monotonic() + LOOK

    def until_the_end(self, result_reader, output_reader):
        """Listen until the child is done, closes its pipe or breaks a limit (see `verdict`).

        Raises:
            Outdated: the answer has changed.
            Unfit: the child could not be set up.
        """
        pipes = {result_reader, output_reader, self.listening.watched} - {None}
        while self.verdict is None and not self.finished and not self.closed:
            seconds = max(0, min(self.deadline, self.next_look) - time.monotonic())
            ready, _, _ = select.select(pipes, [], [], seconds)
            if self.listening.watched in ready and self.listening.outdated():
                raise Outdated
            if output_reader in ready and not self._hear_output(output_reader):
                pipes.discard(output_reader)  # closed, and from now on always "ready"
            if result_reader in ready:
                self.closed = not self._hear_results(result_reader)
            elif time.monotonic() >= self.deadline:
                self.verdict = results.TIMED_OUT
            if time.monotonic() >= self.next_look:
                self._look()
        self._note_printed(output_reader)

    def _look(self):
        """Count the processes that the answer runs."""
        if len(self.family.members()) > 1 + self.listening.limits.processes:
            self.verdict = results.TOO_MANY_PROCESSES
        self.next_look = time.monotonic() + LOOK

    def _hear_output(self, pipe):
        """Count what was printed; False if the pipe is closed."""
        chunk = os.read(pipe, 1 << 16)
        self.printed += len(chunk)
        self.first += chunk if len(self.first) < FIRST else b""
        if self.printed > self.listening.limits.output:
            self.verdict = self.verdict or results.TOO_MUCH_OUTPUT
        return chunk

    def _note_printed(self, pipe):
        """Sort what was printed by check; some of it may still be on its way."""
        while self.printed <= self.listening.limits.output:
            if not select.select([pipe], [], [], 0)[0] or not self._hear_output(pipe):
                break
        loading, checks = by_check(self.first, self.key)
        self.exercise.output = self.exercise.output or loading
        for name, text in checks.items():
            if name in self.by_name:
                self.by_name[name].output = text

    def _hear_results(self, pipe):
        """Take in what has arrived; False if the pipe is closed."""
        chunk = os.read(pipe, 1 << 16)
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for line in lines:
            if self.verdict is None:  # after rubbish nothing is believed
                self._take(line)
        if len(self.rest) > LONGEST_LINE:
            self.verdict = results.CRASHED
        return chunk

    def _take(self, line):
        """Note one line; a line that is not of the child's making is no result but a crash."""
        try:
            line = json.loads(line)
            if line["key"] != self.key:
                raise ValueError("written by the answer")
            if "unfit" in line:
                raise Unfit(f"no answer can be confined here ({plain(line['unfit'])})")
            if "ready" in line:
                self.ready = True
            elif "problem" in line:
                self.exercise.message, self.finished = plain(line["problem"]), True
            elif "end" in line:
                self.finished = True
            elif "start" in line:
                self.running = self.by_name[line["start"]]
                self.deadline = time.monotonic() + self.listening.limits.seconds
            else:
                check, hint = self.by_name[line["check"]], line["hint"]
                heard = results.known(line["state"]), plain(line["message"])
                pictures = all_checked(line["pictures"])  # all is well, so it may be believed
                check.state, check.message, check.pictures = *heard, pictures
                check.hint = check.hint if hint is None else plain(hint)
                self.listening.tell(self.exercise)
        except DAMAGE:
            self.verdict = results.CRASHED
