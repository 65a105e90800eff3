"""Says what went wrong in an answer, in words for the learner who wrote it."""

import re
import sys
import traceback
from pathlib import Path

from grading import results
from grading.failure import Failure, Missing
from grading.paths import ROOT
from grading.plain import plain

TRUTH_OF_A_TENSOR = (
    "`if` needs one yes or no, and a tensor has one for each entry. To ask whether an argument was "
    "given, compare it with None: `is not None`."
)
UNUSABLE = "The check could not call your code, or use what it returned."


def explain(problem, answer_file, otherwise=UNUSABLE):
    """What became of a check that raised this, as (state, message).

    Args:
        otherwise: what to say first when no line of the answer is to blame.
    """
    lines = _lines(problem, answer_file)
    where = _place(lines)
    text = _text(problem)
    if isinstance(problem, NotImplementedError) and lines and _is_a_stub(lines[-1]):
        if len(lines) == 1:
            return results.NOT_STARTED, ""
        return results.ERROR, (
            f"Your code calls `{lines[-1].name}`, which is not written yet{_place(lines[:-1])}."
        )
    if isinstance(problem, Failure) or (isinstance(problem, AssertionError) and not where):
        return results.FAILED, plain(text)
    if isinstance(problem, Missing):
        return results.ERROR, plain(text)
    if isinstance(problem, MemoryError) or "can't allocate memory" in text:
        return results.OUT_OF_MEMORY, f"Your code asked for more memory than it may use.{where}"
    if isinstance(problem, SyntaxError) and problem.filename == str(answer_file):
        return results.ERROR, _syntax(problem)
    if isinstance(problem, OSError) and problem.filename == str(answer_file) and not where:
        return results.ERROR, _unreadable(problem)
    if isinstance(problem, SystemExit):
        return results.ERROR, f"Your code tried to end the program (SystemExit).{where}"
    text = plain(f"{type(problem).__name__}: {text}", 400)
    if where:
        about_shapes = isinstance(problem, (RuntimeError, IndexError, ValueError))
        return results.ERROR, text + where + (_shapes(problem, lines[-1]) if about_shapes else "")
    return results.ERROR, f"{otherwise} {text}"


def hint_for(problem, answer_file):
    """What to say instead of the check's own hint; None where that one fits.

    It is about the idea that the check is after, and a misspelled name says nothing of that.
    """
    fits = isinstance(problem, (AssertionError, RuntimeError, IndexError, ValueError))
    if not fits or isinstance(problem, (NotImplementedError, RecursionError)):
        return ""
    if isinstance(problem, Failure):
        return problem.hint
    if "Boolean value of Tensor with more than one value" in _text(problem):
        return TRUTH_OF_A_TENSOR
    return "" if _refused_by_the_book(problem, answer_file) else None


def _refused_by_the_book(problem, answer_file):
    """Whether the answer called the package with what it refuses: its message says the rule."""
    *_, last = traceback.extract_tb(problem.__traceback__)
    of_the_book = Path(last.filename).is_relative_to(ROOT / "attention")
    return of_the_book and bool(_lines(problem, answer_file))


def _lines(problem, answer_file):
    """The lines of the answer that the exception passed through, the innermost last."""
    frames = traceback.extract_tb(problem.__traceback__)
    return [frame for frame in frames if frame.filename == str(answer_file)]


def _place(lines):
    """The last of these lines, as ' (line …)'; empty if there is none."""
    if not lines:
        return ""
    return f" (line {lines[-1].lineno}: {plain(lines[-1].line or '', 120)})"


def _shapes(problem, line):
    """The shapes of the tensors that a line names, as ' There x is (2, 3), …'; empty if none."""
    *_, frame = (f for f, number in traceback.walk_tb(problem.__traceback__)
                 if f.f_code.co_filename == line.filename and number == line.lineno)  # fmt: skip
    names = dict.fromkeys(re.findall(r"[^\W\d]\w*", line.line or ""))  # in order, each once
    values = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
    tensor = sys.modules["torch"].Tensor  # a subclass may say what it likes of itself
    shapes = [f"{name} is {tuple(v.shape)}" for name, v in values.items() if type(v) is tensor]
    return f" There {', '.join(shapes)}." if shapes else ""


def _is_a_stub(line):
    """Whether a line is the stub's `raise`; torch raises NotImplementedError for its own ends."""
    return (line.line or "").startswith("raise NotImplementedError")


def _text(problem):
    """What an exception says; a learner's own may fail even at that."""
    try:
        return str(problem)
    except BaseException as another:
        return f"(its text cannot be had: {type(another).__name__})"


def _syntax(problem):
    """The line of a syntax error with a caret under the place."""
    line = f" in line {problem.lineno}" if problem.lineno else ""  # an encoding has none
    where = f"Syntax error{line}: {problem.msg}"
    quoted = (problem.text or "").rstrip("\n")
    if not quoted or max(len(quoted), problem.offset or 0) > 200:  # where nobody finds a caret
        return plain(where)
    caret = " " * max((problem.offset or 1) - 1, 0) + "^"
    return plain(f"{where}\n{quoted}\n{caret}")


def _unreadable(problem):
    """An answer's file that cannot be opened."""
    if isinstance(problem, FileNotFoundError):
        return f"There is no file {problem.filename}."
    return f"{problem.filename} cannot be read: {problem.strerror}."
