"""Known answers to the exercises of why_attention: what people really write, right and wrong."""

import torch

from attention.why_attention.influence import influence as reference
from grading.known import mistake, right_answer


def slopes_of_last(model, x):
    """(d_out, length, d): the slopes that most answers below go wrong after."""
    return torch.autograd.functional.jacobian(lambda x: model(x[None])[0, -1], x)


@mistake("influence", caught_by="test_influence_calls_the_model_with_a_batch")
def no_batch_axis(model, x):
    """Hands the model a single sequence, so that its first axis is taken for the batch."""
    slopes = torch.autograd.functional.jacobian(lambda x: model(x)[-1], x)
    return slopes.square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_calls_the_model_with_a_batch")
def positions_as_batch(model, x):
    """Puts the new axis in the middle: every position becomes a sequence of its own."""
    slopes = torch.autograd.functional.jacobian(lambda x: model(x[:, None])[-1, 0], x)
    return slopes.square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_has_a_number_for_each_position")
def one_norm_for_everything(model, x):
    """Takes the norm over the positions, too."""
    return slopes_of_last(model, x).norm()


@mistake("influence", caught_by="test_influence_has_a_number_for_each_position")
def number_for_each_feature(model, x):
    """Sums over the positions and keeps the features."""
    return slopes_of_last(model, x).square().sum(dim=(0, 1)).sqrt()


@mistake("influence", caught_by="test_influence_leaves_x_alone")
def switches_x_on(model, x):
    """Turns requires_grad on in the caller's tensor."""
    x.requires_grad_(True)
    last = model(x[None])[0, -1]
    rows = [torch.autograd.grad(number, x, retain_graph=True)[0] for number in last]
    return torch.stack(rows).square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_leaves_the_model_alone")
def by_backward(model, x):
    """Calls backward, which fills the .grad of the model's parameters as well."""
    squares = torch.zeros_like(x)
    for k in range(model(x[None]).shape[-1]):
        leaf = x.detach().clone().requires_grad_(True)
        model(leaf[None])[0, -1, k].backward()
        squares += leaf.grad.square()
    return squares.sum(-1).sqrt()


@mistake("influence", caught_by="test_influence_leaves_the_model_alone")
def tidied_away(model, x):
    """Calls backward and clears up with zero_grad, the caller's own gradients included."""
    found = by_backward(model, x)
    model.zero_grad()
    return found


@mistake("influence", caught_by="test_influence_leaves_the_model_alone")
def model_frozen(model, x):
    """Freezes the parameters, to get a result without a graph, and leaves them frozen."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return slopes_of_last(model, x).square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_leaves_the_model_alone")
def model_switched(model, x):
    """Calls eval() and leaves it at that."""
    model.eval()
    return slopes_of_last(model, x).square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_returns_plain_numbers")
def graph_kept(model, x):
    """Builds a graph through the slopes and returns it with them."""
    leaf = x.detach().clone().requires_grad_(True)
    last = model(leaf[None])[0, -1]
    rows = [torch.autograd.grad(number, leaf, create_graph=True)[0] for number in last]
    return torch.stack(rows).square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_is_about_the_last_output")
def all_outputs(model, x):
    """Measures the whole output instead of its last position."""
    slopes = torch.autograd.functional.jacobian(lambda x: model(x[None])[0], x)
    return slopes.square().sum(dim=(0, 1, 3)).sqrt()


@mistake("influence", caught_by="test_influence_is_about_the_last_output")
def first_output(model, x):
    """Takes the first position's output, not the last's."""
    slopes = torch.autograd.functional.jacobian(lambda x: model(x[None])[0, 0], x)
    return slopes.square().sum(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_does_not_let_outputs_cancel")
def sum_first(model, x):
    """Sums the outputs and differentiates the sum: one call, and the signs cancel."""
    leaf = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model(leaf[None])[0, -1].sum(), leaf)
    return gradient.norm(dim=-1)


@mistake("influence", caught_by="test_influence_does_not_let_outputs_cancel")
def gradients_added_up(model, x):
    """Adds the gradients of the output's numbers before it squares them."""
    return slopes_of_last(model, x).sum(dim=0).square().sum(dim=-1).sqrt()


@mistake("influence", caught_by="test_influence_is_never_negative")
def signed_sum(model, x):
    """Adds up slopes with their signs, those of the first number of the output."""
    return slopes_of_last(model, x)[0].sum(dim=-1)


@mistake("influence", caught_by="test_influence_doubles_with_the_output")
def root_forgotten(model, x):
    """Leaves the squared norm."""
    return slopes_of_last(model, x).square().sum(dim=(0, 2))


@mistake("influence", caught_by="test_influence_ignores_a_rotation_of_the_output")
def absolute_sum(model, x):
    """Sums absolute slopes."""
    return slopes_of_last(model, x).abs().sum(dim=(0, 2))


@mistake("influence", caught_by="test_influence_ignores_a_rotation_of_the_output")
def largest_slope(model, x):
    """Takes the largest slope."""
    return slopes_of_last(model, x).abs().amax(dim=(0, 2))


@mistake("influence", caught_by="test_influence_values")
def root_of_the_mean(model, x):
    """Averages the squares instead of summing them."""
    return slopes_of_last(model, x).square().mean(dim=(0, 2)).sqrt()


@mistake("influence", caught_by="test_influence_values")
def spectral_norm(model, x):
    """Takes the largest singular value, another norm that a rotation leaves alone."""
    return torch.linalg.matrix_norm(slopes_of_last(model, x).transpose(0, 1), ord=2)


