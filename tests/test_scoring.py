"""Scoring: dot product, scaled, bilinear, additive."""

import pytest
import torch
from torch.testing import assert_close

from attention import additive_scores, bilinear_scores, dot_scores, scaled_dot_scores

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
    query, key, w_query, w_key, v = additive_inputs()
    joined = torch.cat([w_query, w_key])  # (QUERY_DIM + KEY_DIM, HIDDEN)
    expected = pairs(query, key, lambda q, k: torch.dot(torch.tanh(torch.cat([q, k]) @ joined), v))
    assert_close(additive_scores(query, key, w_query, w_key, v), expected)


def test_additive_scores_never_exceed_the_sum_of_v():
    """The tanh bounds the score, however large query and key become."""
    query, key, w_query, w_key, v = additive_inputs()
    scores = additive_scores(1e6 * query, 1e6 * key, w_query, w_key, v)
    assert (scores.abs() <= v.abs().sum() * (1 + 1e-12)).all()


def test_scores_also_take_sequences_without_a_batch():
    """Two axes are enough, and one batch may serve several."""
    query, key, w_query, w_key, v = additive_inputs()
    whole = additive_scores(query, key[:1], w_query, w_key, v)
    assert whole.shape == (BATCH, QUERY_LEN, KEY_LEN)
    assert_close(additive_scores(query[1], key[0], w_query, w_key, v), whole[1])


def test_scores_name_the_rule_that_their_inputs_break():
    """Each error says which rule, which argument, and the shapes that came."""
    query, key, w_query, w_key, v = additive_inputs()
    for score in (dot_scores, scaled_dot_scores):
        with pytest.raises(ValueError, match=r"same last axis, got query \(2, 4, 6\) and key \(2,"):
            score(query, key)
    with pytest.raises(ValueError, match=r"weight must have shape \(query_dim, .* = \(6, 7\), got"):
        bilinear_scores(query, key, w_query)
    with pytest.raises(ValueError, match=r"w_query must have shape .* \(6, 8\), got \(7, 8\)"):
        additive_scores(query, key, w_key, w_key, v)
    with pytest.raises(ValueError, match=r"w_key must have shape .* \(7, 8\), got \(6, 8\)"):
        additive_scores(query, key, w_query, w_query, v)
    with pytest.raises(ValueError, match=r"v must have shape \(hidden,\) = \(8,\), got \(1, 8\)"):
        additive_scores(query, key, w_query, w_key, v[None])
