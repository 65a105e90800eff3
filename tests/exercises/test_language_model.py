"""The checks that grade the exercises of the chapter language_model.

Sizes all differ, so that no axis passes for another: batch 2, length 5, d_model 6.
"""

import torch
from torch import nn

from grading.checks import (
    Failure,
    assert_reads_only,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    gradients,
    points,
    which_inputs_matter,
)

RMSNorm = exercise(
    "RMSNorm",
    forbids=["torch.nn.RMSNorm", "torch.nn.functional.rms_norm", "torch.rms_norm"],
)

BATCH, LENGTH, D_MODEL = 2, 5, 6


@points(2, hint="What training may change is an nn.Parameter on self. Which numbers leave the "
        "division as it is, until training changes them?")  # fmt: skip
def test_norm_registers_its_weight(RMSNorm):
    """weight is the one parameter, (d_model,), all ones at first."""
    parameters = dict(RMSNorm(D_MODEL).named_parameters())
    found = ", ".join(parameters) or "none"
    assert found == "weight", f"The module's parameters should be weight alone; they are {found}."
    assert_values(parameters["weight"].detach(), torch.ones(D_MODEL), "the weight of a new norm")


@points(1, hint="Each number of x gets one of the answer.")
def test_norm_keeps_the_shape(RMSNorm):
    """The output is (batch, length, d_model)."""
    assert_shape(_known(RMSNorm)(_stream()), (BATCH, LENGTH, D_MODEL), "the output")


@points(1, hint="`x /= …` writes into the caller's tensor; `x = x / …` makes a new one.")
def test_norm_leaves_its_input_alone(RMSNorm):
    """x is not written to."""
    x = _stream()
    before = x.clone()
    _known(RMSNorm)(x)
    assert_unchanged(before, x, "x")


@points(3, hint="The mean is over one token's own numbers, the last axis. Which axis, or axes, is "
        "yours over?")  # fmt: skip
def test_norm_takes_each_token_by_itself(RMSNorm):
    """A token's answer depends on that token alone."""
    norm, x = _known(RMSNorm), _stream()
    assert_reads_only(which_inputs_matter(norm, x[:1]), torch.eye(LENGTH, dtype=torch.bool))
    alone = norm(x[:1])
    assert_values(norm(x)[:1], alone, "the first text's answer, with a second text beside it")


@points(2, hint="Divide by the root of the mean, not by the mean: what is ten times as long has a "
        "mean square a hundred times as large.")  # fmt: skip
def test_norm_loses_the_length(RMSNorm):
    """A token ten times as long gets the same answer."""
    norm, x = _known(RMSNorm, eps=1e-12), _stream()
    assert_values(norm(10 * x), norm(x), "the answer to 10 · x", rtol=1e-4, atol=1e-5)


@points(3, hint="LayerNorm takes the mean off first. Does this formula?")
def test_norm_keeps_the_mean(RMSNorm):
    """Numbers that are all alike stay alike, and are not zero."""
    answer = _known(RMSNorm, weight=1.0)(torch.full((1, 1, D_MODEL), 5.0))
    if answer.abs().max() < 0.1:
        raise Failure("All numbers of a token were 5, and all of the answer are 0.")
    assert (answer > 0).all(), "All numbers of a token were 5, and some of the answer are negative."


@points(3, hint="Of the squares take the mean, not the sum; of x² the mean, not of x or |x|. And "
        "the square comes before the mean.")  # fmt: skip
def test_norm_brings_the_mean_square_to_one(RMSNorm):
    """With a weight of ones, the mean of the answer's squares is one."""
    answer = _known(RMSNorm, weight=1.0, eps=1e-12)(_stream())
    found = answer.square().mean(-1)
    assert_values(found, torch.ones(BATCH, LENGTH), "the mean of the squares", rtol=1e-4)


@points(2, hint="ε is what keeps the root off zero: is it added before the division?")
def test_norm_leaves_zeros_zero(RMSNorm):
    """A token of zeros gets zeros, not NaN."""
    answer = _known(RMSNorm)(torch.zeros(1, 2, D_MODEL))
    assert_values(answer, torch.zeros(1, 2, D_MODEL), "the answer to zeros")


@points(2, hint="ε is added to the mean of the squares, so it stands under the root. And it is the "
        "caller who chooses it.")  # fmt: skip
def test_norm_adds_eps_under_the_root(RMSNorm):
    """With ε = 3 the numbers 1, 1, … are divided by √(1 + 3)."""
    answer = _known(RMSNorm, weight=1.0, eps=3.0)(torch.ones(1, 1, D_MODEL))
    assert_values(answer, torch.full((1, 1, D_MODEL), 0.5), "the answer to ones, with ε = 3")


@points(2, hint="γ multiplies the answer, number by number. It is no shift.")
def test_norm_weighs_each_number(RMSNorm):
    """Twice the weight is twice the answer; a weight of zero is zero."""
    norm, x = _known(RMSNorm), _stream()
    before = norm(x)
    with torch.no_grad():
        norm.weight[0] *= 2
        norm.weight[1] = 0
    wanted = before * torch.tensor([2.0, 0, 1, 1, 1, 1])
    assert_values(norm(x), wanted, "the answer with other weights")


@points(2, hint="Square in float32: x.float(). And say the answer in the dtype in which x came.")
def test_norm_works_in_half_precision(RMSNorm):
    """The square of 300 is infinite in float16, and the answer is not."""
    norm = _known(RMSNorm, weight=1.0).half()
    x = torch.full((1, 1, D_MODEL), 300.0, dtype=torch.float16)
    assert_values(norm(x), torch.ones_like(x), "the answer to 300, 300, …")


@points(2, hint="Compare with the formula, sign by sign.")
def test_norm_values(RMSNorm):
    """With the same weights it gives PyTorch's numbers."""
    norm, x, theirs = _known(RMSNorm), _stream(), nn.RMSNorm(D_MODEL, eps=1e-5)
    with torch.no_grad():
        theirs.weight.copy_(norm.weight)
        assert_values(norm(x), theirs(x), "the answer")


@points(2, hint="Follow x and the weight through forward: does the result go on without `detach` "
        "or `no_grad`?")  # fmt: skip
def test_norm_learns(RMSNorm):
    """A gradient reaches x and the weight, and is PyTorch's."""
    norm, x = _known(RMSNorm).requires_grad_(True), _stream().requires_grad_(True)
    theirs = nn.RMSNorm(D_MODEL, eps=1e-5)
    with torch.no_grad():
        theirs.weight.copy_(norm.weight)
    upstream = torch.linspace(-1, 1, x.numel()).view_as(x)
    found = gradients(norm(x), {"x": x, "weight": norm.weight}, upstream)
    wanted = gradients(theirs(x), {"x": x, "weight": theirs.weight}, upstream)
    for name in ("x", "weight"):
        assert_values(found[name], wanted[name], f"the gradient of {name}", rtol=1e-4, atol=1e-5)


def _known(cls, weight=None, eps=1e-5):
    """A norm with this weight, or one with different numbers, the same each time."""
    norm = cls(D_MODEL, eps=eps)
    with torch.no_grad():
        numbers = torch.linspace(0.5, 2, D_MODEL) if weight is None else torch.tensor(weight)
        norm.weight.copy_(numbers)
    return norm.requires_grad_(False)


def _stream():
    generator = torch.Generator().manual_seed(2)
    return 2 * torch.randn(BATCH, LENGTH, D_MODEL, generator=generator) + 1