@right_answer("influence")
def number_by_number(model, x):
    leaf = x.detach().clone().requires_grad_(True)
    last = model(leaf.unsqueeze(0))[0, -1]
    squares = torch.zeros_like(x)
    for number in last:
        (slopes,) = torch.autograd.grad(number, leaf, retain_graph=True)
        squares += slopes**2
    return squares.sum(-1).sqrt()


@right_answer("influence")
def by_jacrev(model, x):
    slopes = torch.func.jacrev(lambda x: model(x[None])[0, -1])(x).detach()
    return torch.linalg.vector_norm(slopes, dim=(0, 2))


@right_answer("influence")
def by_jacfwd(model, x):
    slopes = torch.func.jacfwd(lambda x: model(x[None])[0, -1])(x)
    return slopes.detach().norm(dim=(0, 2))


@right_answer("influence")
def copies_as_batch(model, x):
    """One copy of x for each number of the output, so that one gradient holds all rows."""
    with torch.no_grad():
        d_out = model(x[None]).shape[-1]
    copies = x.detach().repeat(d_out, 1, 1).requires_grad_(True)
    total = model(copies)[:, -1].diagonal().sum()
    (slopes,) = torch.autograd.grad(total, copies)
    return slopes.norm(dim=(0, 2))


@right_answer("influence")
def whole_jacobian(model, x):
    slopes = torch.autograd.functional.jacobian(model, x[None])  # (1, n, d_out, 1, n, d)
    return slopes[0, -1, :, 0].norm(dim=(0, 2))


@mistake("compare_influence", caught_by="test_comparison_has_a_row_for_each_model")
def a_pair(rnn, attention, x):
    """Returns two tensors where one is asked for."""
    first, second = reference(rnn, x), reference(attention, x)
    return first / first.sum(), second / second.sum()


@mistake("compare_influence", caught_by="test_comparison_has_a_row_for_each_model")
def a_column_for_each_model(rnn, attention, x):
    """Stacks along the last axis."""
    both = torch.stack([reference(rnn, x), reference(attention, x)], dim=-1)
    return both / both.sum(dim=0)


@mistake("compare_influence", caught_by="test_comparison_rows_sum_to_one")
def never_divided(rnn, attention, x):
    """Leaves the influences as they are."""
    return torch.stack([reference(rnn, x), reference(attention, x)])


@mistake("compare_influence", caught_by="test_comparison_rows_sum_to_one")
def one_total(rnn, attention, x):
    """Divides both rows by the sum of everything."""
    both = torch.stack([reference(rnn, x), reference(attention, x)])
    return both / both.sum()


@mistake("compare_influence", caught_by="test_comparison_rows_sum_to_one")
def model_against_model(rnn, attention, x):
    """Divides along the wrong axis: at each position the two models sum to one."""
    both = torch.stack([reference(rnn, x), reference(attention, x)])
    return both / both.sum(dim=0)


@mistake("compare_influence", caught_by="test_comparison_rows_sum_to_one")
def over_the_largest(rnn, attention, x):
    """Divides by the largest influence, so that the peak becomes one."""
    both = torch.stack([reference(rnn, x), reference(attention, x)])
    return both / both.amax(dim=-1, keepdim=True)


@mistake("compare_influence", caught_by="test_comparison_keeps_the_order_of_positions")
def by_distance(rnn, attention, x):
    """Turns the columns round, to count from the end."""
    both = torch.stack([reference(rnn, x), reference(attention, x)]).flip(-1)
    return both / both.sum(dim=-1, keepdim=True)


@mistake("compare_influence", caught_by="test_comparison_puts_the_rnn_first")
def rows_swapped(rnn, attention, x):
    """Puts attention into row 0."""
    both = torch.stack([reference(attention, x), reference(rnn, x)])
    return both / both.sum(dim=-1, keepdim=True)


@mistake("compare_influence", caught_by="test_comparison_puts_the_rnn_first")
def same_model_twice(rnn, attention, x):
    """Copies a line and forgets to change the model."""
    both = torch.stack([reference(rnn, x), reference(rnn, x)])
    return both / both.sum(dim=-1, keepdim=True)


@mistake("compare_influence", caught_by="test_comparison_is_about_shares_not_sizes")
def by_softmax(rnn, attention, x):
    """Makes rows that sum to one by a softmax, which depends on the size."""
    return torch.stack([reference(rnn, x), reference(attention, x)]).softmax(dim=-1)


@mistake("compare_influence", caught_by="test_comparison_values")
def shares_of_squares(rnn, attention, x):
    """Shares out the squared norms."""
    both = torch.stack([reference(rnn, x), reference(attention, x)]).square()
    return both / both.sum(dim=-1, keepdim=True)


@right_answer("compare_influence")
def row_by_row(rnn, attention, x):
    rows = torch.zeros(2, len(x), dtype=x.dtype)
    for row, model in zip(rows, (rnn, attention), strict=True):
        found = reference(model, x)
        row[:] = found / found.sum()
    return rows


@right_answer("compare_influence")
def by_normalize(rnn, attention, x):
    both = torch.stack([reference(rnn, x), reference(attention, x)])
    return torch.nn.functional.normalize(both, p=1, dim=-1)


@right_answer("compare_influence")
def share_by_share(rnn, attention, x):
    rows = [reference(model, x).tolist() for model in (rnn, attention)]
    return torch.tensor([[number / sum(row) for number in row] for row in rows], dtype=x.dtype)
