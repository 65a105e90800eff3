"""What a check is made of: the answer as a fixture, points, and assertions that explain."""

import pytest
import torch

# The module (or namespace) being graded. A plain `pytest tests/exercises` sets none and so
# grades the reference, which is how `make test` proves that every exercise can be solved.
SUBJECT = pytest.StashKey()

# {exercise: what its answer may not call}; its keys tell a fixture that is an exercise from others.
EXERCISES = {}


class Failure(AssertionError):
    """A failed check with a picture of what was observed.

    Args:
        message: what was observed, in a sentence or two.
        maps: {title: table of numbers}, such as yours beside the expected one.
        hint: instead of the check's own, where that would lead astray.
    """

    def __init__(self, message, maps=None, hint=None):
        super().__init__(message)
        self.maps = maps or {}
        self.hint = hint


class Missing(Exception):
    """The answer's file lacks the function or class that the exercise asks for."""


def exercise(name, forbids=()):
    """Make the fixture that hands a check the learner's function or class called `name`.

    Args:
        name: the function or class, as it stands in `attention` and in the stub.
        forbids: dotted names of ready-made solutions that an answer may not call; the book's own
            is forbidden always.
    """

    def answer(request):
        subject = request.config.stash.get(SUBJECT, None)
        if subject is None:
            import attention as subject
        found = getattr(subject, name, None)
        if found is None:
            raise Missing(f"The file has no `{name}`: the exercise needs it under that name.")
        if not callable(found):
            raise Missing(f"`{name}` is {_kind(found)}, not a function or class.")
        if getattr(found, "forbidden", None) == f"attention.{name}":
            raise Failure(f"Your file imports the book's own `{name}`. Write yours.", hint="")
        return found if isinstance(found, type) else _relayed(found)

    EXERCISES[name] = (f"attention.{name}", *forbids)
    return pytest.fixture(answer, name=name)


def _relayed(found):
    """Pass a check's calls on, and so leave a mark on the stack that `forbidden` looks for.

    What stands under the exercise's name need not be a function of the answer's own:
    `softmax = torch.nn.Softmax(-1)` has no line of the answer that runs when it is called.
    """

    def relayed(*arguments, **options):
        return found(*arguments, **options)

    return relayed


RELAY = _relayed(None).__code__


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
    # A subclass may answer every question about itself as it likes, so it is not asked.
    assert type(actual) in (torch.Tensor, torch.nn.Parameter), (
        f"Expected {what} to be a plain tensor, got {_kind(actual)}."
    )
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
    assert actual.device == expected.device, (
        f"Expected {what} to be on the device {expected.device}, got {actual.device}."
    )
    wrong = ~torch.isclose(
        actual, expected, **_tolerance(expected.dtype, rtol, atol), equal_nan=False
    )
    if wrong.any():
        first = tuple(wrong.nonzero()[0].tolist())
        where = f" at {list(first)}" if first else ""
        raise Failure(
            f"Expected {what} to be {expected[first].item():.4g}{where}, "
            f"got {actual[first].item():.4g} "
            f"({int(wrong.sum())} of {wrong.numel()} entries differ).",
            side_by_side(actual[first[:-2]], expected[first[:-2]]),
        )


def assert_reads_only(reads, allowed, what="position"):
    """Fail if an output changes with an input that it may not read.

    Args:
        reads: (n_outputs, n_inputs) boolean, as `which_inputs_matter` returns it.
        allowed: the same shape; True where an output may depend on an input.
        what: the word for one input.
    """
    __tracebackhide__ = True
    leaks = reads & ~allowed
    if leaks.any():
        output, source = leaks.nonzero()[0].tolist()
        raise Failure(
            f"Output {output} changes when {what} {source} does, which it may not read.",
            {"yours reads": reads.float(), "may read": allowed.float()},
        )


def which_inputs_matter(function, x):
    """Find by trying which outputs change with which inputs.

    Args:
        function: takes (batch, n_inputs, d), returns (batch, n_outputs, d_out).
        x: (1, n_inputs, d).

    Returns:
        (n_outputs, n_inputs) boolean: True where output i changes when input j does.
    """
    before = function(x.clone())
    columns = []
    for position in range(x.shape[1]):
        other = x.clone()
        other[:, position] += 1.0
        columns.append((function(other) != before).any(-1)[0])
    return torch.stack(columns, dim=-1)


def side_by_side(yours, expected, largest=8):
    """{title: table} for two tensors, cut to what can be read; empty for two numbers."""
    if expected.dim() == 0:
        return {}
    cut = (slice(largest),) * min(expected.dim(), 2)
    return {"yours": yours[cut], "expected": expected[cut]}


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
    name = type(thing).__name__
    return "None" if thing is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
