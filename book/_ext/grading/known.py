"""Known answers: mistakes that people make, each caught by a named check, and right answers."""

import functools
import importlib.util
from dataclasses import dataclass
from types import SimpleNamespace

from grading.forbidden import forbid
from grading.nothing_graded import CollectionError
from grading.paths import MISTAKES, ROOT
from grading.plain import plain


@dataclass(frozen=True)
class Answer:
    """A known answer: wrong, and then caught by a named check, or right."""

    stem: str
    exercise: str
    name: str
    what: str
    caught_by: str | None
    code: object

    def load(self):
        """The subject: this answer among the reference's own functions."""
        import attention

        forbid(self.exercise, MISTAKES / f"{self.stem}.py")
        return SimpleNamespace(**(vars(attention) | {self.exercise: self.code}))


def mistake(exercise, *, caught_by):
    """Mark a function or class as a wrong answer to `exercise`, and say which check catches it."""
    return _mark(exercise, caught_by)


def right_answer(exercise):
    """Mark a function or class as a right answer, written another way than the reference."""
    return _mark(exercise, None)


@functools.cache
def alarms(stem, exercise):
    """For each check a mistake that it catches, to fail after a learner's answer: {check: code}.

    If a check lets its mistake pass, the answer has changed the tools that grade it.
    """
    found = {}
    for answer in answers(stem):
        if answer.exercise == exercise and answer.caught_by:
            found.setdefault(answer.caught_by, answer.code)
    return found


def answers(stem):
    """The known answers of a chapter, in the order of the file.

    Raises:
        CollectionError: the file is broken.
    """
    path = MISTAKES / f"{stem}.py"
    spec = importlib.util.spec_from_file_location(f"mistakes_{stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        why = plain(f"{type(problem).__name__}: {problem}")
        raise CollectionError(f"{path.relative_to(ROOT)} cannot be loaded: {why}") from problem
    for name, code in vars(module).items():
        marked = getattr(code, "__dict__", {}).get("_known_answer")
        if marked:
            exercise, caught_by = marked
            what = (code.__doc__ or "").strip().split("\n")[0]
            yield Answer(stem, exercise, name, what, caught_by, code)


def _mark(exercise, caught_by):
    def mark(code):
        code._known_answer = (exercise, caught_by)
        return code

    return mark
