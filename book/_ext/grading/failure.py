"""How a check fails: with what was observed, in words and in pictures."""

from grading import pictures as draw


class Failure(AssertionError):
    """A failed check with what was observed in this answer.

    Args:
        message: in a sentence or two.
        maps: {title: table of numbers}: short for one picture of that kind.
        hint: instead of the check's own, where that would lead astray.
        pictures: made by `grading.pictures`, where they say more than the message; one in which
            yours and the expected would look equal is left out.
    """

    def __init__(self, message, maps=None, hint=None, pictures=()):
        super().__init__(message)
        pictures = [*([draw.maps(maps)] if maps else []), *pictures]
        self.pictures = [picture for picture in pictures if not draw.looks_equal(picture)]
        self.hint = hint


class Missing(Exception):
    """The answer's file lacks the function or class that the exercise asks for."""
