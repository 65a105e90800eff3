"""Known answers to the exercise of alignment: what people really write, right and wrong."""

import math

import torch

import attention as book
from attention import masked_softmax, padding_mask
from grading.known import mistake, right_answer


def _weights(state, memory, lengths, scorer):
    """The right weights, (batch, 1, src_len): what most of the mistakes start from."""
    return masked_softmax(scorer(state[:, None], memory), padding_mask(lengths, memory.shape[1]))


@mistake("context", caught_by="test_context_comes_with_its_weights")
def only_the_context(state, memory, lengths, scorer):
    """Keeps the weights to itself."""
    return (_weights(state, memory, lengths, scorer) @ memory).squeeze(1)


@mistake("context", caught_by="test_scorer_meets_one_query_and_all_keys")
def state_without_an_axis(state, memory, lengths, scorer):
    """Hands the state over as it is, so that the sentences of the batch are taken for queries."""
    scores = scorer(state, memory)
    weights = masked_softmax(scores, padding_mask(lengths, memory.shape[1]))
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_scorer_meets_one_query_and_all_keys")
def query_and_key_exchanged(state, memory, lengths, scorer):
    """Lets the memory ask."""
    scores = scorer(memory, state[:, None]).transpose(-2, -1)
    weights = masked_softmax(scores, padding_mask(lengths, memory.shape[1]))
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_scorer_meets_one_query_and_all_keys")
def scorer_ignored(state, memory, lengths, scorer):
    """Takes dot products, whatever scorer it is given."""
    scores = (state[:, None] * memory).sum(-1, keepdim=True).transpose(1, 2)
    weights = masked_softmax(scores, padding_mask(lengths, memory.shape[1]))
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_context_has_a_row_for_each_sentence")
def query_axis_kept(state, memory, lengths, scorer):
    """Returns the axis of the one query as well."""
    weights = _weights(state, memory, lengths, scorer)
    return weights @ memory, weights


@mistake("context", caught_by="test_context_has_a_row_for_each_sentence")
def weights_first(state, memory, lengths, scorer):
    """Returns the pair the wrong way round."""
    weights = _weights(state, memory, lengths, scorer)
    return weights.squeeze(1), (weights @ memory).squeeze(1)


@mistake("context", caught_by="test_context_keeps_a_batch_of_one")
def everything_squeezed(state, memory, lengths, scorer):
    """Removes every axis of length one."""
    weights = _weights(state, memory, lengths, scorer)
    return (weights @ memory).squeeze(), weights.squeeze()


@mistake("context", caught_by="test_context_leaves_its_inputs_alone")
def memory_masked_in_place(state, memory, lengths, scorer):
    """Clears the padding in the caller's memory."""
    mask = padding_mask(lengths, memory.shape[1])
    memory.masked_fill_(~mask.transpose(1, 2), 0.0)
    weights = masked_softmax(scorer(state[:, None], memory), mask)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_context_reads_each_sentence_alone")
def softmax_over_the_batch(state, memory, lengths, scorer):
    """Lets the sentences compete with one another."""
    scores = scorer(state[:, None], memory)
    scores = scores.masked_fill(~padding_mask(lengths, memory.shape[1]), -math.inf)
    weights = scores.softmax(0).nan_to_num(0.0)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_positions_share_one")
def softmax_over_the_query_axis(state, memory, lengths, scorer):
    """Normalises over the axis of length one, so that every real position gets a weight of one."""
    scores = scorer(state[:, None], memory)
    scores = scores.masked_fill(~padding_mask(lengths, memory.shape[1]), -math.inf)
    weights = scores.softmax(1).nan_to_num(0.0)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_real_positions_outweigh_padding")
def mask_inverted(state, memory, lengths, scorer):
    """Hides what is real."""
    mask = ~padding_mask(lengths, memory.shape[1])
    weights = masked_softmax(scorer(state[:, None], memory), mask)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_padding_is_hidden")
def mask_forgotten(state, memory, lengths, scorer):
    """Does not use the lengths."""
    weights = scorer(state[:, None], memory).softmax(-1)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_padding_is_hidden")
def padding_set_to_zero_instead(state, memory, lengths, scorer):
    """Zeroes the padded states, and forgets that a zero vector has a score as well."""
    mask = padding_mask(lengths, memory.shape[1])
    weights = scorer(state[:, None], memory).softmax(-1)
    return (weights @ (memory * mask.transpose(1, 2))).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_exactly_the_real_positions_count")
def one_position_too_many(state, memory, lengths, scorer):
    """Counts with <=."""
    mask = torch.arange(memory.shape[1]) <= lengths[:, None, None]
    weights = masked_softmax(scorer(state[:, None], memory), mask)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_exactly_the_real_positions_count")
def one_position_too_few(state, memory, lengths, scorer):
    """Counts positions from one."""
    mask = torch.arange(1, memory.shape[1] + 1) < lengths[:, None, None]
    weights = masked_softmax(scorer(state[:, None], memory), mask)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_exactly_the_real_positions_count")
def one_length_for_all(state, memory, lengths, scorer):
    """Cuts every sentence where the shortest of the batch ends."""
    mask = padding_mask(lengths.min().expand(len(lengths)), memory.shape[1])
    weights = masked_softmax(scorer(state[:, None], memory), mask)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_real_positions_share_all_the_weight")
def mask_after_softmax(state, memory, lengths, scorer):
    """Strikes the padding out and does not share its weight."""
    mask = padding_mask(lengths, memory.shape[1])
    weights = scorer(state[:, None], memory).softmax(-1) * mask
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_padding_gets_exactly_nothing")
def scores_times_mask(state, memory, lengths, scorer):
    """Multiplies the scores by the mask, which leaves padding a score of zero."""
    mask = padding_mask(lengths, memory.shape[1])
    weights = (scorer(state[:, None], memory) * mask).softmax(-1)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_padding_gets_exactly_nothing")
