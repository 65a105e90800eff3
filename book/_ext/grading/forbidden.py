"""Ready-made solutions that an answer may not call."""

import functools
import importlib
import sys

from grading.checks import EXERCISES, Failure


def forbid(exercise, answer_file):
    """Make what the exercise forbids fail when the answer calls it, and nobody else.

    Checks and the libraries themselves go on using it: a call counts as the answer's when one of
    the answer's lines is on the stack.
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
            if frame.f_code.co_filename == answer_file:
                raise Failure(f"This exercise asks you to write it yourself, without {dotted}.")
            frame = frame.f_back
        return solution(*arguments, **options)

    guarded.forbidden = True
    return guarded


def _find(dotted):
    """The module, or the class in a module, of a dotted name."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError:
        module, _, name = dotted.rpartition(".")
        return getattr(importlib.import_module(module), name)
