"""Known answers to the exercises of encoder_decoder: what people really write, right and wrong."""

import math

import torch

import attention
from grading.known import mistake, right_answer


@mistake("shift_right", caught_by="test_shift_keeps_the_length")
def nothing_dropped(tokens, start):
    """Puts start in front and keeps everything."""
    return torch.cat([torch.full_like(tokens[:, :1], start), tokens], dim=1)


@mistake("shift_right", caught_by="test_shift_keeps_the_length")
def only_the_last_dropped(tokens, start):
    """Drops the last token and forgets start."""
    return tokens[:, :-1]


@mistake("shift_right", caught_by="test_shift_keeps_whole_numbers")
def room_of_floats(tokens, start):
    """Writes into zeros, which are floating point."""
    read = torch.zeros(tokens.shape)
    read[:, 0], read[:, 1:] = start, tokens[:, :-1]
    return read


@mistake("shift_right", caught_by="test_shift_leaves_the_tokens_alone")
def in_place(tokens, start):
    """Moves the caller's tokens."""
    tokens[:, 1:] = tokens[:, :-1].clone()
    tokens[:, 0] = start
    return tokens


@mistake("shift_right", caught_by="test_shift_puts_start_first")
def around_the_end(tokens, start):
    """Rolls, so that the last word stands before the first."""
    return tokens.roll(1, dims=1)


@mistake("shift_right", caught_by="test_shift_puts_start_first")
def always_zero(tokens, start):
    """Fills up with zeros, whatever start is."""
    return torch.nn.functional.pad(tokens[:, :-1], (1, 0))


@mistake("shift_right", caught_by="test_shift_puts_start_first")
def along_the_batch(tokens, start):
    """Moves sentences, not words."""
    return torch.cat([torch.full_like(tokens[:1], start), tokens[:-1]], dim=0)


@mistake("shift_right", caught_by="test_shift_puts_start_first")
def start_at_the_end(tokens, start):
    """Shifts to the left."""
    return torch.cat([tokens[:, 1:], torch.full_like(tokens[:, :1], start)], dim=1)


@mistake("shift_right", caught_by="test_shift_shows_no_token_that_is_asked_for")
def first_overwritten(tokens, start):
    """Drops the first token, not the last: nothing moves."""
    return torch.cat([torch.full_like(tokens[:, :1], start), tokens[:, 1:]], dim=1)


@mistake("shift_right", caught_by="test_shift_shows_no_token_that_is_asked_for")
def rolled_the_wrong_way(tokens, start):
    """Rolls to the left and then writes start."""
    read = tokens.roll(-1, dims=1)
    read[:, 0] = start
    return read


@mistake("shift_right", caught_by="test_shift_values")
def two_places(tokens, start):
    """Moves everything by two places."""
    return torch.nn.functional.pad(tokens[:, :-2], (2, 0), value=start)


@right_answer("shift_right")
def by_pad(tokens, start):
    return torch.nn.functional.pad(tokens[:, :-1], (1, 0), value=start)


@right_answer("shift_right")
def by_roll(tokens, start):
    read = tokens.roll(1, dims=1)
    read[:, 0] = start
    return read


@right_answer("shift_right")
def row_by_row(tokens, start):
    return torch.tensor([[start, *row[:-1]] for row in tokens.tolist()])


def _costs(logits, target):
    return -logits.log_softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)


def _mean(costs, target, padding):
    return costs.mean() if padding is None else costs[target != padding].mean()


@mistake("next_token_loss", caught_by="test_loss_is_one_number")
def one_for_each_place(logits, tokens, padding=None):
    """Returns the cost of each place."""
    return _costs(logits[:, :-1], tokens[:, 1:])


@mistake("next_token_loss", caught_by="test_loss_is_one_number")
def a_float(logits, tokens, padding=None):
    """Returns a Python number, which has no gradient."""
    return _mean(_costs(logits[:, :-1], tokens[:, 1:]), tokens[:, 1:], padding).item()


@mistake("next_token_loss", caught_by="test_loss_can_be_trained_on")
def share_of_wrong_words(logits, tokens, padding=None):
    """Counts mistakes, of which there is no gradient."""
    return (logits[:, :-1].argmax(-1) != tokens[:, 1:]).float().mean()


