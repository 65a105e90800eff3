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

output_slopes = exercise("output_slopes")
influence = exercise("influence", forbids=["attention.influence_map"])
compare_influence = exercise("compare_influence")

BATCH_HINT = (
    "x is one sequence, (length, d), and a model takes a batch of them: which axis is missing in "
    "front?"
)
COPY_HINT = (
    "requires_grad_() sets a switch on the caller's own tensor. Work on a copy that shares "
    "nothing: `x.detach().clone()`."
)
STORED_HINT = (
    "backward() adds to the .grad of every parameter on its way, and the next training step would "
    "use it. Which function returns gradients instead of storing them?"
)
DTYPE_HINT = (
    "`torch.zeros(n)` and `torch.tensor(list)` make float32 numbers whatever x is. "
    "`x.new_zeros(n)` and `torch.zeros_like` take the dtype of x, and a stack or a sum keeps it."
)
ASKED_WRONGLY = {  # what PyTorch says: what happened, and what to ask oneself
    "does not require grad": (
        "PyTorch was asked for slopes with respect to a tensor that does not track gradients.",
        "x comes without that switch. Make a copy that shares nothing with x, turn requires_grad "
        "on in the copy, and hand the copy to the model.",
    ),
    "only for scalar outputs": (
        "PyTorch was asked for the slopes of several numbers at once.",
        "autograd.grad differentiates one number at a time. Which one of the last output's vector "
        "is it?",
    ),
}
PLAIN_HINT = (
    "A measurement is a plain number. The model's parameters leave a graph behind your result: "
    "how is a tensor cut loose from it?"
)


# --- output_slopes ---


@points(1, hint=BATCH_HINT)
def test_slopes_call_the_model_with_a_batch(output_slopes):
    """The model is called with (batch, length, d)."""
    _assert_called_with_a_batch(lambda model, x: output_slopes(model, x, 1))


@points(1, hint="A slope for each number of x: autograd.grad returns a tensor of the shape of what "
        "you differentiate with respect to. Nothing has to be summed.")  # fmt: skip
def test_slopes_have_the_shape_of_x(output_slopes):
    """The result is (length, d)."""
    found = output_slopes(_Rnn(3, 2), torch.randn(4, 3), 1)
    if isinstance(found, tuple):
        raise Failure(
            f"Expected the slopes as a tensor, got a tuple of {len(found)}.",
            hint="autograd.grad returns a tuple with a gradient for each input that you named, "
            "also where it is one. Take the first: `(slopes,) = …`.",
        )
    assert_shape(found, (4, 3), "the slopes")


@points(1, hint=COPY_HINT)
def test_slopes_leave_x_alone(output_slopes):
    """x comes back as it went in: same numbers, no gradient, no switch turned on."""
    _assert_leaves_x_alone(lambda model, x: output_slopes(model, x, 1))


@points(1, hint=STORED_HINT)
def test_slopes_leave_the_model_alone(output_slopes):
    """No parameter's gradient is set, added to or cleared; nothing is frozen or switched."""
    _assert_leaves_the_model_alone(lambda model, x: output_slopes(model, x, 1))


@points(1, hint=PLAIN_HINT)
def test_slopes_are_plain_numbers(output_slopes):
    """The result carries no gradient history."""
    result = output_slopes(_Rnn(3, 2), torch.randn(4, 3), 1)
    assert not result.requires_grad, "The result's requires_grad is True."


@points(1, hint="`squeeze()` without an argument removes every axis of size one, the last of the "
        "output too. Which axis do you mean: the batch you have put in front?")  # fmt: skip
def test_slopes_keep_axes_of_size_one(output_slopes):
    """A model that puts out one number a position has slopes, and so has a sequence of one."""
    for length, d_out in ((4, 1), (1, 2)):
        found = output_slopes(_Rnn(3, d_out), torch.randn(length, 3), 0)
        assert_shape(found, (length, 3), f"the slopes for d_out = {d_out} and length {length}")


