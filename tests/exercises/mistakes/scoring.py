"""Known answers to the exercises of scoring: what people really write, right and wrong."""

import math

import torch
import torch.nn.functional as F
from torch import nn

import attention as book
from grading.known import mistake, right_answer

# --- additive_scores ---


@mistake("additive_scores", caught_by="test_additive_scores_every_pair")
def no_pairs(query, key, w_query, w_key, a):
    """Adds query and key row by row, as if each query met one key."""
    return torch.tanh(query @ w_query + key @ w_key) @ a


@mistake("additive_scores", caught_by="test_additive_scores_every_pair")
def axes_exchanged(query, key, w_query, w_key, a):
    """Gives the queries the keys' axis, so the table of scores lies on its side."""
    return torch.tanh((query @ w_query).unsqueeze(-3) + (key @ w_key).unsqueeze(-2)) @ a


@mistake("additive_scores", caught_by="test_additive_scores_every_pair")
def a_forgotten_hidden_kept(query, key, w_query, w_key, a):
    """Stops at the hidden layer."""
    return torch.tanh((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3))


@mistake("additive_scores", caught_by="test_additive_works_without_a_batch")
def axes_counted_from_the_front(query, key, w_query, w_key, a):
    """Relies on exactly one batch axis."""
    return torch.tanh((query @ w_query)[:, :, None] + (key @ w_key)[:, None]) @ a


@mistake("additive_scores", caught_by="test_additive_leaves_its_inputs_alone")
def a_normalised_in_place(query, key, w_query, w_key, a):
    """Works on the caller's a."""
    a /= a.norm()
    return torch.tanh((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3)) @ a


@mistake("additive_scores", caught_by="test_additive_returns_scores_not_weights")
def softmax_included(query, key, w_query, w_key, a):
    """Goes on to the weights."""
    scores = torch.tanh((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3)) @ a
    return scores.softmax(-1)


@mistake("additive_scores", caught_by="test_additive_scores_level_off")
def tanh_omitted(query, key, w_query, w_key, a):
    """Adds two linear scores and bends nothing."""
    return ((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3)) @ a


@mistake("additive_scores", caught_by="test_additive_lets_query_and_key_meet")
def tanh_of_each_term(query, key, w_query, w_key, a):
    """Bends query and key before they meet, so the query cannot change which key is best."""
    return (torch.tanh(query @ w_query).unsqueeze(-2) + torch.tanh(key @ w_key).unsqueeze(-3)) @ a


@mistake("additive_scores", caught_by="test_additive_score_is_proportional_to_a")
def a_not_applied(query, key, w_query, w_key, a):
    """Sums the hidden numbers instead of weighing them with a."""
    return torch.tanh((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3)).sum(-1)


@mistake("additive_scores", caught_by="test_additive_values")
def sigmoid(query, key, w_query, w_key, a):
    """Bends with a sigmoid."""
    return torch.sigmoid((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3)) @ a


@mistake("additive_scores", caught_by="test_additive_values")
def scaled(query, key, w_query, w_key, a):
    """Divides by the root of the hidden width, as the dot product would need."""
    hidden = torch.tanh((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3))
    return hidden @ a / math.sqrt(a.shape[-1])


@mistake("additive_scores", caught_by="test_additive_values")
def multiplied(query, key, w_query, w_key, a):
    """Multiplies the projections, as a dot product would."""
    return torch.tanh((query @ w_query).unsqueeze(-2) * (key @ w_key).unsqueeze(-3)) @ a


@mistake("additive_scores", caught_by="test_additive_values")
def averaged(query, key, w_query, w_key, a):
    """Takes the mean over the hidden numbers where a sum is asked for."""
    hidden = torch.tanh((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3))
    return (hidden * a).mean(-1)


@mistake("additive_scores", caught_by="test_additive_score_is_proportional_to_a")
def bent_last(query, key, w_query, w_key, a):
    """Bends the finished score, not the hidden numbers."""
    return torch.tanh(((query @ w_query).unsqueeze(-2) + (key @ w_key).unsqueeze(-3)) @ a)


