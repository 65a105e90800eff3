"""The checks that grade the exercise of the chapter self_attention."""

import math

import torch
from torch import nn

from grading.checks import (
    Failure,
    assert_reads_only,
    assert_scale,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    gradients,
    points,
    which_inputs_matter,
)
from grading.probes import scores_behind, slope

SelfAttention = exercise("SelfAttention")

NAMES = ("to_query", "to_key", "to_value")
ORDER = torch.tensor([3, 0, 4, 1, 2])


@points(1, hint="Write the shape of each step beside it. In a matrix product the last axis on the "
        "left is as long as the last but one on the right.")  # fmt: skip
def test_it_runs(SelfAttention):
    """SelfAttention(6, 3) takes (2, 5, 6)."""
    SelfAttention(6, 3)(torch.randn(2, 5, 6))


@points(1, hint="Each of the three maps leads from d_model to head_dim, and the output is as wide "
        "as a value.")  # fmt: skip
def test_output_has_a_row_for_each_token(SelfAttention):
    """The output is (batch, length, head_dim)."""
    attend, x = SelfAttention(4, 3), torch.randn(2, 5, 4)  # more tokens than numbers in each
    assert_shape(attend(x), (2, 5, 3), "the output")


@points(2, hint="nn.Module finds layers that are its attributes. In a plain Python list or dict "
        "it does not look, and an optimiser would train nothing.")  # fmt: skip
def test_an_optimiser_finds_the_parameters(SelfAttention):
    """The module's layers are registered."""
    found = list(SelfAttention(6, 3).parameters())
    assert found, "module.parameters() is empty."


@points(2, hint="A question, an offer and a message are three different things: make three "
        "layers, not one under three names.")  # fmt: skip
def test_the_three_maps_are_different(SelfAttention):
    """Query, key and value have a map each."""
    query, key, value = _maps(SelfAttention(6, 3))
    for one, other, names in [
        (query, key, "to_query and to_key"),
        (key, value, "to_key and to_value"),
        (query, value, "to_query and to_value"),
    ]:
        assert one.weight is not other.weight, f"{names} are one and the same layer."
        assert not torch.equal(one.weight, other.weight), f"{names} start with equal numbers."


@points(1, hint="nn.Linear adds a bias unless you tell it not to.")
def test_the_maps_have_no_bias(SelfAttention):
    """The maps are three matrices of head_dim × d_model numbers and nothing else."""
    attend = SelfAttention(6, 3)
    for name, linear in zip(NAMES, _maps(attend), strict=True):
        assert linear.bias is None, f"{name} has a bias."
    count = sum(parameter.numel() for parameter in attend.parameters())
    assert count == 3 * 6 * 3, f"The module has {count} numbers to learn; expected 3 · 6 · 3 = 54."


@points(1, hint="Compute into new tensors: `+=` and methods whose name ends in _ write into x.")
def test_tokens_are_not_written_to(SelfAttention):
    """Neither x nor the mask is written to."""
    x, mask = torch.randn(2, 5, 6), _mask()
    before = x.clone(), mask.clone()
    SelfAttention(6, 3)(x, mask)
    assert_unchanged(before[0], x, "x")
    assert_unchanged(before[1], mask, "the mask")


@points(2, hint="Follow each map through `forward`: is it called, and does its result go on to "
        "the output without `detach` or `no_grad`?")  # fmt: skip
def test_a_gradient_reaches_every_map(SelfAttention):
    """All three maps learn from the output, and so does whatever made the tokens."""
    attend, x = SelfAttention(6, 3), torch.randn(2, 5, 6, requires_grad=True)
    weights = [linear.weight for linear in _maps(attend)]
    gradients(attend(x), {"x": x} | dict(zip(NAMES, weights, strict=True)))


@points(2, hint="Only the tokens of one sentence see each other. Which axis is the batch, and do "
        "you merge it with another?")  # fmt: skip
def test_sentences_of_a_batch_are_separate(SelfAttention):
    """A sentence gives the same output alone as in a batch."""
    attend, x = SelfAttention(6, 3), torch.randn(2, 5, 6)
    assert_values(attend(x)[:1], attend(x[:1]), "the first sentence's output in a batch of two")


@points(2, hint="Self-attention knows no positions. If yours does, look for a reshape where two "
        "axes should be swapped.")  # fmt: skip