@points(2, hint="The output is (batch, length, d_out). Which index picks a position, and which "
        "one a number of its vector?")  # fmt: skip
def test_slopes_are_about_the_last_output(output_slopes):
    """A position that only earlier outputs hear has slopes of zero."""
    found = output_slopes(_Map(lambda x: x), torch.randn(4, 3), 1)
    if found[:-1].any():
        raise Failure(
            "The model hands each position through untouched, so only position 3 moves the last "
            f"output. Position {int(found[:-1].abs().sum(-1).argmax())} got a slope of "
            f"{_largest(found[:-1]):.3g}.",
            maps={"yours": found, "expected": torch.eye(3)[1] * _last_of(4)},
        )
    assert found[-1].any(), "That model's last output follows its last input, which got only 0."


@points(2, hint="autograd.grad differentiates one number. Which one is asked for?")
def test_slopes_are_those_of_the_entry_asked_for(output_slopes):
    """Number 1 of the output has slopes of its own, not those of number 0 or of all together."""
    found = output_slopes(_Map(lambda x: x), torch.randn(4, 3), 1)[-1]
    if not torch.equal(found != 0, torch.tensor([False, True, False])):
        together = (
            "`y.sum()` has the slopes of all its numbers added up; one of them was asked for."
        )
        raise Failure(
            "The model hands each position through, so number 1 of the last output follows number "
            f"1 of the last input and no other. For entry=1 its three slopes are {_row(found)}.",
            hint=together if (found != 0).all() else None,
        )


@points(2, hint="A slope says in which direction the output moves, too. Nothing has to be made "
        "positive, squared or divided here.")  # fmt: skip
def test_slopes_keep_their_sign_and_size(output_slopes):
    """An output that falls by 2 for each 1 of x has the slope −2."""
    found = output_slopes(_Map(lambda x: -2 * x), torch.randn(4, 3), 2)[-1, 2]
    assert_values(found, torch.tensor(-2.0), "the slope of the model x → −2x")


@points(2, hint="The slope is what autograd finds: exact, without a nudge of some size, and in "
        "the dtype of x. What does the model read, and what do you differentiate?")  # fmt: skip
def test_slopes_values(output_slopes):
    """The values are those of tiny nudges to each number of x."""
    model, x = _Rnn(3, 2).double(), torch.randn(5, 3, dtype=torch.float64)
    for entry in (0, 1):
        expected = _nudged(model, x)[entry]
        found = output_slopes(model, x, entry)
        assert_values(found, expected, f"the slopes of number {entry}", rtol=1e-5)


# --- influence ---


@points(1, hint=BATCH_HINT)
def test_influence_calls_the_model_with_a_batch(influence):
    """The model is called with (batch, length, d)."""
    _assert_called_with_a_batch(influence)


@points(1, hint="One number for each position: which axes of the slopes are left to sum over?")
def test_influence_has_a_number_for_each_position(influence):
    """The result is (length,)."""
    try:
        found = influence(_Rnn(3, 2), torch.randn(4, 3))
    except IndexError as problem:
        raise Failure(
            f"For a model with d_out = 2 and an x with d = 3: {problem}.",
            hint="The output has a width of its own, d_out. Is it the last axis of x that you "
            "count by, or that of what the model returns?",
        ) from problem
    assert_shape(found, (4,), "the influences")


@points(1, hint=COPY_HINT)
def test_influence_leaves_x_alone(influence):
    """x comes back as it went in: same numbers, no gradient, no switch turned on."""
    _assert_leaves_x_alone(influence)


@points(1, hint=STORED_HINT)
def test_influence_leaves_the_model_alone(influence):
    """No parameter's gradient is set, added to or cleared; nothing is frozen or switched."""
    _assert_leaves_the_model_alone(influence)


@points(1, hint=PLAIN_HINT)
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
        "nor less. A sum of absolute values notices the turn, and so does a maximum or "
        "a mean of norms. Which norm does not?")  # fmt: skip
