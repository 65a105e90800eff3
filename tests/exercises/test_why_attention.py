"""The checks that grade the exercises of the chapter why_attention."""

import torch
from torch import nn

from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
)

influence = exercise("influence", forbids=["attention.influence_map"])
compare_influence = exercise("compare_influence")


@points(1, hint="x is one sequence, (length, d), and a model takes a batch of them: which axis is "
        "missing in front?")  # fmt: skip
def test_influence_calls_the_model_with_a_batch(influence):
    """The model is called with (batch, length, d)."""
    shapes = []
    influence(_Map(lambda x: shapes.append(tuple(x.shape)) or 2 * x), torch.randn(4, 3))
    assert shapes, "Your code never called the model."
    assert all(len(shape) == 3 and shape[1:] == (4, 3) for shape in shapes), (
        f"For x of shape (4, 3) the model was called with the shape {shapes[0]}."
    )


@points(1, hint="One number for each position: which axes of the slopes are left to sum over?")
def test_influence_has_a_number_for_each_position(influence):
    """The result is (length,)."""
    assert_shape(influence(_Rnn(3, 2), torch.randn(4, 3)), (4,), "the influences")


@points(1, hint="requires_grad_() sets a switch on the caller's own tensor. Work on a copy that "
        "shares nothing, or let a function of torch.autograd do it.")  # fmt: skip
def test_influence_leaves_x_alone(influence):
    """x comes back as it went in: same numbers, no gradient, no switch turned on."""
    x = torch.randn(4, 3)
    before = x.clone()
    influence(_Rnn(3, 2), x)
    assert_unchanged(before, x, "x")
    assert not x.requires_grad, "After the call x.requires_grad is True. It was False before."
    assert x.grad is None, "After the call x.grad is set. It was None before."


@points(1, hint="backward() adds to the .grad of every parameter on its way, and the next training "
        "step would use it. Which function returns gradients instead of storing them?")  # fmt: skip
def test_influence_leaves_the_model_alone(influence):
    """No parameter's gradient is set, added to or cleared; nothing is frozen or switched."""
    model = _Rnn(3, 2)
    model.read.grad = torch.ones_like(model.read)  # left there by somebody's training step
    influence(model, torch.randn(4, 3))
    assert model.keep.grad is None, "After the call a parameter of the model has a new .grad."
    assert model.read.grad is not None, "A parameter had a .grad before the call, and now has none."
    assert_unchanged(torch.ones_like(model.read), model.read.grad, "a parameter's .grad")
    for stays, changed in (
        (model.training, "the model is in evaluation mode"),
        (model.keep.requires_grad, "the model's parameters are frozen"),
        (torch.is_grad_enabled(), "gradients are switched off altogether"),
    ):
        if not stays:
            raise Failure(
                f"After the call {changed}.",
                hint="The model goes on being trained: leave it, and PyTorch, as you found them.",
            )


@points(1, hint="A measurement is a plain number. The model's parameters leave a graph behind your "
        "result: how is a tensor cut loose from it?")  # fmt: skip
def test_influence_returns_plain_numbers(influence):
    """The result carries no gradient history."""
    result = influence(_Rnn(3, 2), torch.randn(4, 3))
    assert not result.requires_grad, "The result's requires_grad is True."


@points(2, hint="Look at the shape of the model's output. Which of its positions is asked for?")
def test_influence_is_about_the_last_output(influence):
    """A position that only earlier outputs hear has no influence on the last."""
    found = influence(_Map(lambda x: x), torch.randn(4, 3))
    if not (found[:-1] == 0).all():
        raise Failure(
            "The model hands each position through untouched, so only position 3 moves the last "
            f"output. Position {int(found[:-1].abs().argmax())} got {_largest(found[:-1]):.3g}.",
            maps={"yours": found, "expected": torch.tensor([0.0, 0.0, 0.0, 3**0.5])},
        )
    assert found[-1] != 0, "That model's last output follows its last input, which got 0."


@points(2, hint="If one number of the output rises while another falls, their sum stands still. "
        "Take each output number's slopes for itself, and the norm only at the end.")  # fmt: skip
def test_influence_does_not_let_outputs_cancel(influence):
    """An output that moves by (+1, −1) has moved."""
    found = influence(_Map(lambda x: torch.cat([x, -x], dim=-1)), torch.randn(4, 3))
    assert found[-1].abs() > 1e-3, (
        "The model returns x and −x side by side, so its last output follows the last input; "
        f"the influence came out as {found[-1]:.3g}."
    )


@points(1, hint="A norm is a length. What keeps a slope of −2 from counting as less than none?")
def test_influence_is_never_negative(influence):
    """No influence is below zero."""
    found = influence(_Rnn(3, 2), torch.randn(6, 3))
    assert (found >= 0).all(), f"The smallest influence is {found.min():.3g}."


@points(2, hint="A norm is in the units of what it measures: twice the slopes, twice the norm. "
        "What is the last step of a Frobenius norm?")  # fmt: skip
def test_influence_doubles_with_the_output(influence):
    """Doubling the model's output doubles every influence."""
    model, x = _Rnn(3, 2), torch.randn(4, 3)
    once, twice = influence(model, x), influence(_Map(lambda x: 2 * model(x)), x)
    assert_values(twice, 2 * once, "the influence on an output twice as large")