@right_answer("additive_scores")
def by_einsum(query, key, w_query, w_key, a):
    queries = torch.einsum("...qd,dh->...qh", query, w_query)[..., :, None, :]
    keys = torch.einsum("...kd,dh->...kh", key, w_key)[..., None, :, :]
    return torch.einsum("...qkh,h->...qk", torch.tanh(queries + keys), a)


@right_answer("additive_scores")
def query_by_query(query, key, w_query, w_key, a):
    rows = [
        torch.tanh(query[..., i : i + 1, :] @ w_query + key @ w_key) @ a
        for i in range(query.shape[-2])
    ]
    return torch.stack(rows, dim=-2)


@right_answer("additive_scores")
def side_by_side(query, key, w_query, w_key, a):
    """One matrix for query and key joined, as in the paper's figure."""
    *batch, query_len, key_len = (*query.shape[:-1], key.shape[-2])
    queries = query[..., :, None, :].expand(*batch, query_len, key_len, -1)
    keys = key[..., None, :, :].expand(*batch, query_len, key_len, -1)
    joined = torch.cat([queries, keys], -1)
    return torch.tanh(F.linear(joined, torch.cat([w_query, w_key]).T)) @ a


# --- attention_weights ---


def _masked(scores, mask):
    """Hide, softmax, and give rows with nothing to attend to zeros: the right ending."""
    if mask is None:
        return scores.softmax(-1)
    dead = ~mask.any(-1, keepdim=True)
    scores = scores.masked_fill(~mask, -math.inf).masked_fill(dead, 0.0)
    return scores.softmax(-1).masked_fill(dead, 0.0)


def _scores(query, key):
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])


@mistake("attention_weights", caught_by="test_weights_have_a_row_for_each_query")
def keys_by_queries(query, key, mask=None):
    """Lays the table on its side: a row for each key."""
    return _scores(key, query).softmax(-1)


@mistake("attention_weights", caught_by="test_weights_run")
def transposed_by_T(query, key, mask=None):
    """Transposes with mT's older cousin, which reverses a batch axis as well."""
    return _masked(query @ key.permute(2, 1, 0) / math.sqrt(query.shape[-1]), mask)


@mistake("attention_weights", caught_by="test_weights_leave_the_inputs_alone")
def query_scaled_in_place(query, key, mask=None):
    """Divides the caller's query."""
    query /= math.sqrt(query.shape[-1])
    return _masked(query @ key.transpose(-2, -1), mask)


@mistake("attention_weights", caught_by="test_weights_are_positive")
def no_softmax(query, key, mask=None):
    """Takes the scores for the weights."""
    return _scores(query, key)


@mistake("attention_weights", caught_by="test_weights_of_a_query_ignore_the_other_queries")
def softmax_over_queries(query, key, mask=None):
    """Normalises down the columns."""
    return _scores(query, key).softmax(-2)


@mistake("attention_weights", caught_by="test_weights_sum_to_one")
def scaled_after_softmax(query, key, mask=None):
    """Divides the weights by √d instead of the scores."""
    return _masked(query @ key.transpose(-2, -1), mask) / math.sqrt(query.shape[-1])


@mistake("attention_weights", caught_by="test_weights_follow_their_keys")
def key_reshaped(query, key, mask=None):
    """Reshapes the key where it should be transposed."""
    turned = key.reshape(*key.shape[:-2], key.shape[-1], key.shape[-2])
    return _masked(query @ turned / math.sqrt(query.shape[-1]), mask)


@mistake("attention_weights", caught_by="test_weights_are_scaled")
def not_scaled(query, key, mask=None):
    """Leaves the dot products as they are."""
    return _masked(query @ key.transpose(-2, -1), mask)


@mistake("attention_weights", caught_by="test_weights_are_scaled")
def scaled_by_d(query, key, mask=None):
    """Divides by d instead of √d."""
    return _masked(query @ key.transpose(-2, -1) / query.shape[-1], mask)


@mistake("attention_weights", caught_by="test_weights_are_scaled")
def multiplied_by_root_d(query, key, mask=None):
    """Multiplies by √d, as one does whose formula has the temperature on the other side."""
    return _masked(query @ key.transpose(-2, -1) * math.sqrt(query.shape[-1]), mask)


