"""Scoring: dot product, scaled, bilinear, additive."""

import re
from timeit import repeat

import pytest
import torch
from torch.testing import assert_close

from attention import (
    additive_scores,
    attention_weights,
    bilinear_scores,
    dot_scores,
    scaled_dot_product_attention,
    scaled_dot_scores,
    soft_cap,
    split_heads,
)
from attention.data.sentence import VECTORS, WHO
from attention.models.bert.pretrained import encode
from grading.paths import ROOT

BATCH, QUERY_LEN, KEY_LEN, QUERY_DIM, KEY_DIM, HIDDEN = 2, 4, 5, 6, 7, 8


def pairs(query, key, score):
    """Score each query with each key by two loops, in float64."""
    scores = torch.empty(BATCH, QUERY_LEN, KEY_LEN, dtype=torch.float64)
    for b in range(BATCH):
        for i in range(QUERY_LEN):
            for j in range(KEY_LEN):
                scores[b, i, j] = score(query[b, i], key[b, j])
    return scores


def doubles(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def test_dot_scores_are_the_dot_products_of_all_pairs():
    """Entry i, j is query i times key j."""
    query, key = doubles(BATCH, QUERY_LEN, QUERY_DIM), doubles(BATCH, KEY_LEN, QUERY_DIM)
    assert_close(dot_scores(query, key), pairs(query, key, torch.dot))


def test_scaled_scores_are_divided_by_the_root_of_the_width():
    """The scale is the root of the query's own width."""
    query, key = doubles(BATCH, QUERY_LEN, QUERY_DIM), doubles(BATCH, KEY_LEN, QUERY_DIM)
    expected = pairs(query, key, lambda q, k: torch.dot(q, k) / QUERY_DIM**0.5)
    assert_close(scaled_dot_scores(query, key), expected)


def test_bilinear_scores_put_a_matrix_between_query_and_key():
    """Entry i, j is query i times W times key j; the widths may differ."""
    query, key = doubles(BATCH, QUERY_LEN, QUERY_DIM), doubles(BATCH, KEY_LEN, KEY_DIM)
    weight = doubles(QUERY_DIM, KEY_DIM)
    expected = pairs(query, key, lambda q, k: torch.nn.functional.bilinear(q, k, weight[None])[0])
    assert_close(bilinear_scores(query, key, weight), expected)


def test_bilinear_scores_with_the_identity_are_dot_products():
    """The dot product is the bilinear score that learned nothing."""
    query, key = doubles(BATCH, QUERY_LEN, QUERY_DIM), doubles(BATCH, KEY_LEN, QUERY_DIM)
    identity = torch.eye(QUERY_DIM, dtype=torch.float64)
    assert_close(bilinear_scores(query, key, identity), dot_scores(query, key))


def additive_inputs():
    return (
        doubles(BATCH, QUERY_LEN, QUERY_DIM),
        doubles(BATCH, KEY_LEN, KEY_DIM),
        doubles(QUERY_DIM, HIDDEN),
        doubles(KEY_DIM, HIDDEN),
        doubles(HIDDEN),
    )


def test_additive_scores_are_a_small_network_for_each_pair():
    """Concatenating query and key before one linear map, as the figure draws it, is the same."""
    query, key, w_query, w_key, a = additive_inputs()
    joined = torch.cat([w_query, w_key])  # (QUERY_DIM + KEY_DIM, HIDDEN)
    expected = pairs(query, key, lambda q, k: torch.dot(torch.tanh(torch.cat([q, k]) @ joined), a))
    assert_close(additive_scores(query, key, w_query, w_key, a), expected)


def test_additive_scores_never_exceed_the_sum_of_a():
    """The tanh bounds the score, however large query and key become."""
    query, key, w_query, w_key, a = additive_inputs()
    scores = additive_scores(1e6 * query, 1e6 * key, w_query, w_key, a)
    assert (scores.abs() <= a.abs().sum() * (1 + 1e-12)).all()


def test_scores_also_take_sequences_without_a_batch():
    """Two axes are enough, and one batch may serve several."""
    query, key, w_query, w_key, a = additive_inputs()
    whole = additive_scores(query, key[:1], w_query, w_key, a)
    assert whole.shape == (BATCH, QUERY_LEN, KEY_LEN)
    assert_close(additive_scores(query[1], key[0], w_query, w_key, a), whole[1])


def test_scores_name_the_rule_that_their_inputs_break():
    """Each error says which rule, which argument, and the shapes that came."""
    query, key, w_query, w_key, a = additive_inputs()
    for score in (dot_scores, scaled_dot_scores):
        with pytest.raises(ValueError, match=r"same last axis, got query \(2, 4, 6\) and key \(2,"):
            score(query, key)
    with pytest.raises(ValueError, match=r"weight must have shape \(query_dim, .* = \(6, 7\), got"):
        bilinear_scores(query, key, w_query)
    with pytest.raises(ValueError, match=r"w_query must have shape .* \(6, 8\), got \(7, 8\)"):
        additive_scores(query, key, w_key, w_key, a)
    with pytest.raises(ValueError, match=r"w_key must have shape .* \(7, 8\), got \(6, 8\)"):
        additive_scores(query, key, w_query, w_query, a)
    with pytest.raises(ValueError, match=r"a must have shape \(hidden,\) = \(8,\), got \(1, 8\)"):
        additive_scores(query, key, w_query, w_key, a[None])


# What the chapter claims.

WIDTHS = (4, 16, 64, 256, 1024)


def random_dot_products(width, seed):
    """Of 256 queries with 16 keys, all entries independent with variance one."""
    generator = torch.Generator().manual_seed(seed)
    query, key = (torch.randn(n, width, generator=generator) for n in (256, 16))
    return dot_scores(query, key)


@pytest.mark.parametrize("width", WIDTHS)
def test_dot_products_have_variance_d(width):
    """Over ten draws, the variance is d, and one after the division by √d, to within 10 %."""
    draws = [random_dot_products(width, seed) for seed in range(10)]
    raw = torch.stack([scores.var() for scores in draws]).mean()
    scaled = torch.stack([(scores / width**0.5).var() for scores in draws]).mean()
    assert abs(raw / width - 1) < 0.1
    assert abs(scaled - 1) < 0.1


def test_only_root_d_keeps_the_largest_weight():
    """From d = 4 to 1024 the largest of 16 weights rises raw, falls over d, and stays over √d."""
    for seed in range(10):
        largest = {
            power: [
                (random_dot_products(d, seed) / d**power).softmax(-1).amax(-1).mean().item()
                for d in WIDTHS
            ]
            for power in (0, 0.5, 1)
        }
        assert largest[0] == sorted(largest[0]) and largest[0][-1] > 0.9
        assert largest[1] == sorted(largest[1], reverse=True) and largest[1][-1] < 1.1 / 16
        assert max(largest[0.5]) < 1.6 * min(largest[0.5])  # noise of 16 keys drawn at random


@pytest.mark.parametrize("seed", range(3))
def test_unscaled_gradients_are_feast_or_famine(seed):
    """At d = 1024 the median query gets under 1 % of the scaled gradient, the mean over twice."""
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(500, 1, 1024, generator=generator)
    key, upstream = (
        torch.randn(500, *shape, generator=generator) for shape in ((16, 1024), (1, 16))
    )
    lengths = []
    for score in (dot_scores, scaled_dot_scores):
        leaf = query.clone().requires_grad_()
        weights = score(leaf, key).softmax(-1)
        (gradient,) = torch.autograd.grad(weights, leaf, upstream)
        lengths.append(gradient.flatten(1).norm(dim=1))
    raw, scaled = lengths
    assert raw.median() < 0.01 * scaled.median()
    assert raw.mean() > 2 * scaled.mean()


def five_lines():
    """The function `attend` as the page prints it."""
    page = (ROOT / "book" / "scoring.md").read_text(encoding="utf-8")
    (cell,) = re.findall(r"\{code-cell\} python\n([^`]*\ndef attend\([^`]*)```", page)
    names = {}
    exec(cell, names)
    return names["attend"]


@pytest.mark.parametrize("masked", [False, True])
def test_the_five_lines_are_the_packages_function_and_pytorchs(masked):
    """All three agree, in output and gradients, with batch, heads and mask."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 7))
    inputs = [torch.randn(shape, generator=generator).requires_grad_() for shape in shapes]
    mask = torch.rand(2, 1, 4, 5, generator=generator) > 0.4 if masked else None
    upstream = torch.randn(2, 3, 4, 7, generator=generator)
    pytorch = torch.nn.functional.scaled_dot_product_attention
    (page, ours, theirs) = (
        (output, *torch.autograd.grad(output, inputs, upstream))
        for output in (
            attention(*inputs, mask)
            for attention in (five_lines(), scaled_dot_product_attention, pytorch)
        )
    )
    assert mask is None or mask.any(-1).all()  # five lines answer an empty row with NaN
    assert_close(ours, page)
    assert_close(theirs, page)


def test_a_hidden_layer_for_every_pair_takes_its_time():
    """Additive scores of 256 queries and keys take over ten times as long as dot products."""
    query, key, square = torch.randn(256, 64), torch.randn(256, 64), torch.randn(64, 64)
    dot = min(repeat(lambda: dot_scores(query, key), number=5))
    additive = min(repeat(lambda: additive_scores(query, key, square, square, square[0]), number=5))
    assert additive > 10 * dot


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_soft_cap_is_a_tanh_whose_slope_runs_out(dtype):
    """Between −cap and cap, in order, as it was near zero; no gradient far out."""
    scores = torch.linspace(-300, 300, 101, dtype=dtype, requires_grad=True)
    capped = soft_cap(scores, 50)
    assert_close(capped, 50 * torch.tanh(scores / 50))
    assert (capped.abs() <= 50).all()
    (slope,) = torch.autograd.grad(capped.sum(), scores)
    assert_close(slope, 1 - torch.tanh(scores.detach() / 50) ** 2)
    assert slope.argmax() == 50 and slope[[0, -1]].max() < 1e-4


@torch.no_grad()
def test_a_cap_far_above_the_scores_changes_next_to_nothing(minilm):
    """In MiniLM's head for the word before: a cap of 50, of 20, of 5."""
    encoder, tokenizer = minilm
    attention = encoder.blocks[0].attention
    x = encoder.embed(encode(tokenizer, "The cat sat on the mat.")[0][None])
    query, key = (
        split_heads(layer(x), 12)[0, 2] for layer in (attention.to_query, attention.to_key)
    )
    assert 20 < scaled_dot_scores(query, key).max() < 30
    free, high, low = (
        attention_weights(query, key, softcap=cap).diagonal(-1).mean() for cap in (None, 50, 5)
    )
    assert free > 0.999 and free - high < 1e-3 and low < 0.4


def test_float16_overflows_in_the_product_before_the_score():
    """The product of vectors of 64 entries of 32 is infinite, their score a finite 8192."""
    query = torch.full((1, 64), 32.0, dtype=torch.float16)
    late = query @ query.T / 8
    assert late.isinf().all() and late.softmax(-1).isnan().all()
    assert (query / 8 @ query.T).item() == 8192
    assert_close(scaled_dot_product_attention(query, query, query), query)


def test_a_word_asks_for_its_like_until_a_map_turns_it_into_a_question():
    """By dot product cat, sat and mat tie for sat; a bilinear or additive score finds cat."""
    sat = VECTORS[[2]]
    dot = dot_scores(sat, VECTORS)[0]
    assert dot[1] == dot[2] == dot[5] == dot.max()
    turned = torch.tensor([[1.0, -1.0], [0.0, 1.0]])
    assert_close(bilinear_scores(sat, VECTORS, turned), dot_scores(WHO, VECTORS))
    w_query = torch.tensor([[4.0, -4.0], [-4.0, 0.0]])
    additive = additive_scores(sat, VECTORS, w_query, torch.eye(2), torch.tensor([2.0, 2.0]))[0]
    assert additive.argmax() == 1
