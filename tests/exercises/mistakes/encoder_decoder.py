"""Known answers to the exercises of encoder_decoder: what people really write, right and wrong."""

import torch

import attention
from grading.known import mistake, right_answer


def _attend(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    if mask is None:
        return scores.softmax(-1) @ value
    weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
    return weights.masked_fill(~mask, 0.0) @ value


@mistake("cross_attention", caught_by="test_cross_gives_each_asking_token_an_answer")
def roles_exchanged(x, memory, w_query, w_key, w_value, mask=None):
    """Lets the memory ask and x answer."""
    return _attend(memory @ w_query, x @ w_key, x @ w_value)


@mistake("cross_attention", caught_by="test_cross_gives_each_asking_token_an_answer")
def values_from_x(x, memory, w_query, w_key, w_value, mask=None):
    """Takes the keys from the memory and the values from x: as many as keys only by chance."""
    return _attend(x @ w_query, memory @ w_key, x @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_gives_each_asking_token_an_answer")
def transposed_back(x, memory, w_query, w_key, w_value, mask=None):
    """Multiplies by the matrices' transposes, as nn.Linear keeps its weights."""
    return _attend(x @ w_query.T, memory @ w_key.T, memory @ w_value.T, mask)


@mistake("cross_attention", caught_by="test_cross_reads_the_memory")
def self_attention_again(x, memory, w_query, w_key, w_value, mask=None):
    """Lets x attend to itself and leaves the memory unread."""
    return _attend(x @ w_query, x @ w_key, x @ w_value)


@mistake("cross_attention", caught_by="test_cross_asks_with_x")
def queries_from_the_memory(x, memory, w_query, w_key, w_value, mask=None):
    """Lets the memory ask itself and cuts the result to the length of x."""
    asked = (memory @ w_query)[:, : x.shape[1]]
    return _attend(asked, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_averages_the_values")
def softmax_over_queries(x, memory, w_query, w_key, w_value, mask=None):
    """Lets the queries compete for each key."""
    scores = x @ w_query @ (memory @ w_key).transpose(-2, -1) / w_query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-2) @ (memory @ w_value)


@mistake("cross_attention", caught_by="test_cross_tokens_of_x_do_not_hear_each_other")
def memory_and_x_together(x, memory, w_query, w_key, w_value, mask=None):
    """Appends x to the memory: self-attention and cross-attention in one."""
    everything = torch.cat([memory, x], dim=1)
    if mask is not None:
        mask = mask.expand(x.shape[0], x.shape[1], memory.shape[1])
        mask = torch.cat([mask, mask.new_ones(*mask.shape[:2], x.shape[1])], dim=-1)
    return _attend(x @ w_query, everything @ w_key, everything @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_every_token_hears_all_of_the_memory")
def causal_over_the_memory(x, memory, w_query, w_key, w_value, mask=None):
    """Hides the memory's "future", as in the decoder's own attention."""
    past = torch.ones(x.shape[1], memory.shape[1], dtype=torch.bool).tril()
    mask = past if mask is None else mask & past
    return _attend(x @ w_query, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_every_token_hears_all_of_the_memory")
def memory_cut_to_the_length_of_x(x, memory, w_query, w_key, w_value, mask=None):
    """Makes the two sequences equally long."""
    memory = memory[:, : x.shape[1]]
    mask = None if mask is None else mask[..., : x.shape[1]]
    return _attend(x @ w_query, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_scales_by_the_width_of_the_head")
def scaled_by_the_model(x, memory, w_query, w_key, w_value, mask=None):
    """Divides by √d_model."""
    query = x @ w_query * (w_query.shape[-1] / x.shape[-1]) ** 0.5
    return _attend(query, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_scales_by_the_width_of_the_head")
def never_scaled(x, memory, w_query, w_key, w_value, mask=None):
    """Uses the bare dot products."""
    query = x @ w_query * w_query.shape[-1] ** 0.5
    return _attend(query, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_uses_the_mask")
def padding_forgotten(x, memory, w_query, w_key, w_value, mask=None):
    """Takes the mask and never uses it."""
    return _attend(x @ w_query, memory @ w_key, memory @ w_value)


@mistake("cross_attention", caught_by="test_cross_reads_true_as_may_attend")
def mask_inverted(x, memory, w_query, w_key, w_value, mask=None):
    """Hides what is True, as nn.MultiheadAttention does."""
    mask = None if mask is None else ~mask
    return _attend(x @ w_query, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_padding_counts_for_nothing")
def zeros_after_the_softmax(x, memory, w_query, w_key, w_value, mask=None):
    """Writes zeros into finished weights, whose rows then sum to less than one."""
    scores = x @ w_query @ (memory @ w_key).transpose(-2, -1) / w_query.shape[-1] ** 0.5
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ (memory @ w_value)


@mistake("cross_attention", caught_by="test_cross_padding_counts_for_nothing")
def padding_set_to_zero(x, memory, w_query, w_key, w_value, mask=None):
    """Multiplies the scores by the mask: a hidden score of 0 still counts e⁰."""
    scores = x @ w_query @ (memory @ w_key).transpose(-2, -1) / w_query.shape[-1] ** 0.5
    return (scores if mask is None else scores * mask).softmax(-1) @ (memory @ w_value)


@mistake("cross_attention", caught_by="test_cross_survives_a_memory_of_nothing_but_padding")
def nan_where_all_is_hidden(x, memory, w_query, w_key, w_value, mask=None):
    """Leaves a row of −∞ to the softmax."""
    scores = x @ w_query @ (memory @ w_key).transpose(-2, -1) / w_query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1) @ (memory @ w_value)


@mistake("cross_attention", caught_by="test_cross_survives_a_memory_of_nothing_but_padding")
def average_where_all_is_hidden(x, memory, w_query, w_key, w_value, mask=None):
    """Hides with −10⁹, which in a row of equals is no obstacle."""
    scores = x @ w_query @ (memory @ w_key).transpose(-2, -1) / w_query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return scores.softmax(-1) @ (memory @ w_value)


@mistake("cross_attention", caught_by="test_cross_uses_all_three_matrices")
def one_matrix_for_both(x, memory, w_query, w_key, w_value, mask=None):
    """Uses the keys as values."""
    return _attend(x @ w_query, memory @ w_key, memory @ w_key, mask)


@mistake("cross_attention", caught_by="test_cross_scales_by_the_width_of_the_head")
def scaled_by_the_length(x, memory, w_query, w_key, w_value, mask=None):
    """Divides by the root of how many keys there are."""
    query, key = x @ w_query, memory @ w_key
    scale = (query.shape[-1] / key.shape[-2]) ** 0.5
    return _attend(query * scale, key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_uses_the_mask")
def an_axis_for_heads(x, memory, w_query, w_key, w_value, mask=None):
    """Gives the mask the axis of heads, which are not there."""
    mask = None if mask is None else mask.unsqueeze(1)
    return _attend(x @ w_query, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_leaves_its_inputs_alone")
def scaled_in_place(x, memory, w_query, w_key, w_value, mask=None):
    """Scales the caller's matrix."""
    w_query /= w_query.shape[-1] ** 0.5
    query = x @ w_query
    return _attend(query * query.shape[-1] ** 0.5, memory @ w_key, memory @ w_value, mask)


@mistake("cross_attention", caught_by="test_cross_leaves_the_mask_alone")
def mask_inverted_in_place(x, memory, w_query, w_key, w_value, mask=None):
    """Inverts the caller's mask for masked_fill, and leaves it inverted."""
    if mask is None:
        return _attend(x @ w_query, memory @ w_key, memory @ w_value)
    hidden = mask.logical_not_()
    return _attend(x @ w_query, memory @ w_key, memory @ w_value, ~hidden)


@right_answer("cross_attention")
def in_steps(x, memory, w_query, w_key, w_value, mask=None):
    return _attend(x @ w_query, memory @ w_key, memory @ w_value, mask)


@right_answer("cross_attention")
def by_the_books_function(x, memory, w_query, w_key, w_value, mask=None):
    return attention.scaled_dot_product_attention(
        x @ w_query, memory @ w_key, memory @ w_value, mask
    )


@right_answer("cross_attention")
def by_einsum(x, memory, w_query, w_key, w_value, mask=None):
    query = torch.einsum("bqm,md->bqd", x, w_query)
    key, value = (torch.einsum("bkm,md->bkd", memory, w) for w in (w_key, w_value))
    scores = torch.einsum("bqd,bkd->bqk", query, key) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, -torch.inf)
    return torch.einsum("bqk,bkd->bqd", scores.softmax(-1).nan_to_num(), value)


@right_answer("cross_attention")
def query_by_query(x, memory, w_query, w_key, w_value, mask=None):
    key, value = memory @ w_key, memory @ w_value
    mask = torch.ones(1, 1, 1, dtype=torch.bool) if mask is None else mask
    mask = mask.expand(x.shape[0], x.shape[1], memory.shape[1])
    output = torch.zeros(*x.shape[:2], value.shape[-1])
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            allowed = mask[b, i]
            if allowed.any():
                scores = key[b, allowed] @ (x[b, i] @ w_query) / key.shape[-1] ** 0.5
                output[b, i] = scores.softmax(0) @ value[b, allowed]
    return output