def hidden_with_a_finite_number(state, memory, lengths, scorer):
    """Hides with −1000, which is more than some scores."""
    mask = padding_mask(lengths, memory.shape[1])
    weights = scorer(state[:, None], memory).masked_fill(~mask, -1e3).softmax(-1)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_context_is_what_the_weights_say")
def averaged_before_weighting(state, memory, lengths, scorer):
    """Averages the states first, so that the weights choose nothing."""
    mask = padding_mask(lengths, memory.shape[1])
    mean = (memory * mask.transpose(1, 2)).sum(1) / lengths.clamp_min(1)[:, None]
    weights = _weights(state, memory, lengths, scorer).squeeze(1)
    return weights.sum(-1, keepdim=True) * mean, weights


@mistake("context", caught_by="test_context_is_what_the_weights_say")
def last_state(state, memory, lengths, scorer):
    """Returns the state in which reading ended, as a decoder without attention would get it."""
    weights = _weights(state, memory, lengths, scorer).squeeze(1)
    last = memory[torch.arange(len(memory)), (lengths - 1).clamp_min(0)]
    return last * (lengths > 0)[:, None], weights


@mistake("context", caught_by="test_context_is_what_the_weights_say")
def best_state_only(state, memory, lengths, scorer):
    """Looks up the state with the largest weight, as a dictionary would."""
    weights = _weights(state, memory, lengths, scorer).squeeze(1)
    return memory[torch.arange(len(memory)), weights.argmax(-1)], weights


@mistake("context", caught_by="test_weights_are_the_softmax_of_the_scores")
def scaled_again(state, memory, lengths, scorer):
    """Divides by √d, which is the scorer's business."""
    scores = scorer(state[:, None], memory) / math.sqrt(state.shape[-1])
    weights = masked_softmax(scores, padding_mask(lengths, memory.shape[1]))
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_nothing_to_read_gives_zeros")
def nan_for_length_zero(state, memory, lengths, scorer):
    """Does not think of a sentence without words."""
    mask = padding_mask(lengths, memory.shape[1])
    weights = scorer(state[:, None], memory).masked_fill(~mask, -math.inf).softmax(-1)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


@mistake("context", caught_by="test_nothing_to_read_gives_zeros")
def uniform_for_length_zero(state, memory, lengths, scorer):
    """Hides with a huge finite number, after which a sentence without words reads its padding."""
    scores = scorer(state[:, None], memory)
    mask = padding_mask(lengths, memory.shape[1])
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
    return (weights @ memory).squeeze(1), weights.squeeze(1)


def _by_exponentials(state, memory, lengths, scorer, largest):
    """The right weights, if `largest(scores, real)` is the largest real score of each row."""
    scores = scorer(state[:, None], memory)[:, 0]
    real = torch.arange(memory.shape[1]) < lengths[:, None]
    exponentials = torch.where(real, (scores - largest(scores, real)).exp(), 0.0)
    total = exponentials.sum(-1, keepdim=True)
    weights = exponentials / torch.where(real.any(-1, keepdim=True), total, 1.0)
    return (weights[..., None] * memory).sum(1), weights


@mistake("context", caught_by="test_larger_scores_elsewhere_change_nothing")
def largest_of_all_sentences(state, memory, lengths, scorer):
    """Subtracts the largest score of the batch, of which a sentence far below keeps nothing."""
    return _by_exponentials(state, memory, lengths, scorer, lambda scores, real: scores[real].max())


@mistake("context", caught_by="test_larger_scores_elsewhere_change_nothing")
def largest_with_padding(state, memory, lengths, scorer):
    """Takes the maximum before the padding is hidden."""
    return _by_exponentials(
        state, memory, lengths, scorer, lambda scores, real: scores.amax(-1, keepdim=True)
    )


@right_answer("context")
def sentence_by_sentence(state, memory, lengths, scorer):
    found, weights = torch.zeros_like(memory[:, 0]), torch.zeros_like(memory[..., 0])
    for b, length in enumerate(lengths.tolist()):
        if length:
            scores = scorer(state[b : b + 1, None], memory[b : b + 1])[0, 0, :length]
            weights[b, :length] = torch.softmax(scores, dim=0)
            found[b] = weights[b, :length] @ memory[b, :length]
    return found, weights


@right_answer("context")
def by_einsum(state, memory, lengths, scorer):
    weights = _weights(state, memory, lengths, scorer)[:, 0]
    return torch.einsum("bs,bsd->bd", weights, memory), weights


@right_answer("context")
def by_exponentials(state, memory, lengths, scorer):
    scores = scorer(state[:, None], memory)[:, 0]
    real = torch.arange(memory.shape[1]) < lengths[:, None]
    top = scores.masked_fill(~real, -math.inf).amax(-1, keepdim=True).clamp_min(-1e30)
    exponentials = torch.where(real, (scores - top).clamp_max(0.0).exp(), 0.0)
    total = exponentials.sum(-1, keepdim=True)
    weights = exponentials / torch.where(total == 0, 1.0, total)
    return (weights[..., None] * memory).sum(1), weights


@right_answer("context")
def nan_cleared_afterwards(state, memory, lengths, scorer):
    hidden = ~book.padding_mask(lengths, memory.shape[1])
    scores = scorer(state.unsqueeze(1), memory).masked_fill(hidden, -math.inf)
    weights = torch.nn.functional.softmax(scores, dim=-1).nan_to_num(0.0)
    return torch.bmm(weights, memory)[:, 0], weights[:, 0]
