"""The vocabulary that checks are written in: points, and assertions that explain.

A check asks for the learner's function by its name, as a fixture that `exercise` makes.
"""

import torch

from grading.crash import instead_of_a_tensor
from grading.crash_table import ANOTHER_DTYPE, DEVICE
from grading.failure import Failure
from grading.gradients import gradients
from grading.pictures import line, maps, piece, seen, strip
from grading.plain import kind
from grading.probes import assert_reads_only, assert_scale, which_inputs_matter
from grading.subject import exercise

__all__ = [
    "Failure",
    "apart",
    "assert_reads_only",
    "assert_scale",
    "assert_shape",
    "assert_unchanged",
    "assert_values",
    "exercise",
    "gradients",
    "line",
    "maps",
    "points",
    "side_by_side",
    "strip",
    "which_inputs_matter",
]


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
    if type(actual) not in (torch.Tensor, torch.nn.Parameter):
        raise Failure(
            f"Expected {what} to be a plain tensor, got {kind(actual)}.",
            hint=instead_of_a_tensor(actual),
        )
    assert tuple(actual.shape) == tuple(shape), (
        f"Expected {what} to have shape {tuple(shape)}, got {tuple(actual.shape)}."
    )


def assert_values(actual, expected, what="the result", *, rtol=None, atol=None):
    """Fail unless `actual` has the shape, dtype and values of `expected`.

    The message tells how many entries differ and shows the first of them, or the first of those
    whose difference a picture can show.
    """
    __tracebackhide__ = True
    assert_shape(actual, expected.shape, what)
    for part, hint in (("dtype", ANOTHER_DTYPE), ("device", DEVICE)):
        found, wanted = getattr(actual, part), getattr(expected, part)
        if found != wanted:
            raise Failure(f"Expected the {part} of {what} to be {wanted}, got {found}.", hint=hint)
    wrong = ~torch.isclose(
        actual, expected, **_tolerance(expected.dtype, rtol, atol), equal_nan=False
    )
    if wrong.any():
        pairs = list(zip(expected[wrong].tolist(), actual[wrong].tolist(), strict=True))
        which = next((i for i, pair in enumerate(pairs) if seen(pair[0]) != seen(pair[1])), 0)
        first = tuple(wrong.nonzero()[which].tolist())
        where = f" at {list(first)}" if first else ""
        wanted, got = apart(*pairs[which])
        raise Failure(
            f"Expected {what} to be {wanted}{where}, got {got} "
            f"({len(pairs)} of {wrong.numel()} entries differ).",
            pictures=_with_the_first_marked(actual, expected, first),
        )


def apart(one, other):
    """Two numbers in so many digits, at least four, that they can be told apart."""
    for digits in range(4, 18):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def side_by_side(yours, expected):
    """{title: table} for two tensors, cut to what can be read; empty for two numbers."""
    return _piece(yours, expected)[0] if expected.dim() else {}


def _piece(yours, expected, place=None):
    return piece({"yours": yours, "expected": expected}, 8, place)


def _with_the_first_marked(yours, expected, first):
    """The matrix in which the first wrong entry stands, beside the expected one."""
    if not first:
        return []
    row, column = first[-2:] if len(first) > 1 else (0, *first)
    tables, (top, left) = _piece(yours[first[:-2]], expected[first[:-2]], (row, column))
    return [maps(tables, marked=[(row - top, column - left)])]


def assert_unchanged(before, after, what):
    """Fail if an input was written to: `before` is a clone made ahead of the call."""
    __tracebackhide__ = True
    if before.shape != after.shape:
        raise Failure(
            f"Your code changed {what}, which belongs to the caller: "
            f"its shape was {tuple(before.shape)} and is now {tuple(after.shape)}."
        )
    changed = int((before != after).sum())
    assert torch.equal(before, after), (
        f"Your code changed {what}, which belongs to the caller: {changed} of {before.numel()} "
        "entries are no longer what they were."
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