@mistake("attention_weights", caught_by="test_weights_of_a_query_ignore_the_other_queries")
def scaled_by_the_queries(query, key, mask=None):
    """Takes the size of the wrong axis: how many queries there are."""
    return _masked(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-2]), mask)


@mistake("attention_weights", caught_by="test_weights_survive_large_scores")
def no_max_shift(query, key, mask=None):
    """Exponentiates the scores as they are."""
    exponentials = torch.exp(_scores(query, key))
    if mask is not None:
        exponentials = exponentials * mask
    return exponentials / exponentials.sum(-1, keepdim=True).clamp_min(1e-30)


@mistake("attention_weights", caught_by="test_weights_survive_large_scores")
def one_max_for_all_queries(query, key, mask=None):
    """Shifts by the largest score of all queries: the others lose all their digits."""
    scores = _scores(query, key)
    exponentials = torch.exp(scores - scores.max())
    if mask is not None:
        exponentials = exponentials * mask
    return exponentials / exponentials.sum(-1, keepdim=True).clamp_min(1e-30)


@mistake("attention_weights", caught_by="test_weights_survive_large_scores")
def exponents_cut_off(query, key, mask=None):
    """Cuts scores off at 80 in place of a shift, so that larger ones all count the same."""
    exponentials = torch.exp(_scores(query, key).clamp(-80, 80))
    if mask is not None:
        exponentials = exponentials * mask
    return exponentials / exponentials.sum(-1, keepdim=True).clamp_min(1e-30)


@mistake("attention_weights", caught_by="test_weights_do_not_see_a_large_hidden_score")
def shared_out_again(query, key, mask=None):
    """Strikes weights out after the softmax and divides by what is left, which may be nothing."""
    weights = _scores(query, key).softmax(-1)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-30)
    return weights


@mistake("attention_weights", caught_by="test_weights_take_a_mask_that_broadcasts")
def mask_of_two_axes(query, key, mask=None):
    """Takes a mask of two axes for (batch, key_len), when it is (query_len, key_len)."""
    if mask is not None and mask.dim() == 2 and query.dim() == 3:
        mask = mask[:, None]
    return _masked(_scores(query, key), mask)


@mistake("attention_weights", caught_by="test_weights_go_where_the_mask_is_true")
def mask_inverted(query, key, mask=None):
    """Hides what is True, as nn.MultiheadAttention does."""
    return _masked(_scores(query, key), None if mask is None else ~mask)


@mistake("attention_weights", caught_by="test_weights_under_a_mask_sum_to_one")
def mask_after_softmax(query, key, mask=None):
    """Strikes weights out and does not share them again."""
    weights = _scores(query, key).softmax(-1)
    return weights if mask is None else weights * mask


@mistake("attention_weights", caught_by="test_weights_go_where_the_mask_is_true")
def weights_without_the_mask(query, key, mask=None):
    """Never uses the mask."""
    return _scores(query, key).softmax(-1)


@mistake("attention_weights", caught_by="test_weights_of_hidden_keys_are_zero")
def scores_times_the_mask(query, key, mask=None):
    """Multiplies the scores by the mask: a hidden score of zero still has e⁰ = 1."""
    scores = _scores(query, key)
    return (scores if mask is None else scores * mask).softmax(-1)


@mistake("attention_weights", caught_by="test_weights_of_hidden_keys_are_zero")
def finite_fill(query, key, mask=None):
    """Hides with −10, which leaks."""
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -10.0)).softmax(-1)


@mistake("attention_weights", caught_by="test_weights_take_a_mask_that_broadcasts")
def indexed_by_the_mask(query, key, mask=None):
    """Indexes with the mask, which must then have the full shape."""
    scores = _scores(query, key)
    if mask is None:
        return scores.softmax(-1)
    scores[~mask] = -math.inf
    return scores.softmax(-1).nan_to_num(0.0)


@mistake("attention_weights", caught_by="test_weights_with_nothing_to_attend_to_are_zero")
def nan_on_a_dead_row(query, key, mask=None):
    """Does not think of rows in which everything is hidden."""
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1)


