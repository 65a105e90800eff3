"""Known answers to the exercises of multi_head: what people really write, right and wrong."""

import torch
import torch.nn.functional as F
from torch import nn

from grading.known import mistake, right_answer

# --- split_heads


@mistake("split_heads", caught_by="test_split_keeps_tokens_apart")
def view_to_the_final_shape(x, n_heads):
    """Views straight to (batch, n_heads, length, head_dim): the right shape, the wrong places."""
    batch, length, d_model = x.shape
    return x.view(batch, n_heads, length, d_model // n_heads)


@mistake("split_heads", caught_by="test_split_keeps_tokens_apart")
def transposed_then_reshaped(x, n_heads):
    """Swaps length and d_model first, then reshapes to the wanted shape."""
    batch, length, d_model = x.shape
    return x.transpose(1, 2).reshape(batch, n_heads, length, d_model // n_heads)


@mistake("split_heads", caught_by="test_split_brings_the_head_axis_forward")
def swap_forgotten(x, n_heads):
    """Cuts the last axis and leaves the head axis behind the tokens."""
    batch, length, d_model = x.shape
    return x.view(batch, length, n_heads, d_model // n_heads)


@mistake("split_heads", caught_by="test_split_brings_the_head_axis_forward")
def swapped_the_wrong_pair(x, n_heads):
    """Exchanges the last two axes, as one does for a matrix product."""
    return x.unflatten(-1, (n_heads, -1)).transpose(-2, -1)


@mistake("split_heads", caught_by="test_split_brings_the_head_axis_forward")
def heads_before_the_batch(x, n_heads):
    """Stacks the slices along the first axis."""
    return torch.stack(x.chunk(n_heads, dim=-1))


@mistake("split_heads", caught_by="test_split_brings_the_head_axis_forward")
def heads_folded_into_the_batch(x, n_heads):
    """Makes one axis of batch and heads, as some older code does."""
    batch, length, _ = x.shape
    heads = x.view(batch, length, n_heads, -1).transpose(1, 2)
    return heads.reshape(batch * n_heads, length, -1)


@mistake("split_heads", caught_by="test_split_gives_each_head_its_own_slice")
def interleaved(x, n_heads):
    """Cuts the last axis into (head_dim, n_heads): head h takes every n_heads-th number."""
    return x.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)


@mistake("split_heads", caught_by="test_split_gives_each_head_its_own_slice")
def first_slice_for_everyone(x, n_heads):
    """Gives every head the same first head_dim numbers."""
    piece = x[..., : x.shape[-1] // n_heads]
    return piece[:, None].repeat(1, n_heads, 1, 1)


@mistake("split_heads", caught_by="test_split_leaves_its_input_alone")
def resized_in_place(x, n_heads):
    """Gives the caller's tensor four axes."""
    batch, length, d_model = x.shape
    return x.resize_(batch, length, n_heads, d_model // n_heads).transpose(1, 2)


@mistake("split_heads", caught_by="test_split_works_with_one_head")
def squeezed(x, n_heads):
    """Removes every axis of size one."""
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2).squeeze()


@right_answer("split_heads")
def by_reshape_and_permute(x, n_heads):
    batch, length, d_model = x.shape
    return x.reshape(batch, length, n_heads, d_model // n_heads).permute(0, 2, 1, 3)


@right_answer("split_heads")
def by_chunk_and_stack(x, n_heads):
    return torch.stack(x.chunk(n_heads, dim=-1), dim=1)


@right_answer("split_heads")
def by_transposing_first(x, n_heads):
    batch, length, d_model = x.shape
    columns = x.transpose(1, 2).reshape(batch, n_heads, d_model // n_heads, length)
    return columns.transpose(2, 3)


@right_answer("split_heads")
def head_by_head(x, n_heads):
    batch, length, d_model = x.shape
    width = d_model // n_heads
    heads = x.new_empty(batch, n_heads, length, width)
    for h in range(n_heads):
        heads[:, h] = x[:, :, h * width : (h + 1) * width]
    return heads


# --- merge_heads


@mistake("merge_heads", caught_by="test_merge_keeps_tokens_apart")
def reshaped_straight_back(x):
    """Reshapes without moving the head axis: each row holds several tokens."""
    batch, n_heads, length, head_dim = x.shape
    return x.reshape(batch, length, n_heads * head_dim)


@mistake("merge_heads", caught_by="test_merge_runs")
def view_after_the_swap(x):
    """Uses view on numbers that no longer lie in order."""
    batch, n_heads, length, head_dim = x.shape
    return x.transpose(1, 2).view(batch, length, n_heads * head_dim)


@mistake("merge_heads", caught_by="test_merge_gives_each_token_one_vector")
def averaged(x):
    """Averages the heads instead of putting them side by side."""
    return x.mean(1)


@mistake("merge_heads", caught_by="test_merge_gives_each_token_one_vector")
def joined_with_length(x):
    """Joins the two axes that happen to stand side by side."""
    return x.flatten(1, 2)


@mistake("merge_heads", caught_by="test_merge_puts_heads_side_by_side")
def woven(x):
    """Joins (head_dim, n_heads): the first number of each head, then the second of each."""
    return x.permute(0, 2, 3, 1).flatten(2)


@mistake("merge_heads", caught_by="test_merge_leaves_its_input_alone")
def transposed_in_place(x):
    """Swaps the axes of the caller's tensor."""
    return x.transpose_(1, 2).flatten(2)


@mistake("merge_heads", caught_by="test_merge_works_with_one_head")
def squeezed_after_joining(x):
    """Removes a batch of one."""
    return torch.cat(x.unbind(1), dim=-1).squeeze()


@mistake("merge_heads", caught_by="test_merge_undoes_splitting")
def reversed_inside(x):
    """Turns each head's numbers round on the way."""
    return x.flip(-1).transpose(1, 2).flatten(2)


@right_answer("merge_heads")
def by_permute_and_reshape(x):
    batch, n_heads, length, head_dim = x.shape
    return x.permute(0, 2, 1, 3).reshape(batch, length, n_heads * head_dim)


@right_answer("merge_heads")
def by_contiguous_view(x):
    batch, _, length, _ = x.shape
    return x.transpose(1, 2).contiguous().view(batch, length, -1)


@right_answer("merge_heads")
def by_concatenation(x):
    return torch.cat(x.unbind(dim=1), dim=-1)


# --- share_heads


def _group(heads, n_heads):
    if n_heads % heads.shape[1]:
        raise ValueError(f"{n_heads} is no multiple of {heads.shape[1]}")
    return n_heads // heads.shape[1]


@mistake("share_heads", caught_by="test_share_keeps_neighbours_together")
def in_turns(heads, n_heads):
    """Repeats the whole row of heads: query heads 0 and 3 share."""
    return heads.repeat(1, _group(heads, n_heads), 1, 1)


@mistake("share_heads", caught_by="test_share_keeps_neighbours_together")
def expanded_in_front(heads, n_heads):
    """Puts the new axis before the heads instead of behind them."""
    group = _group(heads, n_heads)
    return heads[:, None].expand(-1, group, -1, -1, -1).flatten(1, 2)


@mistake("share_heads", caught_by="test_share_keeps_neighbours_together")
def first_head_for_all(heads, n_heads):
    """Gives every query head the first head, as if there were one."""
    _group(heads, n_heads)
    return heads[:, :1].expand(-1, n_heads, -1, -1)


@mistake("share_heads", caught_by="test_share_gives_each_query_head_one")
def as_often_as_there_are_heads(heads, n_heads):
    """Repeats each head n_heads times."""
    return heads.repeat_interleave(n_heads, dim=1)


@mistake("share_heads", caught_by="test_share_gives_each_query_head_one")
def along_the_tokens(heads, n_heads):
    """Repeats the tokens of each head."""
    return heads.repeat_interleave(_group(heads, n_heads), dim=2)


@mistake("share_heads", caught_by="test_share_gives_each_query_head_one")
def group_axis_left(heads, n_heads):
    """Leaves the copies on an axis of their own."""
    return heads[:, :, None].expand(-1, -1, _group(heads, n_heads), -1, -1)


@mistake("share_heads", caught_by="test_share_values")
def numbers_repeated_and_poured(heads, n_heads):
    """Repeats along the last axis and reshapes: the right heads, with their tokens mixed."""
    batch, _, key_len, head_dim = heads.shape
    wide = heads.repeat_interleave(_group(heads, n_heads), dim=-1)
    return wide.reshape(batch, n_heads, key_len, head_dim)


@mistake("share_heads", caught_by="test_share_works_at_both_ends")
def pairs_whatever_the_numbers(heads, n_heads):
    """Takes two query heads to a group, always."""
    _group(heads, n_heads)
    return heads.repeat_interleave(2, dim=1)


@mistake("share_heads", caught_by="test_share_refuses_uneven_groups")
def remainder_forgotten(heads, n_heads):
    """Divides with // and never asks for the remainder."""
    return heads.repeat_interleave(n_heads // heads.shape[1], dim=1)


@mistake("share_heads", caught_by="test_share_learns")
def copied_without_the_gradient(heads, n_heads):
    """Copies numbers, and the gradient does not come through."""
    return heads.detach().repeat_interleave(_group(heads, n_heads), dim=1)


@right_answer("share_heads")
def by_expanding_behind_the_heads(heads, n_heads):
    group = _group(heads, n_heads)
    return heads.unsqueeze(2).expand(-1, -1, group, -1, -1).flatten(1, 2)


@mistake("share_heads", caught_by="test_share_gives_each_query_head_one")
def remainder_the_wrong_way_round(heads, n_heads):
    """Asks whether the heads of keys are a multiple of the query heads."""
    if heads.shape[1] % n_heads:
        raise ValueError("not a multiple")
    return heads.repeat_interleave(n_heads // heads.shape[1], dim=1)


@right_answer("share_heads")
def by_index(heads, n_heads):
    return heads[:, torch.arange(n_heads) // _group(heads, n_heads)]


@right_answer("share_heads")
def head_after_head(heads, n_heads):
    group = _group(heads, n_heads)
    return torch.stack([head for head in heads.unbind(1) for _ in range(group)], dim=1)


# --- MultiHeadAttention


class _Attention(nn.Module):
    """A right implementation in steps, of which each mistake replaces one."""

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__()
        self.n_heads, self.head_dim = n_heads, d_model // n_heads
        self.n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        self.to_query = nn.Linear(d_model, d_model)
        self.to_key = nn.Linear(d_model, self.n_kv_heads * self.head_dim)
        self.to_value = nn.Linear(d_model, self.n_kv_heads * self.head_dim)
        self.to_output = nn.Linear(d_model, d_model)

    def split(self, x):
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)

    def share(self, heads):
        return heads.repeat_interleave(self.n_heads // self.n_kv_heads, dim=1)

    def merge(self, x):
        return x.transpose(1, 2).flatten(2)

    def scores(self, query, key):
        return query @ key.transpose(-2, -1) / self.head_dim**0.5

    def widen(self, mask):
        return mask if mask.ndim == 2 else mask[:, None]

    def weights(self, scores, mask):
        if mask is None:
            return scores.softmax(-1)
        mask = self.widen(mask)
        weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        return weights.masked_fill(~mask, 0.0)

    def mix(self, weights, value):
        return self.merge(weights @ value)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key = self.split(self.to_query(x)), self.share(self.split(self.to_key(memory)))
        value = self.share(self.split(self.to_value(memory)))
        return self.to_output(self.mix(self.weights(self.scores(query, key), mask), value))


@mistake("MultiHeadAttention", caught_by="test_attention_ignores_the_order_of_tokens")
class ViewsInAndOut(_Attention):
    """Splits by a view to the final shape, and merges by a view back."""

    def split(self, x):
        return x.view(x.shape[0], self.n_heads, x.shape[1], self.head_dim)

    def merge(self, x):
        return x.reshape(x.shape[0], x.shape[2], -1)


@mistake("MultiHeadAttention", caught_by="test_attention_ignores_the_order_of_tokens")
class MergesByReshape(_Attention):
    """Splits well, and merges without moving the head axis back."""

    def merge(self, x):
        return x.reshape(x.shape[0], x.shape[2], -1)


@mistake("MultiHeadAttention", caught_by="test_attention_lets_every_token_hear_every_other")
class HeadsAttendToHeads(_Attention):
    """Forgets the swap: the heads of one token attend to one another."""

    def split(self, x):
        return x.unflatten(-1, (self.n_heads, -1))

    def merge(self, x):
        return x.flatten(2)


@mistake("MultiHeadAttention", caught_by="test_attention_scales_by_the_width_of_a_head")
class ScalesByTheModel(_Attention):
    """Divides the scores by √d_model."""

    def scores(self, query, key):
        return query @ key.transpose(-2, -1) / (self.n_heads * self.head_dim) ** 0.5


@mistake("MultiHeadAttention", caught_by="test_attention_scales_by_the_width_of_a_head")
class NeverScales(_Attention):
    """Uses the bare dot products."""

    def scores(self, query, key):
        return query @ key.transpose(-2, -1)


@mistake("MultiHeadAttention", caught_by="test_attention_scales_by_the_width_of_a_head")
class ScalesByTheLength(_Attention):
    """Divides the scores by the root of how many keys there are."""

    def scores(self, query, key):
        return query @ key.transpose(-2, -1) / key.shape[-2] ** 0.5


@mistake("MultiHeadAttention", caught_by="test_attention_keeps_heads_apart")
class AveragesTheWeights(_Attention):
    """Averages the weights over the heads, as PyTorch's module does when it reports them."""

    def mix(self, weights, value):
        return self.merge(weights.mean(1, keepdim=True) @ value)


@mistake("MultiHeadAttention", caught_by="test_attention_scales_by_the_width_of_a_head")
class DividesByTheWidth(_Attention):
    """Divides by head_dim and forgets the root."""

    def scores(self, query, key):
        return query @ key.transpose(-2, -1) / self.head_dim


@mistake("MultiHeadAttention", caught_by="test_attention_averages")
class ScalesTheWeights(_Attention):
    """Divides after the softmax, where nothing can be made softer."""

    def scores(self, query, key):
        return query @ key.transpose(-2, -1)

    def weights(self, scores, mask):
        return super().weights(scores, mask) / self.head_dim**0.5


@mistake("MultiHeadAttention", caught_by="test_attention_ignores_the_order_of_tokens")
class KeysReshaped(_Attention):
    """Gives the keys the shape of their transpose by a reshape."""

    def scores(self, query, key):
        batch, n_heads, key_len, head_dim = key.shape
        return query @ key.reshape(batch, n_heads, head_dim, key_len) / head_dim**0.5


@mistake("MultiHeadAttention", caught_by="test_attention_survives_large_scores")
class SoftmaxWithoutAShift(_Attention):
    """Writes the softmax out and lets exp overflow."""

    def weights(self, scores, mask):
        exponentials = scores.exp()
        if mask is not None:
            exponentials = exponentials * self.widen(mask)
        return exponentials / exponentials.sum(-1, keepdim=True).clamp_min(1e-30)


@mistake("MultiHeadAttention", caught_by="test_attention_leaves_nothing_to_chance")
class DropoutAliveInEval(_Attention):
    """Calls nn.functional.dropout, which drops unless it is told that training is over."""

    def weights(self, scores, mask):
        return F.dropout(super().weights(scores, mask), 0.1)


@mistake("MultiHeadAttention", caught_by="test_attention_keeps_heads_apart")
class AveragesTheAnswers(_Attention):
    """Averages the heads' answers and gives each slice of the output the same average."""

    def mix(self, weights, value):
        answers = weights @ value
        return self.merge(answers.mean(1, keepdim=True).expand_as(answers))


@mistake("MultiHeadAttention", caught_by="test_attention_keeps_heads_apart")
class ValuesNotSplit(_Attention):
    """Gives every head the whole values and averages the heads' answers."""

    def mix(self, weights, value):
        return (weights @ self.merge(value)[:, None]).mean(1)


@mistake("MultiHeadAttention", caught_by="test_attention_keeps_heads_apart")
class OneWideHead(_Attention):
    """Never splits: one head as wide as the model, scaled by the width of the heads it lacks."""

    def split(self, x):
        return x[:, None]


@mistake("MultiHeadAttention", caught_by="test_attention_runs")
class KeyAsItIs(_Attention):
    """Forgets to turn the key over: no inner axis fits."""

    def scores(self, query, key):
        return query @ key / self.head_dim**0.5


@mistake("MultiHeadAttention", caught_by="test_attention_averages")
class SoftmaxOverHeads(_Attention):
    """Lets the heads compete for each key."""

    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~self.widen(mask), float("-inf"))
        return scores.softmax(1)


@mistake("MultiHeadAttention", caught_by="test_attention_averages")
class SoftmaxOverQueries(_Attention):
    """Normalises over the queries."""

    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~self.widen(mask), float("-inf"))
        return scores.softmax(-2)


@mistake("MultiHeadAttention", caught_by="test_attention_uses_all_four_maps")
class OutputMapForgotten(_Attention):
    """Returns the concatenated heads, unmixed."""

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key = self.split(self.to_query(x)), self.split(self.to_key(memory))
        value = self.split(self.to_value(memory))
        return self.mix(self.weights(self.scores(query, key), mask), value)


@mistake("MultiHeadAttention", caught_by="test_attention_uses_all_four_maps")
class KeysMixed(_Attention):
    """Sums the keys, weighted, where the values belong."""

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key = self.split(self.to_query(x)), self.split(self.to_key(memory))
        return self.to_output(self.mix(self.weights(self.scores(query, key), mask), key))


@mistake("MultiHeadAttention", caught_by="test_attention_uses_all_four_maps")
class OneMapForAllThree(_Attention):
    """Uses the query map for keys and values too."""

    def forward(self, x, memory=None, mask=None):
        query = self.split(self.to_query(x))
        key = value = query if memory is None else self.split(self.to_query(memory))
        return self.to_output(self.mix(self.weights(self.scores(query, key), mask), value))


@mistake("MultiHeadAttention", caught_by="test_attention_registers_its_four_maps")
class MapsInAPlainList(_Attention):
    """Keeps the layers in a list, where the module does not see them."""

    def __init__(self, d_model, n_heads):
        nn.Module.__init__(self)
        self.n_heads, self.head_dim = n_heads, d_model // n_heads
        self.maps = [nn.Linear(d_model, d_model) for _ in range(4)]

    def __getattr__(self, name):
        names = ["to_query", "to_key", "to_value", "to_output"]
        return self.maps[names.index(name)] if name in names else super().__getattr__(name)


@mistake("MultiHeadAttention", caught_by="test_attention_registers_its_four_maps")
class MapsMadeAnew(_Attention):
    """Makes its maps inside forward: new random ones at each call, and none to train."""

    def __init__(self, d_model, n_heads):
        nn.Module.__init__(self)
        self.d_model, self.n_heads, self.head_dim = d_model, n_heads, d_model // n_heads

    def __getattr__(self, name):
        made_anew = name in ("to_query", "to_key", "to_value", "to_output")
        return nn.Linear(self.d_model, self.d_model) if made_anew else super().__getattr__(name)


@mistake("MultiHeadAttention", caught_by="test_attention_registers_its_four_maps")
class MapsAsNarrowAsAHead(_Attention):
    """Maps to one head_dim and lets all heads share it."""

    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.to_query = nn.Linear(d_model, self.head_dim)
        self.to_key = nn.Linear(d_model, self.head_dim)
        self.to_value = nn.Linear(d_model, self.head_dim)


@mistake("MultiHeadAttention", caught_by="test_attention_reads_true_as_may_attend")
class MaskInverted(_Attention):
    """Hides what is True, as nn.MultiheadAttention does."""

    def weights(self, scores, mask):
        return super().weights(scores, None if mask is None else ~mask)


@mistake("MultiHeadAttention", caught_by="test_attention_uses_the_mask")
class MaskIgnored(_Attention):
    """Takes a mask and never uses it."""

    def weights(self, scores, mask):
        return scores.softmax(-1)


@mistake("MultiHeadAttention", caught_by="test_attention_gives_each_sentence_its_own_mask")
class MaskOfABatchTakenForHeads(_Attention):
    """Leaves out the head axis: sentence b's mask lands on head b."""

    def widen(self, mask):
        return mask


@mistake("MultiHeadAttention", caught_by="test_attention_still_averages_under_a_mask")
class MaskAfterTheSoftmax(_Attention):
    """Writes zeros into finished weights, whose rows then sum to less than one."""

    def weights(self, scores, mask):
        weights = scores.softmax(-1)
        return weights if mask is None else weights.masked_fill(~self.widen(mask), 0.0)


@mistake("MultiHeadAttention", caught_by="test_attention_survives_a_query_without_keys")
class NaNWhereAllIsHidden(_Attention):
    """Leaves a row of −∞ to the softmax."""

    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~self.widen(mask), float("-inf"))
        return scores.softmax(-1)


@mistake("MultiHeadAttention", caught_by="test_attention_survives_a_query_without_keys")
class UniformWhereAllIsHidden(_Attention):
    """Hides with −10⁹, which in a row of equals is no obstacle."""

    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~self.widen(mask), -1e9)
        return scores.softmax(-1)


@mistake("MultiHeadAttention", caught_by="test_attention_does_not_hear_hidden_tokens")
class HiddenScoresAreZero(_Attention):
    """Gives hidden keys the score 0, whose exponential is 1."""

    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~self.widen(mask), 0.0)
        return scores.softmax(-1)


@mistake("MultiHeadAttention", caught_by="test_attention_does_not_hear_hidden_tokens")
class ScoresTimesMask(_Attention):
    """Multiplies the scores by the mask, which makes hidden ones 0."""

    def weights(self, scores, mask):
        return (scores if mask is None else scores * self.widen(mask)).softmax(-1)


@mistake("MultiHeadAttention", caught_by="test_attention_does_not_hear_hidden_tokens")
class SharedOutAgain(_Attention):
    """Strikes weights out after the softmax and divides by what is left, which may be nothing."""

    def weights(self, scores, mask):
        weights = scores.softmax(-1)
        if mask is None:
            return weights
        weights = weights * self.widen(mask)
        return weights / weights.sum(-1, keepdim=True).clamp_min(1e-30)


@mistake("MultiHeadAttention", caught_by="test_attention_gives_each_sentence_its_own_mask")
class FirstRowForAll(_Attention):
    """Takes every mask with a batch axis for a padding mask, the same for all queries."""

    def widen(self, mask):
        return mask if mask.ndim == 2 else mask[:, None, :1]


@mistake("MultiHeadAttention", caught_by="test_attention_learns")
class WeightsDetached(_Attention):
    """Cuts the weights off from the gradient: queries and keys never learn."""

    def weights(self, scores, mask):
        return super().weights(scores, mask).detach()


@mistake("MultiHeadAttention", caught_by="test_attention_learns")
class NeverRecorded(_Attention):
    """Computes under no_grad."""

    @torch.no_grad()
    def forward(self, x, memory=None, mask=None):
        return super().forward(x, memory, mask)


@mistake("MultiHeadAttention", caught_by="test_attention_reads_the_memory")
class MemoryIgnored(_Attention):
    """Attends to x whatever the memory."""

    def forward(self, x, memory=None, mask=None):
        return super().forward(x, None, mask if memory is None else None)


@mistake("MultiHeadAttention", caught_by="test_attention_reads_the_memory")
class AsksWhetherTheMemoryIsTrue(_Attention):
    """Writes `memory or x`, which no tensor of many numbers answers."""

    def forward(self, x, memory=None, mask=None):
        return super().forward(x, memory or x, mask)


@mistake("MultiHeadAttention", caught_by="test_attention_reads_the_memory")
class QueriesFromTheMemory(_Attention):
    """Takes the queries from the memory and the keys from x: the roles are exchanged."""

    def forward(self, x, memory=None, mask=None):
        return super().forward(x if memory is None else memory, x, mask if memory is None else None)


@mistake("MultiHeadAttention", caught_by="test_attention_values")
class InterleavedHeads(_Attention):
    """Gives head h every n_heads-th number instead of a slice."""

    def split(self, x):
        return x.unflatten(-1, (-1, self.n_heads)).permute(0, 3, 1, 2)

    def merge(self, x):
        return x.permute(0, 2, 3, 1).flatten(2)


@mistake("MultiHeadAttention", caught_by="test_attention_values")
class QueryBiasForgotten(_Attention):
    """Multiplies by the weight of the query map and leaves its bias out."""

    def scores(self, query, key):
        return super().scores(query - self.split(self.to_query.bias[None, None]), key)


@mistake("MultiHeadAttention", caught_by="test_attention_leaves_memory_and_mask_alone")
class MaskInvertedInPlace(_Attention):
    """Inverts the caller's mask for masked_fill, and leaves it inverted."""

    def weights(self, scores, mask):
        if mask is None:
            return scores.softmax(-1)
        hidden = self.widen(mask.logical_not_())
        weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
        return weights.masked_fill(hidden, 0.0)


@mistake("MultiHeadAttention", caught_by="test_attention_leaves_the_tokens_alone")
class AddsToItsInput(_Attention):
    """Adds the output to x in place, as a residual connection gone astray."""

    def forward(self, x, memory=None, mask=None):
        output = super().forward(x, memory, mask)
        x += output
        return output


@mistake("MultiHeadAttention", caught_by="test_attention_keeps_the_shape")
class ReturnsThePair(_Attention):
    """Returns the output and the weights, as PyTorch's module does."""

    def forward(self, x, memory=None, mask=None):
        return super().forward(x, memory, mask), None


@mistake("MultiHeadAttention", caught_by="test_attention_registers_its_four_maps")
class WithoutBiases(_Attention):
    """Takes the formula at its word, which has no constants."""

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__(d_model, n_heads, n_kv_heads)
        for name in ("to_query", "to_key", "to_value", "to_output"):
            setattr(self, name, nn.Linear(d_model, d_model, bias=False))


@mistake("MultiHeadAttention", caught_by="test_attention_runs")
class MemoryMustBeGiven(_Attention):
    """Never asks whether there is a memory."""

    def forward(self, x, memory=None, mask=None):
        query, key = self.split(self.to_query(x)), self.split(self.to_key(memory))
        value = self.split(self.to_value(memory))
        return self.to_output(self.mix(self.weights(self.scores(query, key), mask), value))


@mistake("MultiHeadAttention", caught_by="test_attention_reads_the_memory")
class KeysFromX(_Attention):
    """Makes the keys from x and the values from the memory."""

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key = self.split(self.to_query(x)), self.split(self.to_key(x))
        value = self.split(self.to_value(memory))
        return self.to_output(self.mix(self.weights(self.scores(query, key), mask), value))


@mistake("MultiHeadAttention", caught_by="test_attention_reads_the_memory")
class ValuesFromX(_Attention):
    """Makes the values from x and the keys from the memory."""

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key = self.split(self.to_query(x)), self.split(self.to_key(memory))
        value = self.split(self.to_value(x))
        return self.to_output(self.mix(self.weights(self.scores(query, key), mask), value))


@mistake("MultiHeadAttention", caught_by="test_attention_uses_the_mask")
class HeadAxisForEveryMask(_Attention):
    """Gives a mask with two axes a head axis too, which lands among its queries."""

    def widen(self, mask):
        return mask[:, None]


@mistake("MultiHeadAttention", caught_by="test_attention_shares_keys_and_values")
class NeverShares(_Attention):
    """Takes n_kv_heads and makes as many heads of keys and values as of queries."""

    def __init__(self, d_model, n_heads, n_kv_heads=None):
        super().__init__(d_model, n_heads)


@mistake("MultiHeadAttention", caught_by="test_attention_shares_keys_and_values")
class SharesInTurns(_Attention):
    """Repeats the row of heads, so that heads 0 and 2 share instead of 0 and 1."""

    def share(self, heads):
        return heads.repeat(1, self.n_heads // self.n_kv_heads, 1, 1)


@mistake("MultiHeadAttention", caught_by="test_attention_shares_keys_and_values")
class FirstHeadForAll(_Attention):
    """Lets all query heads share the first head of keys and values."""

    def share(self, heads):
        if self.n_kv_heads == self.n_heads:
            return heads
        return heads[:, :1].expand(-1, self.n_heads, -1, -1)


@right_answer("MultiHeadAttention")
class InSteps(_Attention):
    """The implementation that the mistakes start from."""


@right_answer("MultiHeadAttention")
class ByTorchFunction(_Attention):
    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key = self.split(self.to_query(x)), self.split(self.to_key(memory))
        value = self.split(self.to_value(memory))
        mask = None if mask is None else self.widen(mask)
        answers = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, enable_gqa=self.n_kv_heads < self.n_heads
        )
        return self.to_output(self.merge(answers))


@right_answer("MultiHeadAttention")
class WithDropout(_Attention):
    """As in the paper: dropout on the weights, which evaluation mode switches off."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.dropout = nn.Dropout(0.1)

    def weights(self, scores, mask):
        return self.dropout(super().weights(scores, mask))


@right_answer("MultiHeadAttention")
class HeadByHead(_Attention):
    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        outputs = []
        keys = self.to_key(memory).chunk(self.n_kv_heads, dim=-1)
        values = self.to_value(memory).chunk(self.n_kv_heads, dim=-1)
        for h, query in enumerate(self.to_query(x).chunk(self.n_heads, dim=-1)):
            shared = h * self.n_kv_heads // self.n_heads
            key, value = keys[shared], values[shared]
            weights = query @ key.mT / self.head_dim**0.5
            if mask is not None:
                weights = weights.masked_fill(~mask, float("-inf"))
            outputs.append(weights.softmax(-1).nan_to_num() @ value)
        return self.to_output(torch.cat(outputs, dim=-1))


@right_answer("MultiHeadAttention")
class ByEinsum(_Attention):
    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        query, key, value = (
            layer(source).unflatten(-1, (-1, self.head_dim))
            for layer, source in [
                (self.to_query, x),
                (self.to_key, memory),
                (self.to_value, memory),
            ]
        )
        of_head = torch.arange(self.n_heads) * self.n_kv_heads // self.n_heads
        key, value = key[:, :, of_head], value[:, :, of_head]
        scores = torch.einsum("bqhd,bkhd->bhqk", query, key) / self.head_dim**0.5
        mixed = torch.einsum("bhqk,bkhd->bqhd", self.weights(scores, mask), value)
        return self.to_output(mixed.flatten(2))