def test_reordered_tokens_give_reordered_outputs(SelfAttention):
    """Reordering the tokens reorders the outputs, and changes nothing else."""
    attend, x = SelfAttention(6, 3), torch.randn(2, 5, 6)
    assert_values(attend(x[:, ORDER]), attend(x)[:, ORDER], "the output for reordered tokens")


@points(2, hint="Each row of the scores belongs to one token as the query. Its keys compete, "
        "along the last axis.")  # fmt: skip
def test_softmax_runs_along_the_keys(SelfAttention):
    """It is the keys that compete, not the queries."""
    weights = _weights(_reading(SelfAttention, 5))
    columns = weights.sum(-2)
    assert not torch.allclose(columns, torch.ones(5), atol=1e-5), (
        "Each column of the weights sums to one: there the queries compete for a key."
    )


@points(2, hint="After the softmax a row sums to one. Whatever you divide by belongs in front of "
        "it.")  # fmt: skip
def test_each_token_spends_one(SelfAttention):
    """Each token's weights sum to one."""
    sums = _weights(_reading(SelfAttention, 5)).sum(-1)
    assert_values(sums, torch.ones(5), "the sum of a token's weights")


@points(1, hint="The dot products grow with the width of query and key. Scoring divides "
        "them by something.")  # fmt: skip
def test_scores_are_scaled(SelfAttention):
    """The scores are scaled before the softmax."""
    products, weights = _one_query(SelfAttention, d_model=6, head_dim=4)
    if abs(slope(products, scores_behind(weights)) - 1) < 1e-3:
        _assert_scaled(SelfAttention, d_model=6, head_dim=4)


@points(2, hint="The dot product sums over head_dim numbers. How wide a token's vector was before "
        "it was projected does not matter.")  # fmt: skip
def test_scale_is_the_heads(SelfAttention):
    """The scale is 1/√head_dim, whatever d_model is."""
    for d_model, head_dim in [(6, 4), (9, 4), (6, 9)]:
        _assert_scaled(SelfAttention, d_model, head_dim)


@points(2, hint="A mask hides scores before the softmax: the hidden ones get an exponential of "
        "zero. True means “may attend”.")  # fmt: skip
def test_hidden_tokens_are_not_read(SelfAttention):
    """A token reads what the mask allows, and itself to form its query."""
    attend, mask = SelfAttention(6, 3), _mask()[:1]
    reads = which_inputs_matter(lambda x: attend(x, mask), torch.randn(1, 5, 6))
    try:
        assert_reads_only(reads, mask[0] | torch.eye(5).bool(), "token")
    except Failure as failure:
        failure.hint = _what_became_of_the_mask(SelfAttention)
        raise


@points(1, hint="`masked_fill` and `where` broadcast. Indexing with a mask needs the full shape.")
def test_a_mask_broadcasts(SelfAttention):
    """A mask (batch, 1, length) holds for every token, (length, length) for every sentence."""
    attend, x = SelfAttention(6, 3), torch.randn(2, 5, 6)
    for mask in (_mask()[:, :1], _mask()[0]):
        expected = attend(x, mask.expand(2, 5, 5).clone())
        assert_values(attend(x, mask), expected, f"the output under a {tuple(mask.shape)} mask")


@points(2, hint="Compare with the formula: whose product with whose transpose makes the scores, "
        "and which of the three do the weights mix?")  # fmt: skip
def test_output_values(SelfAttention):
    """The output is softmax(Q Kᵀ / √head_dim) V."""
    attend, x, mask = SelfAttention(6, 3), torch.randn(2, 5, 6), _mask()
    query, key, value = (x @ linear.weight.T for linear in _maps(attend))
    scores = torch.einsum("bqd,bkd->bqk", query, key) / math.sqrt(3)
    assert_values(attend(x), scores.softmax(-1) @ value, "the output")
    masked = scores.masked_fill(~mask, -math.inf).softmax(-1) @ value
    assert_values(attend(x, mask), masked, "the output under a mask")


@points(1, hint="A row of −∞ alone becomes 0/0, and a row of equal numbers an average of what is "
        "hidden. The mask contract says: nothing to attend to, so zeros.")  # fmt: skip
def test_a_token_with_nothing_to_read_gets_zeros(SelfAttention):
    """A token that may attend to nothing gets zeros, not NaN."""
    mask = _mask()
    mask[1, 2] = False
    output = SelfAttention(6, 3)(torch.randn(2, 5, 6), mask)[1, 2]
    assert_values(output, torch.zeros(3), "the output of a token that may attend to nothing")