@mistake("attention_weights", caught_by="test_weights_values")
def cosine(query, key, mask=None):
    """Compares directions only."""
    return _masked(_scores(F.normalize(query, dim=-1), F.normalize(key, dim=-1)), mask)


@right_answer("attention_weights")
def weights_by_einsum(query, key, mask=None):
    return _masked(torch.einsum("...qd,...kd->...qk", query * query.shape[-1] ** -0.5, key), mask)


@right_answer("attention_weights")
def weights_by_exponentials(query, key, mask=None):
    scores = _scores(query, key)
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    scores = torch.where(allowed, scores, -math.inf)
    top = scores.amax(-1, keepdim=True).clamp_min(torch.finfo(scores.dtype).min)
    exponentials = torch.exp(scores - top)
    total = exponentials.sum(-1, keepdim=True)
    return exponentials / torch.where(total == 0, 1.0, total)


@right_answer("attention_weights")
def weights_by_torch(query, key, mask=None):
    value = torch.eye(key.shape[-2]).expand(*key.shape[:-1], -1)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


# --- scaled_dot_product_attention ---


@mistake("scaled_dot_product_attention", caught_by="test_attention_runs")
def key_as_it_is(query, key, value, mask=None):
    """Forgets to turn the key over: no inner axis fits."""
    return _masked(query @ key / math.sqrt(query.shape[-1]), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_output_is_as_wide_as_a_value")
def weighted_keys(query, key, value, mask=None):
    """Mixes the keys instead of the values."""
    return _masked(_scores(query, key), mask) @ key


@mistake("scaled_dot_product_attention", caught_by="test_attention_leaves_its_inputs_alone")
def mask_turned_in_place(query, key, value, mask=None):
    """Turns the caller's mask over to hide what is False."""
    scores = _scores(query, key)
    if mask is None:
        return scores.softmax(-1) @ value
    weights = scores.masked_fill(mask.logical_not_(), -math.inf).softmax(-1)
    return weights.nan_to_num(0.0) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_leaves_its_inputs_alone")
def scaled_in_place(query, key, value, mask=None):
    """Divides the caller's query."""
    return _masked(query.div_(math.sqrt(query.shape[-1])) @ key.transpose(-2, -1), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_weighs_with_positive_shares")
def scores_as_weights(query, key, value, mask=None):
    """Leaves the softmax out."""
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, 0.0)) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_answers_each_query_alone")
def wrong_softmax_axis(query, key, value, mask=None):
    """Normalises over the queries."""
    scores = _scores(query, key)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-2).nan_to_num(0.0) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_averages")
def scale_after_softmax(query, key, value, mask=None):
    """Divides the weights by √d instead of the scores."""
    return _masked(query @ key.transpose(-2, -1), mask) / math.sqrt(query.shape[-1]) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_ignores_the_order_of_entries")
