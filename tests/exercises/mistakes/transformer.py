"""Known answers to the exercises of transformer: what people really write, right and wrong."""

import torch
import torch.nn.functional as F
from torch import nn

import attention
from attention import MultiHeadAttention
from grading.known import mistake, right_answer

# --- cross_attention


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


@mistake("cross_attention", caught_by="test_cross_leaves_its_inputs_alone")
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


# --- EncoderBlock


class _Block(nn.Module):
    """A right implementation in steps, of which each mistake replaces one."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_ff), nn.GELU(), nn.Linear(d_ff, d_model)
        )
        self.feed_forward_norm = nn.LayerNorm(d_model)

    def forward(self, x, mask=None):
        y = x + self.attention(self.attention_norm(x), mask=mask)
        return y + self.feed_forward(self.feed_forward_norm(y))


@mistake("EncoderBlock", caught_by="test_block_does_not_normalise_its_output")
class PostNormBlock(_Block):
    """Adds first and normalises the sum, as the paper's text and BERT do."""

    def forward(self, x, mask=None):
        y = self.attention_norm(x + self.attention(x, mask=mask))
        return self.feed_forward_norm(y + self.feed_forward(y))


@mistake("EncoderBlock", caught_by="test_block_adds_to_x_itself")
class ResidualFromAfterTheNorm(_Block):
    """Overwrites x with its normalised copy, and then adds to that."""

    def forward(self, x, mask=None):
        x = self.attention_norm(x)
        x = x + self.attention(x, mask=mask)
        x = self.feed_forward_norm(x)
        return x + self.feed_forward(x)


@mistake("EncoderBlock", caught_by="test_block_adds_to_x_itself")
class SecondResidualFromAfterTheNorm(_Block):
    """Does it right once, and takes the second residual from after the norm."""

    def forward(self, x, mask=None):
        y = x + self.attention(self.attention_norm(x), mask=mask)
        y = self.feed_forward_norm(y)
        return y + self.feed_forward(y)


@mistake("EncoderBlock", caught_by="test_block_adds_to_the_stream")
class NoResiduals(_Block):
    """Puts each layer's answer in the place of the stream."""

    def forward(self, x, mask=None):
        x = self.attention(self.attention_norm(x), mask=mask)
        return self.feed_forward(self.feed_forward_norm(x))


@mistake("EncoderBlock", caught_by="test_block_adds_to_the_stream")
class OneResidual(_Block):
    """Forgets the way round the feed-forward network."""

    def forward(self, x, mask=None):
        y = x + self.attention(self.attention_norm(x), mask=mask)
        return self.feed_forward(self.feed_forward_norm(y))


@mistake("EncoderBlock", caught_by="test_block_normalises_what_each_layer_reads")
class NoNorms(_Block):
    """Has both norms and uses neither."""

    def forward(self, x, mask=None):
        y = x + self.attention(x, mask=mask)
        return y + self.feed_forward(y)


@mistake("EncoderBlock", caught_by="test_block_normalises_what_each_layer_reads")
class FeedForwardReadsTheRawStream(_Block):
    """Normalises in front of the attention only."""

    def forward(self, x, mask=None):
        y = x + self.attention(self.attention_norm(x), mask=mask)
        return y + self.feed_forward(y)


@mistake("EncoderBlock", caught_by="test_block_normalises_what_each_layer_reads")
class NormalisesTheAnswer(_Block):
    """Normalises what a layer answers instead of what it reads."""

    def forward(self, x, mask=None):
        y = x + self.attention_norm(self.attention(x, mask=mask))
        return y + self.feed_forward_norm(self.feed_forward(y))


def _over_the_tokens(x, norm):
    spread = x.std(1, keepdim=True, correction=0)
    return (x - x.mean(1, keepdim=True)) / (spread + norm.eps) * norm.weight + norm.bias


@mistake("EncoderBlock", caught_by="test_block_thinks_within_each_token")
class NormOverTheTokens(_Block):
    """Normalises each number over the sentence instead of each token over its numbers."""

    def forward(self, x, mask=None):
        y = x + self.attention(_over_the_tokens(x, self.attention_norm), mask=mask)
        return y + self.feed_forward(_over_the_tokens(y, self.feed_forward_norm))


@mistake("EncoderBlock", caught_by="test_block_thinks_within_each_token")
class NormOverTheWholeSentence(_Block):
    """Takes one mean and one spread for all tokens together."""

    def normalise(self, x, norm):
        return F.layer_norm(x, x.shape[1:]) * norm.weight + norm.bias

    def forward(self, x, mask=None):
        y = x + self.attention(self.normalise(x, self.attention_norm), mask=mask)
        return y + self.feed_forward(self.normalise(y, self.feed_forward_norm))


