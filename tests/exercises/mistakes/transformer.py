"""Known answers to the exercises of transformer: what people really write, right and wrong."""

import torch
import torch.nn.functional as F
from torch import nn

import attention
from attention import MultiHeadAttention
from grading.known import mistake, right_answer


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


@mistake("EncoderBlock", caught_by="test_block_keeps_what_it_heard")
class SecondResidualFromTheStart(_Block):
    """Adds the second answer to the x that came in, so that the first answer is lost."""

    def forward(self, x, mask=None):
        y = x + self.attention(self.attention_norm(x), mask=mask)
        return x + self.feed_forward(self.feed_forward_norm(y))


@mistake("EncoderBlock", caught_by="test_block_keeps_what_it_heard")
class OneWayRoundBoth(_Block):
    """Passes x round both layers at once, by a single residual connection."""

    def forward(self, x, mask=None):
        heard = self.attention(self.attention_norm(x), mask=mask)
        return x + self.feed_forward(self.feed_forward_norm(heard))


@mistake("EncoderBlock", caught_by="test_block_normalises_what_each_layer_reads")
class OnlyTheQueriesNormalised(_Block):
    """Normalises what asks, and lets the raw stream answer."""

    def forward(self, x, mask=None):
        x = x + self.attention(self.attention_norm(x), x, mask=mask)
        return x + self.feed_forward(self.feed_forward_norm(x))


@mistake("EncoderBlock", caught_by="test_block_answers_alike_each_time")
class DropoutInEval(_Block):
    """Drops by the function, which nobody tells that training is over."""

    def forward(self, x, mask=None):
        x = x + F.dropout(self.attention(self.attention_norm(x), mask=mask), 0.5)
        return x + F.dropout(self.feed_forward(self.feed_forward_norm(x)), 0.5)


@mistake("EncoderBlock", caught_by="test_block_bends_by_a_gelu")
class BentTwice(_Block):
    """Puts a second GELU behind the second map."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward.append(nn.GELU())


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


@mistake("EncoderBlock", caught_by="test_block_registers_its_parts")
class OneNormUnderTwoNames(_Block):
    """Makes one norm and lets both names stand for it."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__(d_model, n_heads, d_ff)
        self.feed_forward_norm = self.attention_norm


@mistake("EncoderBlock", caught_by="test_block_uses_each_norm_for_its_own_layer")
class StopsAfterTheAttention(_Block):
    """Returns what the first of the two lines gives."""

    def forward(self, x, mask=None):
        return x + self.attention(self.attention_norm(x), mask=mask)


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
