"""How much does each position of a sequence move an output? A measure of reach, and of leaks."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.functional import jacobian


def output_slopes(model: Callable[[Tensor], Tensor], x: Tensor, entry: int) -> Tensor:
    """Measure how far one number of the model's last output moves for each number of x.

        slopes_j = ∂ y_n[entry] / ∂ x_j      (n is the last position)

    Args:
        model: maps (batch, length, d) to (batch, length, d_out).
        x: (length, d) one sequence.
        entry: which of the d_out numbers of the last output, counted from 0.

    Returns:
        (length, d), a slope for each number of x. Neither x nor the model's gradients are touched.

    Raises:
        ValueError: x has not two axes, or the model does not return (batch, length, d_out).
    """
    _check_sequence(x)
    with torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()  # a copy, so that x stays as it is
        y = model(leaf.unsqueeze(0))  # (1, length, d) -> (1, length, d_out)
        _check_output(y, len(x))
        number = y[0, -1, entry]
    if not number.requires_grad:
        return torch.zeros_like(leaf)  # nothing in it was computed from x
    (slopes,) = torch.autograd.grad(number, leaf, materialize_grads=True)
    return slopes


def influence(model: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Measure how strongly each input position moves the model's last output.

        influence_j = ‖∂y_n / ∂x_j‖      (n is the last position; Frobenius norm: the root of the
                                          sum of squares of all d_out · d slopes)

    Zero means that the last output cannot hear position j at all. During training, the gradient
    that position j receives from a loss at the end passes through this same matrix.

    Args:
        model: maps (batch, length, d) to (batch, length, d_out).
        x: (length, d) one sequence.

    Returns:
        (length,) numbers, none below zero. Neither x nor the model's gradients are touched.

    Raises:
        ValueError: x has not two axes, or the model does not return (batch, length, d_out).
    """
    _check_sequence(x)

    def last_output(x: Tensor) -> Tensor:
        y = model(x.unsqueeze(0))  # (1, length, d) -> (1, length, d_out)
        _check_output(y, len(x))
        return y[0, -1]  # (d_out,)

    slopes = jacobian(last_output, x)  # (d_out, length, d)
    return slopes.square().sum(dim=(0, 2)).sqrt()  # (length,)


def influence_map(model: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Measure how strongly each input position moves each output.

        map_ij = ‖∂y_i / ∂x_j‖

    Row i says whom output i hears, and a zero that it cannot hear j at all. Where a mask hides j
    from i, anything else is a leak.

    Args:
        model: maps (batch, length, d) to (batch, outputs, d_out).
        x: (length, d) one sequence.

    Returns:
        (outputs, length) numbers, none below zero.

    Raises:
        ValueError: x has not two axes.
    """
    _check_sequence(x)
    slopes = jacobian(lambda x: model(x.unsqueeze(0))[0], x)  # (outputs, d_out, length, d)
    return slopes.square().sum(dim=(1, 3)).sqrt()  # (outputs, length)


def compare_influence(rnn: Callable, attention: Callable, x: Tensor) -> Tensor:
    """Compare how two models share out their last output among the positions of one sequence.

    The two may differ in overall size, which says nothing about reach; as shares they compare.

    Args:
        rnn, attention: map (batch, length, d) to (batch, length, d_out); d_out may differ.
        x: (length, d) one sequence.

    Returns:
        (2, length): row 0 the RNN's influences, row 1 the attention's; each row sums to one.

    Raises:
        ValueError: as `influence`.
    """
    influences = torch.stack([influence(rnn, x), influence(attention, x)])  # (2, length)
    return influences / influences.sum(dim=-1, keepdim=True)


def _check_sequence(x: Tensor) -> None:
    if x.ndim != 2:
        raise ValueError(f"x must have shape (length, d), got {tuple(x.shape)}")


def _check_output(y, length: int) -> None:
    if isinstance(y, Tensor) and y.ndim == 3 and y.shape[:2] == (1, length):
        return
    got = f"shape {tuple(y.shape)}" if isinstance(y, Tensor) else f"a {type(y).__name__}"
    raise ValueError(f"the model must map (1, {length}, d) to (1, {length}, d_out), got {got}")