def reshaped_key(query, key, value, mask=None):
    """Reshapes the key where it should be transposed."""
    turned = key.reshape(*key.shape[:-2], key.shape[-1], key.shape[-2])
    return _masked(query @ turned / math.sqrt(query.shape[-1]), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_is_scaled")
def no_scale(query, key, value, mask=None):
    """Leaves the dot products as they are."""
    return _masked(query @ key.transpose(-2, -1), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_scale_depends_on_d_alone")
def scale_by_key_len(query, key, value, mask=None):
    """Divides by the root of the number of keys."""
    return _masked(query @ key.transpose(-2, -1) / math.sqrt(key.shape[-2]), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_scale_depends_on_d_alone")
def scale_by_value_width(query, key, value, mask=None):
    """Divides by the root of the value's width."""
    return _masked(query @ key.transpose(-2, -1) / math.sqrt(value.shape[-1]), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_scale_is_one_over_root_d")
def scale_by_d(query, key, value, mask=None):
    """Divides by d instead of √d."""
    return _masked(query @ key.transpose(-2, -1) / query.shape[-1], mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_survives_large_scores")
def overflow(query, key, value, mask=None):
    """Exponentiates the scores as they are."""
    exponentials = torch.exp(_scores(query, key))
    if mask is not None:
        exponentials = exponentials * mask
    return exponentials / exponentials.sum(-1, keepdim=True).clamp_min(1e-30) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_survives_large_scores")
def cut_off(query, key, value, mask=None):
    """Cuts scores off at 80 in place of a shift, so that larger ones all count the same."""
    exponentials = torch.exp(_scores(query, key).clamp(-80, 80))
    if mask is not None:
        exponentials = exponentials * mask
    return exponentials / exponentials.sum(-1, keepdim=True).clamp_min(1e-30) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_takes_a_mask_that_broadcasts")
def two_axes_taken_for_padding(query, key, value, mask=None):
    """Takes a mask of two axes for (batch, key_len), when it is (query_len, key_len)."""
    if mask is not None and mask.dim() == 2 and query.dim() == 3:
        mask = mask[:, None]
    return _masked(_scores(query, key), mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_runs")
def by_the_books_weights(query, key, value, mask=None):
    """Calls the book's own attention_weights; one's own is welcome."""
    return book.attention_weights(query, key, mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_goes_where_the_mask_is_true")
def true_means_hidden(query, key, value, mask=None):
    """Hides what is True, as nn.MultiheadAttention does."""
    return _masked(_scores(query, key), None if mask is None else ~mask) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_goes_where_the_mask_is_true")
def mask_unused(query, key, value, mask=None):
    """Never uses the mask."""
    return _scores(query, key).softmax(-1) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_under_a_mask_averages")
def struck_out_after_softmax(query, key, value, mask=None):
    """Strikes weights out and does not share them again."""
    weights = _scores(query, key).softmax(-1)
    return (weights if mask is None else weights * mask) @ value


@mistake(
    "scaled_dot_product_attention", caught_by="test_attention_gives_hidden_keys_next_to_nothing"
)
def scores_times_mask(query, key, value, mask=None):
    """Multiplies the scores by the mask: a hidden score of zero still has e⁰ = 1."""
    scores = _scores(query, key)
    return (scores if mask is None else scores * mask).softmax(-1) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_leaks_nothing")
def filled_with_minus_ten(query, key, value, mask=None):
    """Hides with −10, which leaks a little always."""
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -10.0)).softmax(-1) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_leaks_nothing")
def filled_with_minus_ten_thousand(query, key, value, mask=None):
    """Hides with −10000, which leaks everything once the allowed scores are lower."""
    scores = _scores(query, key)
    if mask is None:
        return scores.softmax(-1) @ value
    weights = scores.masked_fill(~mask, -1e4).softmax(-1)
    return (weights * mask.any(-1, keepdim=True)) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_takes_a_mask_that_broadcasts")
def mask_as_index(query, key, value, mask=None):
    """Indexes with the mask, which must then have the full shape."""
    scores = _scores(query, key)
    if mask is None:
        return scores.softmax(-1) @ value
    scores[~mask] = -math.inf
    return scores.softmax(-1).nan_to_num(0.0) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_to_nothing_is_not_nan")
def dead_row_nan(query, key, value, mask=None):
    """Does not think of queries for which everything is hidden."""
    scores = _scores(query, key)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_to_nothing_is_zero")
def dead_row_uniform(query, key, value, mask=None):
    """Hides with −10⁹, so a query that may attend to nothing averages what is hidden."""
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -1e9)).softmax(-1) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_values")
def cosine_attention(query, key, value, mask=None):
    """Compares directions only."""
    return _masked(_scores(F.normalize(query, dim=-1), F.normalize(key, dim=-1)), mask) @ value


@mistake(
    "scaled_dot_product_attention", caught_by="test_attention_does_not_see_a_large_hidden_score"
)
def renormalised_afterwards(query, key, value, mask=None):
    """Strikes weights out after the softmax and divides by what is left, which may be nothing."""
    weights = _scores(query, key).softmax(-1)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(-1, keepdim=True).clamp_min(1e-30)
    return weights @ value


@mistake(
    "scaled_dot_product_attention", caught_by="test_attention_to_nothing_has_a_finite_gradient"
)
def nan_replaced_too_late(query, key, value, mask=None):
    """Adds −∞ to hide and overwrites the NaN after the softmax; it comes back in the gradient."""
    scores = _scores(query, key)
    if mask is None:
        return scores.softmax(-1) @ value
    hide = torch.zeros(mask.shape).masked_fill(~mask, -math.inf)
    return (scores + hide).softmax(-1).nan_to_num(0.0) @ value


@mistake(
    "scaled_dot_product_attention", caught_by="test_attention_to_nothing_has_a_finite_gradient"
)
def weights_detached(query, key, value, mask=None):
    """Cuts the weights off, so that neither query nor key can learn."""
    return _masked(_scores(query, key), mask).detach() @ value


@mistake(
    "scaled_dot_product_attention",
    caught_by="test_attention_takes_large_queries_in_half_precision",
)
def scaled_after_the_product(query, key, value, mask=None):
    """Divides by √d when the product has passed the largest number of float16."""
    return _masked(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]), mask) @ value


@mistake(
    "scaled_dot_product_attention",
    caught_by="test_attention_takes_large_queries_in_half_precision",
)
def infinity_cut_off(query, key, value, mask=None):
    """Cuts an infinite product off at the largest number, so that large scores tie."""
    products = query @ key.transpose(-2, -1)
    largest = torch.finfo(products.dtype).max
    scores = products.clamp(-largest, largest) / math.sqrt(query.shape[-1])
    return _masked(scores, mask) @ value


def _scaled_first(query, key):
    return query / math.sqrt(query.shape[-1]) @ key.transpose(-2, -1)


@mistake(
    "scaled_dot_product_attention", caught_by="test_attention_answers_in_the_dtype_of_the_query"
)
def left_in_float32(query, key, value, mask=None):
    """Computes in float32 to be safe, and does not come back."""
    wide = torch.promote_types(query.dtype, torch.float32)
    weights = _masked(_scores(query.to(wide), key.to(wide)), mask)
    return (weights @ value.to(wide)).float()


@right_answer("scaled_dot_product_attention")
def computed_in_float32(query, key, value, mask=None):
    weights = _masked(_scores(query.float(), key.float()), mask)
    return (weights @ value.float()).to(query.dtype)


@right_answer("scaled_dot_product_attention")
def nan_replaced_in_time(query, key, value, mask=None):
    """Also overwrites a NaN, but masked_fill lets no gradient of it through."""
    scores = _scaled_first(query, key)
    if mask is None:
        return scores.softmax(-1) @ value
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0) @ value