# --- what the checks share ---


def _maps(attend):
    """The three layers, under the names that the exercise gives them."""
    __tracebackhide__ = True
    for name in NAMES:
        linear = getattr(attend, name, None)
        assert isinstance(linear, nn.Linear), (
            f"Expected the attribute {name} to be an nn.Linear, "
            f"got {'nothing' if linear is None else type(linear).__name__}."
        )
    return [getattr(attend, name) for name in NAMES]


def _mask():
    """(2, 5, 5) boolean with at least one True in each row."""
    mask = torch.rand(2, 5, 5) > 0.4
    mask[..., 0] = True
    return mask


def _reading(SelfAttention, length):
    """A head whose values are the identity matrix for the tokens that `_weights` gives it."""
    attend = SelfAttention(length, length)
    with torch.no_grad():
        _maps(attend)[2].weight.copy_(torch.eye(length))
    return attend


@torch.no_grad()
def _weights(attend):
    """(length, length): with one token for each axis as x, the value of token j is axis j."""
    return attend(torch.eye(attend.to_value.in_features)[None])[0]


@torch.no_grad()
def _one_query(SelfAttention, d_model, head_dim):
    """The dot products of one token's query with four keys, and the weights it gives them.

    Token j is axis j, query and key of token j are j along one axis, and value j is axis j. It is
    token 1 that asks, so that nothing changes if queries and keys are exchanged.
    """
    attend, products = SelfAttention(d_model, head_dim), torch.arange(4.0)
    query, key, value = _maps(attend)
    for linear in (query, key, value):
        linear.weight.zero_()
    query.weight[0, :4] = key.weight[0, :4] = products
    value.weight[:4, :4] = torch.eye(4)
    return products, attend(torch.eye(d_model)[None, :4])[0, 1, :4]


def _assert_scaled(SelfAttention, d_model, head_dim):
    __tracebackhide__ = True
    products, weights = _one_query(SelfAttention, d_model, head_dim)
    guesses = {"1/√head_dim": head_dim**-0.5, "1": 1.0, "1/head_dim": 1 / head_dim,
               "1/√d_model": d_model**-0.5, "1/d_model": 1 / d_model,
               "√head_dim": head_dim**0.5, "1/√length": 4**-0.5}  # fmt: skip
    where = f"d_model = {d_model} and head_dim = {head_dim}"
    try:
        assert_scale(products, weights, "1/√head_dim", where=where, guesses=guesses)
    except Failure as failure:
        failure.hint = _about_the_scale(slope(products, scores_behind(weights)), head_dim)
        raise


def _about_the_scale(found, head_dim):
    """What to ask of a wrong scale; None where the width is at fault."""
    if abs(found - 1 / head_dim) < 1e-3:
        return "It is the right width, without its root: the spread of a dot product grows with √d."
    if abs(found - 4**-0.5) < 1e-3:
        return (
            "Four tokens are read here, and you divide by their root. Which axis is as long as d?"
        )
    if found > 1 + 1e-3:
        return "The scores have grown. Do you divide by the root, or multiply by it?"
    return None


@torch.no_grad()
def _what_became_of_the_mask(SelfAttention):
    """What to ask of whoever uses a mask in one of the usual wrong ways; None of any other."""
    attend = _reading(SelfAttention, 5)
    x, mask = torch.eye(5)[None], torch.ones(5, 5).tril().bool()
    scores = attend.to_query(x)[0] @ attend.to_key(x)[0].T / math.sqrt(5)
    weights = attend(x, mask[None])[0]
    ways = {
        "With and without the mask you return the same. Where in `forward` is it used?": (
            scores.softmax(-1)
        ),
        "A hidden score has become 0, and 0 is an ordinary score: e⁰ = 1. Which score has an "
        "exponential of zero?": (scores * mask).softmax(-1),
        "The mask is added to the scores, where True counts 1 and False 0: that hides nothing. "
        "Which score has an exponential of zero?": (scores + mask).softmax(-1),
        "The weights are struck out after the softmax, when hidden keys have taken their share: a "
        "row no longer sums to one. Hide the scores, before it.": scores.softmax(-1) * mask,
    }
    for hint, expected in ways.items():
        if torch.allclose(weights, expected, atol=1e-5):
            return hint
    inverted = (weights * mask).nan_to_num(0.0).abs().max() == 0
    return "You read what is hidden. True means “may attend” in this book." if inverted else None
