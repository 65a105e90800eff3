"""Known answers to the exercises of soft_lookup: what people really write, right and wrong."""

import torch
import torch.nn.functional as F

from grading.known import mistake, right_answer


@mistake("softmax", caught_by="test_softmax_survives_large_scores")
def no_max_shift(scores):
    """Exponentiates the scores as they are, so large ones overflow."""
    exponentials = torch.exp(scores)
    return exponentials / exponentials.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_treats_rows_alone")
def one_max_for_all(scores):
    """Shifts by the maximum of the whole tensor."""
    exponentials = torch.exp(scores - scores.max())
    return exponentials / exponentials.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_rows_sum_to_one")
def wrong_axis(scores):
    """Normalises over the second axis."""
    axis = 1 if scores.dim() > 2 else 0
    exponentials = torch.exp(scores - scores.amax(axis, keepdim=True))
    return exponentials / exponentials.sum(axis, keepdim=True)


@mistake("softmax", caught_by="test_softmax_keeps_the_shape")
def keepdim_forgotten(scores):
    """Sums without keepdim, so the division cannot line up."""
    exponentials = torch.exp(scores - scores.amax(-1, keepdim=True))
    return exponentials / exponentials.sum(-1)


@mistake("softmax", caught_by="test_softmax_rows_sum_to_one")
def never_normalised(scores):
    """Exponentiates and forgets to divide."""
    return torch.exp(scores - scores.amax(-1, keepdim=True))


@mistake("softmax", caught_by="test_softmax_weights_are_positive")
def plain_shares(scores):
    """Divides the scores by their sum, without the exponential."""
    return scores / scores.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_values")
def squares(scores):
    """Makes the scores positive by squaring them."""
    return scores**2 / (scores**2).sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_values")
def powers_of_two(scores):
    """Takes powers of two instead of e: a lookup that is less sharp."""
    powers = 2 ** (scores - scores.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_leaves_its_input_alone")
def in_place(scores):
    """Shifts and exponentiates in the caller's tensor."""
    scores -= scores.amax(-1, keepdim=True)
    scores.exp_()
    return scores / scores.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_takes_any_number_of_axes")
def shifted_along_the_second_axis(scores):
    """Subtracts a maximum from the second axis, which is the last one only in a matrix."""
    axis = 1 if scores.dim() > 1 else 0
    exponentials = torch.exp(scores - scores.amax(axis, keepdim=True))
    return exponentials / exponentials.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_takes_any_number_of_axes")
def matrices_only(scores):
    """Names the last axis 1 where there are fewer than three."""
    axis = -1 if scores.dim() > 2 else 1
    exponentials = torch.exp(scores - scores.amax(axis, keepdim=True))
    return exponentials / exponentials.sum(axis, keepdim=True)


@mistake("softmax", caught_by="test_softmax_survives_large_scores")
def shifted_by_the_largest_size(scores):
    """Subtracts the largest absolute value: scores that are all far below zero get 0/0."""
    exponentials = torch.exp(scores - scores.abs().amax(-1, keepdim=True))
    return exponentials / exponentials.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_survives_large_scores")
def exponents_cut_off(scores):
    """Cuts scores off at 80, so that larger ones all count the same."""
    exponentials = torch.exp(scores.clamp(max=80))
    return exponentials / exponentials.sum(-1, keepdim=True)


@mistake("softmax", caught_by="test_softmax_keeps_the_shape")
def by_log_softmax(scores):
    """Takes the exponential of the ready-made logarithm, which is forbidden as well."""
    return scores.log_softmax(-1).exp()


@mistake("softmax", caught_by="test_softmax_keeps_the_shape")
def by_torch(scores):
    """Calls the ready-made function, which the exercise forbids."""
    return F.softmax(scores, dim=-1)


@right_answer("softmax")
def by_logarithm(scores):
    scores = scores - scores.max(-1, keepdim=True).values
    return (scores - scores.exp().sum(-1, keepdim=True).log()).exp()


@right_answer("softmax")
def by_logsumexp(scores):
    return torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))


@right_answer("softmax")
def row_by_row(scores):
    rows = []
    for row in scores.reshape(-1, scores.shape[-1]):
        exponentials = torch.exp(row - row.max())
        rows.append(exponentials / exponentials.sum())
    return torch.stack(rows).reshape(scores.shape)


@mistake("soft_lookup", caught_by="test_lookup_has_a_row_for_each_query")
def reshaped_key(query, key, value):
    """Reshapes the key where it should be transposed, and gives the weights back."""
    return torch.softmax(query @ key.reshape(*key.shape[:-2], key.shape[-1], -1), -1)


@mistake("soft_lookup", caught_by="test_lookup_runs")
def key_as_it_is(query, key, value):
    """Forgets to turn the key over: no inner axis fits."""
    return torch.softmax(query @ key, -1) @ value


@mistake("soft_lookup", caught_by="test_lookup_has_a_row_for_each_query")
def keys_mixed(query, key, value):
    """Sums the keys, weighted, where the values are asked for."""
    return torch.softmax(query @ key.transpose(-2, -1), -1) @ key


@mistake("soft_lookup", caught_by="test_lookup_averages")
def scores_as_weights(query, key, value):
    """Leaves the softmax out and sums the values weighted by raw scores."""
    return query @ key.transpose(-2, -1) @ value


@mistake("soft_lookup", caught_by="test_lookup_averages")
def softmax_over_queries(query, key, value):
    """Normalises over the queries, so that keys compete for nothing."""
    return torch.softmax(query @ key.transpose(-2, -1), -2) @ value


@mistake("soft_lookup", caught_by="test_lookup_ignores_the_order_of_entries")
def key_reshaped(query, key, value):
    """Reshapes the key where it should be transposed: the numbers land on other axes."""
    return torch.softmax(query @ key.reshape(*key.shape[:-2], key.shape[-1], -1), -1) @ value


@mistake("soft_lookup", caught_by="test_lookup_finds_the_matching_key")
def nearest_reversed(query, key, value):
    """Gives the weight to the key that matches least."""
    return torch.softmax(-query @ key.transpose(-2, -1), -1) @ value


@mistake("soft_lookup", caught_by="test_lookup_values")
def hard(query, key, value):
    """Returns the value of the best match alone, as a dictionary does."""
    best = (query @ key.transpose(-2, -1)).argmax(-1)
    return F.one_hot(best, key.shape[-2]).to(value.dtype) @ value


@mistake("soft_lookup", caught_by="test_lookup_values")
def scaled(query, key, value):
    """Divides by √d, which belongs to a later chapter."""
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return torch.softmax(scores, -1) @ value


@right_answer("soft_lookup")
def by_einsum(query, key, value):
    weights = torch.einsum("...qd,...kd->...qk", query, key).softmax(-1)
    return torch.einsum("...qk,...kv->...qv", weights, value)


@right_answer("soft_lookup")
def by_torch_attention(query, key, value):
    return F.scaled_dot_product_attention(query, key, value, scale=1.0)


@right_answer("soft_lookup")
def query_by_query(query, key, value):
    outputs = []
    for i in range(query.shape[-2]):
        weights = torch.softmax((key * query[..., i : i + 1, :]).sum(-1), dim=-1)
        outputs.append((weights[..., None] * value).sum(-2))
    return torch.stack(outputs, dim=-2)