@mistake("scaled_dot_product_attention", caught_by="test_attention_runs")
def by_torch(query, key, value, mask=None):
    """Calls the ready-made function, which the exercise forbids."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@right_answer("scaled_dot_product_attention")
def attention_by_einsum(query, key, value, mask=None):
    scores = torch.einsum("...qd,...kd->...qk", query * query.shape[-1] ** -0.5, key)
    return torch.einsum("...qk,...kv->...qv", _masked(scores, mask), value)


@right_answer("scaled_dot_product_attention")
def attention_query_by_query(query, key, value, mask=None):
    rows = []
    for i in range(query.shape[-2]):
        scores = (key * (query[..., i : i + 1, :] / math.sqrt(key.shape[-1]))).sum(-1)
        row = None
        if mask is not None:
            row = mask.expand(*scores.shape[:-1], query.shape[-2], -1)[..., i, :]
        rows.append((_masked(scores, row)[..., None] * value).sum(-2))
    return torch.stack(rows, -2)


@right_answer("scaled_dot_product_attention")
def softmax_module(query, key, value, mask=None):
    root = query.size(-1) ** 0.25  # half of the scale on each side
    scores = torch.matmul(query / root, key.mT / root)
    if mask is None:
        return torch.matmul(nn.Softmax(dim=-1)(scores), value)
    some = mask.any(-1, keepdim=True)
    hide = torch.zeros_like(scores).masked_fill(~mask & some, -math.inf)
    return torch.where(some, nn.Softmax(dim=-1)(scores + hide), 0.0) @ value