@mistake("next_token_loss", caught_by="test_loss_leaves_its_inputs_alone")
def filler_marked_in_place(logits, tokens, padding=None):
    """Writes cross_entropy's −100 into the caller's tokens."""
    target = tokens[:, 1:]
    if padding is not None:
        target[target == padding] = -100
    return torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), target)


@mistake("next_token_loss", caught_by="test_loss_of_a_model_that_knows_nothing")
def summed(logits, tokens, padding=None):
    """Adds up the costs."""
    return _costs(logits[:, :-1], tokens[:, 1:]).sum()


@mistake("next_token_loss", caught_by="test_loss_of_a_model_that_knows_nothing")
def in_bits(logits, tokens, padding=None):
    """Takes the logarithm to base two."""
    return _costs(logits[:, :-1], tokens[:, 1:]).mean() / math.log(2)


@mistake("next_token_loss", caught_by="test_loss_of_a_model_that_knows_nothing")
def without_the_sign(logits, tokens, padding=None):
    """Makes what is to grow smaller."""
    return -_costs(logits[:, :-1], tokens[:, 1:]).mean()


@mistake("next_token_loss", caught_by="test_loss_of_a_model_that_knows_nothing")
def mean_of_probabilities(logits, tokens, padding=None):
    """Forgets the logarithm."""
    return (-_costs(logits[:, :-1], tokens[:, 1:])).exp().mean()


@mistake("next_token_loss", caught_by="test_loss_of_a_model_that_knows_nothing")
def softmax_over_places(logits, tokens, padding=None):
    """Lets the places of a sentence compete, not the tokens of the vocabulary."""
    costs = -logits.log_softmax(1)[:, :-1].gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    return _mean(costs, tokens[:, 1:], padding)


@mistake("next_token_loss", caught_by="test_loss_asks_for_the_token_after")
def not_shifted(logits, tokens, padding=None):
    """Holds the logits at t against the token at t."""
    return _mean(_costs(logits, tokens), tokens, padding)


@mistake("next_token_loss", caught_by="test_loss_asks_for_the_token_after")
def shifted_the_wrong_way(logits, tokens, padding=None):
    """Asks for the token before."""
    return _mean(_costs(logits[:, 1:], tokens[:, :-1]), tokens[:, :-1], padding)


@mistake("next_token_loss", caught_by="test_loss_asks_for_the_token_after")
def shifted_twice(logits, tokens, padding=None):
    """Asks for the token after the next."""
    return _mean(_costs(logits[:, :-2], tokens[:, 2:]), tokens[:, 2:], padding)


@mistake("next_token_loss", caught_by="test_loss_asks_for_the_token_after")
def softmax_twice(logits, tokens, padding=None):
    """Hands probabilities to a function that wants logits."""
    scores = logits[:, :-1].softmax(-1).transpose(1, 2)
    return torch.nn.functional.cross_entropy(scores, tokens[:, 1:])


@mistake("next_token_loss", caught_by="test_loss_asks_for_the_token_after")
def axes_by_view(logits, tokens, padding=None):
    """Makes (batch, vocab_size, length) by reshape, which mixes places."""
    batch, length, vocab_size = logits[:, :-1].shape
    scores = logits[:, :-1].reshape(batch, vocab_size, length)
    return torch.nn.functional.cross_entropy(scores, tokens[:, 1:])


@mistake("next_token_loss", caught_by="test_loss_does_not_ask_the_last_place")
def the_first_word_after_the_last(logits, tokens, padding=None):
    """Rolls the tokens, so that the last place is asked for the first."""
    target = tokens.roll(-1, dims=1)
    return _mean(_costs(logits, target), target, padding)


@mistake("next_token_loss", caught_by="test_loss_asks_every_other_place")
def only_the_last_word(logits, tokens, padding=None):
    """Asks each sentence for its last token alone."""
    return _mean(_costs(logits[:, -2], tokens[:, -1]), tokens[:, -1], padding)


@mistake("next_token_loss", caught_by="test_loss_asks_every_other_place")
def zero_is_always_filler(logits, tokens, padding=None):
    """Leaves out token 0 also where nobody said that it is filler."""
    return _mean(_costs(logits[:, :-1], tokens[:, 1:]), tokens[:, 1:], padding or 0)