@points(2, hint="The axes of the output are a matter of taste: turning them moves it neither more "
        "nor less. A sum of absolute values notices the turn, and so does a maximum. Which norm "
        "does not?")  # fmt: skip
def test_influence_ignores_a_rotation_of_the_output(influence):
    """Turning the axes of the output changes nothing."""
    model, x = _Rnn(3, 2), torch.randn(4, 3)
    half = 0.5**0.5
    turn = torch.tensor([[half, half], [-half, half]])  # by 45 degrees
    turned = influence(_Map(lambda x: model(x) @ turn), x)
    assert_values(turned, influence(model, x), "the influence after a turn of 45 degrees")


@points(2, hint="Compare with the formula of the Frobenius norm: how many slopes does it take in "
        "for one position, and is anything averaged?")  # fmt: skip
def test_influence_values(influence):
    """The values are those of tiny nudges to each number of x."""
    model, x = _Rnn(3, 2).double(), torch.randn(5, 3, dtype=torch.float64)
    assert_values(influence(model, x), _by_nudging(model, x), "the influences", rtol=1e-5)


@points(1, hint="One row for each of the two models, one column for each position.")
def test_comparison_has_a_row_for_each_model(compare_influence):
    """The result is (2, length)."""
    assert_shape(
        compare_influence(_Rnn(3, 2), _Map(_mean), torch.randn(4, 3)), (2, 4), "the comparison"
    )


@points(2, hint="Divide by a sum. Over which axis, so that each model's shares are its own?")
def test_comparison_rows_sum_to_one(compare_influence):
    """The shares of each model sum to one."""
    shares = compare_influence(_Rnn(3, 2), _Map(_mean), torch.randn(4, 3))
    assert_values(shares.sum(-1), torch.ones(2), "the sum of a row of shares")


@points(1, hint="The columns follow the sequence: the first position first.")
def test_comparison_keeps_the_order_of_positions(compare_influence):
    """The columns stand in the order of the sequence."""
    shares = compare_influence(_Map(_half_and_half), _Map(_half_and_half), torch.randn(4, 3))
    assert shares[0].argmax() == 3, (
        "A model that hears its last position most has its largest share in column "
        f"{int(shares[0].argmax())}, not 3."
    )


@points(2, hint="Which of the two arguments does each row come from?")
def test_comparison_puts_the_rnn_first(compare_influence):
    """Row 0 is the first argument's, row 1 the second's."""
    shares = compare_influence(_Map(_half_and_half), _Map(_mean), torch.randn(4, 3))
    assert shares[0, 0] < shares[1, 0], (
        "The first model halves what it has heard at each step, the second averages. The first "
        f"position's share is {shares[0, 0]:.3g} in row 0 and {shares[1, 0]:.3g} in row 1."
    )


@points(2, hint="A share is a part of a total: one division by one sum, and nothing that bends "
        "large and small numbers differently.")  # fmt: skip
def test_comparison_is_about_shares_not_sizes(compare_influence):
    """A model whose output is ten times as large has the same shares."""
    x = torch.randn(4, 3)
    once = compare_influence(_Map(_half_and_half), _Map(_mean), x)
    louder = [_Map(lambda x: 10 * _half_and_half(x)), _Map(lambda x: 10 * _mean(x))]
    scaled = compare_influence(*louder, x)
    assert_values(scaled, once, "the shares of models with outputs ten times as large")


@points(2, hint="Each share is an `influence` divided by the sum of its row, with no power or root "
        "in between. Both models read the same x.")  # fmt: skip
def test_comparison_values(compare_influence):
    """The shares are the influences divided by their sum."""
    shares = compare_influence(_Map(_half_and_half), _Map(_mean), torch.randn(4, 3))
    halves = torch.tensor([1.0, 2.0, 4.0, 8.0]) / 15
    assert_values(shares, torch.stack([halves, torch.full((4,), 0.25)]), "the comparison")


class _Map(nn.Module):
    """A function as a model without parameters."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class _Rnn(nn.Module):
    """state ← tanh(A state + B x), returned after every step."""

    def __init__(self, d, d_out):
        super().__init__()
        self.keep = nn.Parameter(0.5 * torch.randn(d_out, d_out))
        self.read = nn.Parameter(0.5 * torch.randn(d, d_out))

    def forward(self, x):
        state, states = torch.zeros_like(x[..., 0, :] @ self.read), []
        for t in range(x.shape[-2]):
            state = torch.tanh(state @ self.keep + x[..., t, :] @ self.read)
            states.append(state)
        return torch.stack(states, dim=-2)


def _half_and_half(x):
    """state ← state/2 + x/2: the influence halves with every step back."""
    states = [x[..., 0, :] / 2]
    for t in range(1, x.shape[-2]):
        states.append(states[-1] / 2 + x[..., t, :] / 2)
    return torch.stack(states, dim=-2)


def _mean(x):
    """Every output is the average of all inputs, as attention with equal weights."""
    return x.mean(dim=-2, keepdim=True).expand_as(x)


def _by_nudging(model, x, nudge=1e-6):
    squares = torch.zeros(len(x), dtype=x.dtype)
    with torch.no_grad():
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                up, down = x.clone(), x.clone()
                up[i, j] += nudge
                down[i, j] -= nudge
                slope = (model(up[None])[0, -1] - model(down[None])[0, -1]) / (2 * nudge)
                squares[i] += slope.square().sum()
    return squares.sqrt()


def _largest(numbers):
    return numbers.abs().max().item()
