"""Kernel regression: a soft lookup by distance."""

import math

import pytest
import torch
from torch.testing import assert_close

from attention import gaussian_scores, kernel_regression

QUERY_LEN, KEY_LEN, DIM, VALUE_DIM = 4, 5, 2, 3
BANDWIDTH = 0.7


def inputs():
    return torch.randn(QUERY_LEN, DIM), torch.randn(KEY_LEN, DIM), torch.randn(KEY_LEN, VALUE_DIM)


def test_kernel_regression_is_nadaraya_watson():
    """The textbook's fraction, with loops and an unnormalised Gaussian, gives the same numbers."""
    query, key, value = (x.double() for x in inputs())
    expected = torch.zeros(QUERY_LEN, VALUE_DIM, dtype=torch.float64)
    for i in range(QUERY_LEN):
        kernel = [
            math.exp(-(math.dist(query[i], key[j]) ** 2) / (2 * BANDWIDTH**2))
            for j in range(KEY_LEN)
        ]
        for j in range(KEY_LEN):
            expected[i] += kernel[j] / sum(kernel) * value[j]
    assert_close(kernel_regression(query, key, value, BANDWIDTH), expected)


def test_a_narrow_kernel_answers_with_the_nearest_observation():
    """As the bandwidth shrinks, the nearest key takes all the weight, without 0/0."""
    query, key, value = inputs()
    nearest = value[torch.cdist(query, key).argmin(-1)]
    assert_close(kernel_regression(query, key, value, 1e-4), nearest)


def test_a_wide_kernel_answers_with_the_mean():
    """As the bandwidth grows, every observation counts the same."""
    query, key, value = inputs()
    mean = value.mean(0).expand(QUERY_LEN, VALUE_DIM)
    assert_close(kernel_regression(query, key, value, 1e6), mean)


def test_moving_everything_together_changes_nothing():
    """Only the distance between query and key counts, not where they are."""
    query, key, value = (x.double() for x in inputs())
    moved = kernel_regression(query + 3, key + 3, value, BANDWIDTH)
    assert_close(moved, kernel_regression(query, key, value, BANDWIDTH))


def test_a_key_at_the_query_scores_zero_and_all_others_less():
    """No key can score higher than one at the query itself."""
    points = torch.randn(KEY_LEN, DIM)
    scores = gaussian_scores(points, points, BANDWIDTH)
    assert (scores.diagonal() == 0).all()
    assert (scores <= 0).all()


def test_a_bandwidth_must_be_positive():
    """A kernel without width has no weights."""
    with pytest.raises(ValueError, match=r"bandwidth must be greater than zero, got 0\.0"):
        kernel_regression(*inputs(), bandwidth=0.0)


def test_each_observation_needs_one_value():
    """Five places and four observations do not pair up."""
    query, key, value = inputs()
    with pytest.raises(ValueError, match=r"one value .* got key \(5, 2\) and value \(4, 3\)"):
        kernel_regression(query, key, value[:-1], BANDWIDTH)