@mistake("next_token_loss", caught_by="test_loss_does_not_ask_for_filler")
def filler_asked_for(logits, tokens, padding=None):
    """Never looks at padding."""
    return _costs(logits[:, :-1], tokens[:, 1:]).mean()


@mistake("next_token_loss", caught_by="test_loss_does_not_ask_for_filler")
def zero_is_nothing(logits, tokens, padding=None):
    """Asks `if padding`, which 0 does not pass."""
    target = tokens[:, 1:]
    return _mean(_costs(logits[:, :-1], target), target, padding if padding else None)


@mistake("next_token_loss", caught_by="test_loss_does_not_ask_for_filler")
def filler_that_was_read(logits, tokens, padding=None):
    """Leaves out where filler was read, so that after the end it is still asked for."""
    return _mean(_costs(logits[:, :-1], tokens[:, 1:]), tokens[:, :-1], padding)


@mistake("next_token_loss", caught_by="test_loss_does_not_ask_for_filler")
def filler_read_or_asked(logits, tokens, padding=None):
    """Leaves out one place too many: the last real token of each sentence with filler."""
    real = torch.ones_like(tokens[:, 1:], dtype=torch.bool)
    if padding is not None:
        real = (tokens[:, 1:] != padding) & (tokens.roll(-2, dims=1)[:, :-1] != padding)
    return _costs(logits[:, :-1], tokens[:, 1:])[real].mean()


@mistake("next_token_loss", caught_by="test_loss_is_the_mean_over_what_is_asked")
def zeros_in_the_mean(logits, tokens, padding=None):
    """Sets the cost of filler to zero and divides by all places."""
    costs = _costs(logits[:, :-1], tokens[:, 1:])
    return costs.mean() if padding is None else (costs * (tokens[:, 1:] != padding)).mean()


@mistake("next_token_loss", caught_by="test_loss_is_the_mean_over_what_is_asked")
def mean_of_means(logits, tokens, padding=None):
    """Averages each sentence, then the sentences."""
    target = tokens[:, 1:]
    rows = zip(_costs(logits[:, :-1], target), target, strict=True)
    return torch.stack([_mean(costs, row, padding) for costs, row in rows]).mean()


@mistake("next_token_loss", caught_by="test_loss_survives_a_model_that_is_sure_and_wrong")
def logarithm_of_softmax(logits, tokens, padding=None):
    """Computes p first, which may be rounded to 0."""
    p = logits[:, :-1].softmax(-1).gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    return _mean(-p.log(), tokens[:, 1:], padding)


@right_answer("next_token_loss")
def by_cross_entropy(logits, tokens, padding=None):
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2),
        tokens[:, 1:],
        ignore_index=-100 if padding is None else padding,
    )


@right_answer("next_token_loss")
def by_gather(logits, tokens, padding=None):
    return _mean(_costs(logits[:, :-1], tokens[:, 1:]), tokens[:, 1:], padding)


@right_answer("next_token_loss")
def by_logsumexp_and_a_weight(logits, tokens, padding=None):
    logits, target = logits[:, :-1], tokens[:, 1:]
    picked = torch.einsum("btv,btv->bt", logits, torch.nn.functional.one_hot(target, 7).float())
    asked = torch.ones(target.shape) if padding is None else (target != padding).float()
    return ((logits.logsumexp(-1) - picked) * asked).sum() / asked.sum()


@right_answer("next_token_loss")
def place_by_place(logits, tokens, padding=None):
    costs = []
    for row, sentence in zip(logits, tokens, strict=True):
        for scores, token in zip(row[:-1], sentence[1:], strict=True):
            if padding is None or token != padding:
                costs.append(scores.logsumexp(0) - scores[token])
    return torch.stack(costs).mean()


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


@mistake("cross_attention", caught_by="test_cross_averages_the_values")
def scaled_after_the_softmax(x, memory, w_query, w_key, w_value, mask=None):
    """Divides the weights by √head_dim instead of the scores."""
    answers = _attend(
        x @ w_query * w_query.shape[-1] ** 0.5, memory @ w_key, memory @ w_value, mask
    )
    return answers / w_query.shape[-1] ** 0.5


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
