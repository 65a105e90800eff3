"""Known answers to the exercise of self_attention: what people really write, right and wrong."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from grading.known import mistake, right_answer


def attention(query, key, value, mask, width=None):
    """The right attention, or one with the scale of another width."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(width or query.shape[-1])
    return _softmax(scores, mask) @ value


def _softmax(scores, mask):
    if mask is None:
        return scores.softmax(-1)
    dead = ~mask.any(-1, keepdim=True)
    scores = scores.masked_fill(~mask, -math.inf).masked_fill(dead, 0.0)
    return scores.softmax(-1).masked_fill(dead, 0.0)


class Right(nn.Module):
    """Three maps and attention: each answer below changes one thing."""

    def __init__(self, d_model, head_dim):
        super().__init__()
        self.to_query = nn.Linear(d_model, head_dim, bias=False)
        self.to_key = nn.Linear(d_model, head_dim, bias=False)
        self.to_value = nn.Linear(d_model, head_dim, bias=False)

    def forward(self, x, mask=None):
        return attention(self.to_query(x), self.to_key(x), self.to_value(x), mask)


@mistake("SelfAttention", caught_by="test_it_runs")
class KeyAsItIs(Right):
    """Forgets to turn the key over: no inner axis fits."""

    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        return _softmax(query @ key / math.sqrt(key.shape[-1]), mask) @ value


@mistake("SelfAttention", caught_by="test_output_has_a_row_for_each_token")
class TokensAsValues(Right):
    """Mixes the tokens themselves instead of their values."""

    def forward(self, x, mask=None):
        return attention(self.to_query(x), self.to_key(x), x, mask)


@mistake("SelfAttention", caught_by="test_output_has_a_row_for_each_token")
class ValueAsWideAsTheModel(Right):
    """Projects the value to d_model instead of head_dim."""

    def __init__(self, d_model, head_dim):
        super().__init__(d_model, head_dim)
        self.to_value = nn.Linear(d_model, d_model, bias=False)


@mistake("SelfAttention", caught_by="test_an_optimiser_finds_the_parameters")
class LayersInAList(nn.Module):
    """Keeps the layers in a plain list, where nn.Module does not look."""

    def __init__(self, d_model, head_dim):
        super().__init__()
        self.maps = [nn.Linear(d_model, head_dim, bias=False) for _ in range(3)]

    def forward(self, x, mask=None):
        query, key, value = (linear(x) for linear in self.maps)
        return attention(query, key, value, mask)


@mistake("SelfAttention", caught_by="test_the_three_maps_are_different")
class OneMapForAll(nn.Module):
    """Uses one layer under three names."""

    def __init__(self, d_model, head_dim):
        super().__init__()
        self.to_query = self.to_key = self.to_value = nn.Linear(d_model, head_dim, bias=False)

    def forward(self, x, mask=None):
        return attention(self.to_query(x), self.to_key(x), self.to_value(x), mask)


@mistake("SelfAttention", caught_by="test_the_three_maps_are_different")
class KeysAreQueries(Right):
    """Lets queries and keys share a map, so every score is mutual."""

    def __init__(self, d_model, head_dim):
        super().__init__(d_model, head_dim)
        self.to_key = self.to_query


@mistake("SelfAttention", caught_by="test_the_maps_have_no_bias")
class WithBias(Right):
    """Leaves nn.Linear its bias."""

    def __init__(self, d_model, head_dim):
        super().__init__(d_model, head_dim)
        self.to_query, self.to_key, self.to_value = (nn.Linear(d_model, head_dim) for _ in range(3))


@mistake("SelfAttention", caught_by="test_tokens_are_not_written_to")
class MaskTurnedOver(Right):
    """Turns the caller's mask over to hide what is False."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / self.to_key.out_features**0.5
        if mask is not None:
            scores = scores.masked_fill(mask.logical_not_(), -math.inf)
        return scores.softmax(-1).nan_to_num(0.0) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_a_gradient_reaches_every_map")
class KeyMapUsedTwice(Right):
    """Asks with the key's map: a slip of copy and paste."""

    def forward(self, x, mask=None):
        return attention(self.to_key(x), self.to_key(x), self.to_value(x), mask)


@mistake("SelfAttention", caught_by="test_a_gradient_reaches_every_map")
class WeightsDetached(Right):
    """Cuts the weights off from the gradient."""

    def forward(self, x, mask=None):
        with torch.no_grad():
            scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
            weights = _softmax(scores, mask)
        return weights @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_sentences_of_a_batch_are_separate")
class BatchMerged(Right):
    """Flattens the batch into one long sentence when there is no mask."""

    def forward(self, x, mask=None):
        if mask is None:
            return super().forward(x.reshape(1, -1, x.shape[-1])).reshape(*x.shape[:2], -1)
        return super().forward(x, mask)


@mistake("SelfAttention", caught_by="test_reordered_tokens_give_reordered_outputs")
class KeyReshaped(Right):
    """Reshapes the key where it should be transposed."""

    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        turned = key.reshape(key.shape[0], key.shape[2], key.shape[1])
        return _softmax(query @ turned / math.sqrt(key.shape[-1]), mask) @ value


