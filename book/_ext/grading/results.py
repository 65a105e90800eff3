"""What grading yields: one record an exercise, one a check. `results_file` writes them down."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

PASSED = "passed"
FAILED = "failed"
ERROR = "error"
TIMED_OUT = "timed out"
CRASHED = "crashed"
OUT_OF_MEMORY = "out of memory"
TOO_MUCH_OUTPUT = "too much output"
TOO_MANY_PROCESSES = "too many processes"
NOT_STARTED = "not started"
NOT_RUN = "not run"
STATES = (PASSED, FAILED, ERROR, TIMED_OUT, CRASHED, OUT_OF_MEMORY, TOO_MUCH_OUTPUT,
          TOO_MANY_PROCESSES, NOT_STARTED)  # fmt: skip


@dataclass
class Check:
    """One check of an exercise and how it went."""

    name: str
    title: str
    max_points: int
    hint: str = ""
    state: str = NOT_RUN
    message: str = ""
    pictures: list = field(default_factory=list)
    """What was observed, as `grading.picture_schema` has it."""
    output: str = ""
    """The first lines that the answer printed meanwhile, warnings among them; plain text."""

    @property
    def points(self):
        return self.max_points if self.state == PASSED else 0


@dataclass
class Exercise:
    """One exercise: where the answer stands and how its checks went."""

    name: str
    stem: str
    file: str
    checks: list[Check] = field(default_factory=list)
    message: str = ""
    """What kept the whole file from being graded, such as a syntax error; else empty."""
    output: str = ""
    """The first lines that were printed while the file was loaded."""

    @property
    def points(self):
        return 0 if self.message else sum(check.points for check in self.checks)

    @property
    def max_points(self):
        return sum(check.max_points for check in self.checks)

    @property
    def diagnosis(self):
        """The first check that did not pass: the one to tell the learner about."""
        return next((check for check in self.checks if check.state != PASSED), None)

    @property
    def later_failures(self):
        """The failures after the diagnosis: they may have the same cause."""
        return [c for c in self.checks if c.state != PASSED and c is not self.diagnosis]

    @property
    def printed(self):
        """What to show of all that was printed: [(when, first lines)], empty if there is none."""
        shown = [("while your file was loaded", self.output)] if self.output else []
        if self.diagnosis and self.diagnosis.output:
            check = self.diagnosis
        else:
            check = next((check for check in self.checks if check.output), None)
        return [*shown, (f"during “{check.title}”", check.output)] if check else shown

    @property
    def state(self):
        if self.message:
            return ERROR
        if self.points == 0 and any(check.state == NOT_STARTED for check in self.checks):
            return NOT_STARTED
        return self.diagnosis.state if self.diagnosis else PASSED

    @property
    def next_step(self):
        """What to do now, in one sentence; empty when there is nothing left to do."""
        command = f"make grade EXERCISE={self.name}"
        if Path(self.file).is_absolute():  # a submission somewhere else
            folder = shlex.quote(str(Path(self.file).parent))
            command = f"python -m grading {self.name} --from {folder}"
        if self.state == NOT_STARTED:
            return f"Open {self.file}, write {self.name}, then run: {command}"
        return "" if self.state == PASSED else f"Mend {self.file}, then run: {command}"


def known(state):
    """The state, if it is one that a check can end in; else `ValueError`."""
    if state not in STATES:
        raise ValueError(f"no check ends in the state {state!r}")
    return state