def test_influence_ignores_a_rotation_of_the_output(influence):
    """Turning the axes of the output changes nothing."""
    model, x = _Rnn(3, 2), torch.randn(4, 3)
    half = 0.5**0.5
    turn = torch.tensor([[half, half], [-half, half]])  # by 45 degrees
    turned = influence(_Map(lambda x: model(x) @ turn), x)
    assert_values(turned, influence(model, x), "the influence after a turn of 45 degrees")


@points(1, hint=DTYPE_HINT)
def test_influence_keeps_the_precision_of_x(influence):
    """For a float64 model and x, the influences are float64."""
    found = influence(_Rnn(3, 2).double(), torch.randn(4, 3, dtype=torch.float64))
    assert found.dtype == torch.float64, f"x is torch.float64, the influences are {found.dtype}."


@points(2, hint="Compare with the formula of the Frobenius norm: how many slopes does it take in "
        "for one position, and is anything averaged?")  # fmt: skip
def test_influence_values(influence):
    """The values are those of tiny nudges, whether d_out is smaller than d or larger."""
    for length, d_out in ((5, 2), (2, 4)):
        model, x = _Rnn(3, d_out).double(), torch.randn(length, 3, dtype=torch.float64)
        expected = _nudged(model, x).square().sum(dim=(0, 2)).sqrt()
        what = f"the influences for d = 3 and d_out = {d_out}"
        assert_values(influence(model, x), expected, what, rtol=1e-5)


# --- compare_influence ---


@points(1, hint="One row for each of the two models, one column for each position. (A sum over an "
        "axis removes it; what keeps the axis, so that a division lines up?)")  # fmt: skip
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


@points(1, hint=DTYPE_HINT)
def test_comparison_keeps_the_precision_of_x(compare_influence):
    """For float64 models and x, the shares are float64."""
    x = torch.randn(4, 3, dtype=torch.float64)
    found = compare_influence(_Map(_half_and_half), _Map(_mean), x)
    assert found.dtype == torch.float64, f"x is torch.float64, the shares are {found.dtype}."


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


def _nudged(model, x, nudge=1e-6):
    """(d_out, length, d): how far each number of the last output moves, by nudges up and down."""
    nudges = nudge * torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape)
    with torch.no_grad():
        moved = (model(x + nudges) - model(x - nudges))[:, -1] / (2 * nudge)  # (length·d, d_out)
    return moved.T.reshape(-1, *x.shape)


def _last_of(length):
    """A column that is 1 at the last position."""
    return (torch.arange(length) == length - 1).float()[:, None]


def _row(numbers):
    return ", ".join(f"{number:.3g}" for number in numbers.tolist())


def _assert_called_with_a_batch(measure):
    __tracebackhide__ = True
    shapes = []
    try:
        measure(_Map(lambda x: shapes.append(tuple(x.shape)) or 2 * x), torch.randn(4, 3))
    except RuntimeError as problem:
        for words, (message, hint) in ASKED_WRONGLY.items():
            if words in str(problem):
                raise Failure(message, hint=hint) from problem
        raise
    assert shapes, "Your code never called the model."
    assert all(len(shape) == 3 and shape[1:] == (4, 3) for shape in shapes), (
        f"For x of shape (4, 3) the model was called with the shape {shapes[0]}."
    )


def _assert_leaves_x_alone(measure):
    __tracebackhide__ = True
    x = torch.randn(4, 3)
    before = x.clone()
    measure(_Rnn(3, 2), x)
    assert_unchanged(before, x, "x")
    assert not x.requires_grad, "After the call x.requires_grad is True. It was False before."
    assert x.grad is None, "After the call x.grad is set. It was None before."


def _assert_leaves_the_model_alone(measure):
    __tracebackhide__ = True
    model = _Rnn(3, 2)
    model.read.grad = torch.ones_like(model.read)  # left there by somebody's training step
    measure(model, torch.randn(4, 3))
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


def _largest(numbers):
    return numbers.abs().max().item()
