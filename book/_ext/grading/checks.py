"""What a check is made of: the answer as a fixture, points, and assertions that explain."""

import pytest
import torch

# The module (or namespace) being graded. A plain `pytest tests/exercises` sets none and so
# grades the reference, which is how `make test` proves that every exercise can be solved.
SUBJECT = pytest.StashKey()

# The names that `exercise` was called with: how a fixture is known to be an exercise.
EXERCISES = set()


class Missing(Exception):
    """The answer's file lacks the function or class that the exercise asks for."""


def exercise(name):
    """Make the fixture that hands a check the learner's function or class called `name`."""

    def answer(request):
        subject = request.config.stash.get(SUBJECT, None)
        if subject is None:
            import attention as subject
        found = getattr(subject, name, None)
        if found is None:
            raise Missing(f"The file has no `{name}`: the exercise needs it under that name.")
        if not callable(found):
            raise Missing(f"`{name}` is {_kind(found)}, not a function or class.")
        return found

    EXERCISES.add(name)
    return pytest.fixture(answer, name=name)


def points(worth, hint=""):
    """Say what a check is worth and what to tell a learner who fails it.

    The hint names the misconception and gives a direction, never the answer.
    """

    def mark(check):
        check.points = worth
        check.hint = hint
        return check

    return mark


def assert_shape(actual, shape, what="the result"):
    """Fail unless `actual` is a tensor of this shape."""
    __tracebackhide__ = True
    assert isinstance(actual, torch.Tensor), f"Expected {what} to be a tensor, got {_kind(actual)}."
    assert tuple(actual.shape) == tuple(shape), (
        f"Expected {what} to have shape {tuple(shape)}, got {tuple(actual.shape)}."
    )


def assert_values(actual, expected, what="the result", *, rtol=None, atol=None):
    """Fail unless `actual` has the shape, dtype and values of `expected`.

    The message tells how many entries differ and shows the first of them.
    """
    __tracebackhide__ = True
    assert_shape(actual, expected.shape, what)
    assert actual.dtype == expected.dtype, (
        f"Expected {what} to be {expected.dtype}, got {actual.dtype}."
    )
    wrong = ~torch.isclose(
        actual, expected, **_tolerance(expected.dtype, rtol, atol), equal_nan=False
    )
    if wrong.any():
        first = tuple(wrong.nonzero()[0].tolist())
        where = f" at {list(first)}" if first else ""
        raise AssertionError(
            f"Expected {what} to be {expected[first].item():.4g}{where}, "
            f"got {actual[first].item():.4g} "
            f"({int(wrong.sum())} of {wrong.numel()} entries differ)."
        )


def assert_unchanged(before, after, what):
    """Fail if an input was written to: `before` is a clone made ahead of the call."""
    __tracebackhide__ = True
    assert torch.equal(before, after), (
        f"Your code changed {what}, which belongs to the caller. Compute into a new tensor instead."
    )


def _tolerance(dtype, rtol, atol):
    """PyTorch's own default tolerances, which `torch.isclose` does not apply."""
    default_rtol, default_atol = {
        torch.float64: (1e-7, 1e-7),
        torch.float16: (1e-3, 1e-5),
        torch.bfloat16: (1.6e-2, 1e-5),
    }.get(dtype, (1.3e-6, 1e-5))
    if not dtype.is_floating_point:
        default_rtol = default_atol = 0
    return {
        "rtol": default_rtol if rtol is None else rtol,
        "atol": default_atol if atol is None else atol,
    }


def _kind(thing):
    return "None" if thing is None else f"a {type(thing).__name__}"