@mistake("EncoderBlock", caught_by="test_block_lets_every_token_hear_every_other")
class CausalEncoder(_Block):
    """Adds a causal mask, which a decoder needs and an encoder does not."""

    def forward(self, x, mask=None):
        past = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
        return super().forward(x, past if mask is None else mask & past)


@mistake("EncoderBlock", caught_by="test_block_lets_every_token_hear_every_other")
class AttentionForgotten(_Block):
    """Calls the attention on each token as if it were a sentence of its own."""

    def forward(self, x, mask=None):
        alone = self.attention_norm(x).flatten(0, 1)[:, None]
        y = x + self.attention(alone)[:, 0].view_as(x)
        return y + self.feed_forward(self.feed_forward_norm(y))


@mistake("EncoderBlock", caught_by="test_block_hands_the_mask_on")
class MaskForgotten(_Block):
    """Takes a mask and keeps it."""

    def forward(self, x, mask=None):
        return super().forward(x)


@mistake("EncoderBlock", caught_by="test_block_thinks_about_what_it_heard")
class SideBySide(_Block):
    """Lets both layers read the same x and adds both answers."""

    def forward(self, x, mask=None):
        heard = self.attention(self.attention_norm(x), mask=mask)
        return x + heard + self.feed_forward(self.feed_forward_norm(x))


@mistake("EncoderBlock", caught_by="test_block_uses_each_norm_for_its_own_layer")
class NormsExchanged(_Block):
    """Gives each layer the other's norm."""

    def forward(self, x, mask=None):
        y = x + self.attention(self.feed_forward_norm(x), mask=mask)
        return y + self.feed_forward(self.attention_norm(y))


@mistake("EncoderBlock", caught_by="test_block_bends_between_the_maps")
class NoBend(_Block):
    """Two linear maps and nothing between."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward = nn.Sequential(nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model))


@mistake("EncoderBlock", caught_by="test_block_bends_by_a_gelu")
class BendsByReLU(_Block):
    """Bends by the paper's ReLU."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward[1] = nn.ReLU()


@mistake("EncoderBlock", caught_by="test_block_bends_by_a_gelu")
class BendsAtTheEnd(_Block):
    """Bends after the second map as well."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward.append(nn.GELU())


@mistake("EncoderBlock", caught_by="test_block_registers_its_parts")
class NeverExpands(_Block):
    """Keeps the hidden layer as wide as the model."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_model), nn.GELU(), nn.Linear(d_model, d_model)
        )


@mistake("EncoderBlock", caught_by="test_block_leaves_its_input_alone")
class AddsInPlace(_Block):
    """Writes += where it should make a new tensor."""

    def forward(self, x, mask=None):
        x += self.attention(self.attention_norm(x), mask=mask)
        x += self.feed_forward(self.feed_forward_norm(x))
        return x


@mistake("EncoderBlock", caught_by="test_block_learns")
class AttentionDetached(_Block):
    """Cuts what was heard off from the gradient."""

    def forward(self, x, mask=None):
        y = x + self.attention(self.attention_norm(x), mask=mask).detach()
        return y + self.feed_forward(self.feed_forward_norm(y))


@right_answer("EncoderBlock")
class InTwoLines(_Block):
    """The implementation that the mistakes start from."""


@right_answer("EncoderBlock")
class ByResidualParts(nn.Module):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.attention_norm = attention.PreNorm(d_model)
        self.feed_forward = attention.FeedForward(d_model, d_ff)
        self.feed_forward_norm = attention.PreNorm(d_model)

    def forward(self, x, mask=None):
        heard = self.attention(self.attention_norm.read(x), mask=mask)
        x = self.attention_norm.write(x, heard)
        thought = self.feed_forward(self.feed_forward_norm.read(x))
        return self.feed_forward_norm.write(x, thought)


class _Network(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.down, self.up = nn.Linear(d_ff, d_model), nn.Linear(d_model, d_ff)

    def forward(self, x):
        hidden = self.up(x)
        return self.down(0.5 * hidden * (1 + torch.erf(hidden / 2**0.5)))


@right_answer("EncoderBlock")
class WithItsOwnNetwork(_Block):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward = _Network(d_model, d_ff)


@right_answer("EncoderBlock")
class NormByHand(_Block):
    def normalise(self, x, norm):
        centred = x - x.mean(-1, keepdim=True)
        spread = (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt()
        return centred / spread * norm.weight + norm.bias

    def forward(self, x, mask=None):
        x = x + self.attention(self.normalise(x, self.attention_norm), None, mask)
        return x + self.feed_forward(self.normalise(x, self.feed_forward_norm))


@right_answer("EncoderBlock")
class WithDropout(_Block):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, mask=None):
        x = x + self.dropout(self.attention(self.attention_norm(x), mask=mask))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
