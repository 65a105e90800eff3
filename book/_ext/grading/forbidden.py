"""Ready-made solutions that an answer may not call."""

import functools
import importlib
import sys

from grading.failure import Failure
from grading.subject import EXERCISES, RELAY

INSTEAD = "Build it from smaller steps. The formula in the chapter names them."


def forbid(exercise, answer_file):
    """Make what the exercise forbids fail when the answer calls it, and nobody else.

    Checks and the libraries themselves go on using it: a call counts as the answer's when one of
    the answer's lines is on the stack, or the check's call of what stands under its name.
    """
    for dotted in EXERCISES[exercise]:
        path, _, name = dotted.rpartition(".")
        owner = _find(path)
        solution = getattr(owner, name)
        guarded = _guarded(solution, dotted, str(answer_file))
        for place in (owner, sys.modules[solution.__module__] if path == "attention" else owner):
            setattr(place, name, guarded)


def _guarded(solution, dotted, answer_file):
    @functools.wraps(solution, updated=())
    def guarded(*arguments, **options):
        frame = sys._getframe(1)
        while frame:
            if frame.f_code.co_filename == answer_file or frame.f_code is RELAY:
                refuse()
            frame = frame.f_back
        return solution(*arguments, **options)

    def refuse(*_):
        raise Failure(
            f"This exercise asks you to write it yourself, without {dotted}.", hint=INSTEAD
        )

    guarded.forbidden = dotted
    guarded.__mro_entries__ = refuse  # asked when a class is derived from this one
    return guarded


def _find(dotted):
    """The module, or the class in a module, of a dotted name."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError:
        module, _, name = dotted.rpartition(".")
        return getattr(importlib.import_module(module), name)