@mistake("SelfAttention", caught_by="test_softmax_runs_along_the_keys")
class SoftmaxOverQueries(Right):
    """Normalises down the columns."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return scores.softmax(1).nan_to_num(0.0) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_each_token_spends_one")
class ScaledAfterSoftmax(Right):
    """Divides the weights by √head_dim instead of the scores."""

    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        return attention(query, key, value, mask, width=1) / math.sqrt(key.shape[-1])


@mistake("SelfAttention", caught_by="test_scores_are_scaled")
class NotScaled(Right):
    """Leaves the dot products as they are."""

    def forward(self, x, mask=None):
        return attention(self.to_query(x), self.to_key(x), self.to_value(x), mask, width=1)


@mistake("SelfAttention", caught_by="test_scale_is_the_heads")
class ScaledByTheModel(Right):
    """Divides by √d_model instead of √head_dim."""

    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        return attention(query, key, value, mask, width=x.shape[-1])


@mistake("SelfAttention", caught_by="test_scale_is_the_heads")
class ScaledByTheWidthItself(Right):
    """Divides by head_dim, without the root."""

    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        return attention(query, key, value, mask, width=key.shape[-1] ** 2)


@mistake("SelfAttention", caught_by="test_scale_is_the_heads")
class ScaledByTheLength(Right):
    """Divides by the root of the number of tokens: the size of the wrong axis."""

    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        return attention(query, key, value, mask, width=x.shape[-2])


@mistake("SelfAttention", caught_by="test_a_gradient_reaches_every_map")
class KeysMixed(Right):
    """Sums the keys, weighted, where the values belong."""

    def forward(self, x, mask=None):
        return attention(self.to_query(x), self.to_key(x), self.to_key(x), mask)


@mistake("SelfAttention", caught_by="test_hidden_tokens_are_not_read")
class ScoresTimesMask(Right):
    """Multiplies the scores by the mask: a hidden score of zero still has e⁰ = 1."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        return (scores if mask is None else scores * mask).softmax(-1) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_hidden_tokens_are_not_read")
class MaskAdded(Right):
    """Adds the mask to the scores, as one and zero."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        return (scores if mask is None else scores + mask).softmax(-1) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_hidden_tokens_are_not_read")
class MaskIgnored(Right):
    """Takes a mask and does not use it."""

    def forward(self, x, mask=None):
        return super().forward(x)


@mistake("SelfAttention", caught_by="test_hidden_tokens_are_not_read")
class MaskInverted(Right):
    """Hides what is True, as nn.MultiheadAttention does."""

    def forward(self, x, mask=None):
        return super().forward(x, None if mask is None else ~mask)


@mistake("SelfAttention", caught_by="test_hidden_tokens_are_not_read")
class MaskAfterSoftmax(Right):
    """Strikes weights out after the softmax, where hidden tokens have had their say."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        weights = scores.softmax(-1)
        return (weights if mask is None else weights * mask) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_a_mask_broadcasts")
class MaskAsIndex(Right):
    """Indexes with the mask, which must then have the full shape."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        if mask is not None:
            scores[~mask] = -math.inf
        return scores.softmax(-1).nan_to_num(0.0) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_a_gradient_reaches_every_map")
class TokensDetached(Right):
    """Cuts the tokens off from the gradient: an embedding below would never learn."""

    def forward(self, x, mask=None):
        return super().forward(x.detach(), mask)


@mistake("SelfAttention", caught_by="test_output_values")
class QueryAndKeyExchanged(Right):
    """Lets keys ask and queries answer."""

    def forward(self, x, mask=None):
        return attention(self.to_key(x), self.to_query(x), self.to_value(x), mask)


@mistake("SelfAttention", caught_by="test_a_token_with_nothing_to_read_gets_zeros")
class NanOnADeadRow(Right):
    """Does not think of tokens for which everything is hidden."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return scores.softmax(-1) @ self.to_value(x)


@mistake("SelfAttention", caught_by="test_a_token_with_nothing_to_read_gets_zeros")
class UniformOnADeadRow(Right):
    """Hides with −10⁹, which in a row of equals is no obstacle."""

    def forward(self, x, mask=None):
        scores = self.to_query(x) @ self.to_key(x).mT / math.sqrt(self.to_key.out_features)
        if mask is not None:
            scores = scores.masked_fill(~mask, -1e9)
        return scores.softmax(-1) @ self.to_value(x)


@right_answer("SelfAttention")
class ByTorch(Right):
    def forward(self, x, mask=None):
        query, key, value = self.to_query(x), self.to_key(x), self.to_value(x)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@right_answer("SelfAttention")
class ByEinsum(Right):
    def forward(self, x, mask=None):
        query = torch.einsum("bld,hd->blh", x, self.to_query.weight)
        key = torch.einsum("bld,hd->blh", x, self.to_key.weight)
        scores = torch.einsum("bqh,bkh->bqk", query, key) / key.shape[-1] ** 0.5
        return torch.einsum("bqk,bkh->bqh", _softmax(scores, mask), self.to_value(x))


@right_answer("SelfAttention")
class TokenByToken(Right):
    def forward(self, x, mask=None):
        keys, values, outputs = self.to_key(x), self.to_value(x), []
        if mask is not None:
            mask = mask.expand(len(x), x.shape[1], x.shape[1])
        for i in range(x.shape[1]):
            query = self.to_query(x[:, i : i + 1])
            row = None if mask is None else mask[:, i : i + 1]
            outputs.append(attention(query, keys, values, row))
        return torch.cat(outputs, 1)


@right_answer("SelfAttention")
class MapsMixedFirst(Right):
    """Joins the maps of query and key into one bilinear form: the scores are the same."""

    def forward(self, x, mask=None):
        bilinear = self.to_query.weight.T @ self.to_key.weight
        scores = x @ bilinear @ x.mT / math.sqrt(self.to_key.out_features)
        return _softmax(scores, mask) @ self.to_value(x)
