"""Says what went wrong in an answer, in words for the learner who wrote it."""

import shlex
from pathlib import Path

from grading import results
from grading.answer_lines import beside, is_a_stub, lines_of, named, place_of, shapes_in
from grading.crash import hint_of
from grading.failure import Failure, Missing
from grading.paths import ROOT
from grading.plain import plain
from grading.stand_ins import NobodyTypes
from grading.subject import returned
from sources import shown

UNUSABLE = "The check could not call your code, or use what it returned."


def explain(problem, answer_file, otherwise=UNUSABLE):
    """What became of a check that raised this, as (state, message).

    Args:
        otherwise: what to say first when no line of the answer is to blame.
    """
    lines = lines_of(problem, answer_file)
    where = place_of(lines, answer_file)
    text = _text(problem)
    if isinstance(problem, NotImplementedError) and lines and is_a_stub(lines[-1]):
        *callers, stub = lines
        where = place_of(callers, answer_file)
        missing = f"Your code calls `{stub.name}`, which is not written yet{where}."
        return (results.ERROR, missing) if callers else (results.NOT_STARTED, "")
    if isinstance(problem, Failure) or (isinstance(problem, AssertionError) and not where):
        return results.FAILED, plain(text)
    if isinstance(problem, Missing):
        return results.ERROR, plain(text)
    if isinstance(problem, MemoryError) or "can't allocate memory" in text:
        return results.OUT_OF_MEMORY, f"Your code asked for more memory than it may use.{where}"
    if isinstance(problem, NobodyTypes) or (where and _waits_for_input(problem, text)):
        return results.ERROR, _nobody_types(problem, where, answer_file)
    if isinstance(problem, SyntaxError) and beside(problem.filename, answer_file):
        return results.ERROR, _syntax(problem, answer_file)
    if isinstance(problem, OSError) and problem.filename == str(answer_file) and not where:
        return results.ERROR, _unreadable(problem)
    if isinstance(problem, SystemExit):
        return results.ERROR, f"Your code tried to end the program (SystemExit).{where}"
    text = plain(f"{type(problem).__name__}: {text}", 400)
    if where:
        about_shapes = isinstance(problem, (RuntimeError, IndexError, ValueError))
        return results.ERROR, text + where + (shapes_in(problem, lines[-1]) if about_shapes else "")
    if otherwise is UNUSABLE and returned:
        otherwise = f"The check could not use what your code returned, {returned[-1]}."
    return results.ERROR, f"{otherwise} {text}"


def hint_for(problem, answer_file):
    """What to say instead of the check's own hint; None where that one fits.

    It is about the idea that the check is after, and an exception says nothing of that.
    """
    if isinstance(problem, Failure):
        return problem.hint
    lines = lines_of(problem, answer_file)
    if isinstance(problem, AssertionError) and not lines:
        return None
    if isinstance(problem, (Missing, NobodyTypes)) or (lines and is_a_stub(lines[-1])):
        return ""
    return hint_of(problem, _text(problem), lines)


def _text(problem):
    """What an exception says; a learner's own may fail even at that."""
    try:
        return str(problem)
    except BaseException as another:
        return f"(its text cannot be had: {type(another).__name__})"


def _waits_for_input(problem, text):
    """Whether it is of input() or getpass(), and not of a file that ends too early."""
    return isinstance(problem, EOFError) and text in ("", "EOF when reading a line")


def _nobody_types(problem, where, answer_file):
    """A debugger, or a question to whoever sits there."""
    what = "stops for a debugger" if isinstance(problem, NobodyTypes) else "asks for input"
    file = Path(answer_file)
    file = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return (
        f"Your code {what}{where}, and nobody can type while it is graded. Take that out, or run "
        f"the file by hand, where it works: .venv/bin/python -i {shlex.quote(shown(file))}"
    )


def _syntax(problem, answer_file):
    """The line of a syntax error with a caret under the place."""
    file = named(problem.filename, answer_file)
    line = f" in {file}line {problem.lineno}" if problem.lineno else ""
    where = f"Syntax error{line}: {problem.msg}"
    quoted = (problem.text or "").rstrip("\n")
    if not quoted or max(len(quoted), problem.offset or 0) > 200:  # where nobody finds a caret
        return plain(where)
    caret = " " * max((problem.offset or 1) - 1, 0) + "^"
    return plain(f"{where}\n{quoted}\n{caret}")


def _unreadable(problem):
    """An answer's file that cannot be opened."""
    if isinstance(problem, FileNotFoundError):
        return f"There is no file {shown(problem.filename)}."
    return f"{shown(problem.filename)} cannot be read: {problem.strerror}."
