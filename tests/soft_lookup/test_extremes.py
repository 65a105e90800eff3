"""However small a temperature is, the best takes all; however large, all are alike. Never NaN."""

import math

import pytest
import torch
from torch.testing import assert_close

from attention import gaussian_scores, kernel_regression, soft_cap, soft_lookup
from attention.models.gpt.generation import choose
from attention.soft_lookup.softmax import softmax, tempered

TINY = [1e-3, 1e-30, 1e-38, 1e-45, 1e-60, 5e-324]  # the last is the smallest number of all
HUGE = [1e30, 1e39, 1e200, 1e308, math.inf]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
KEYS = torch.tensor([[0.0, 1.0], [3.0, 0.0], [3.0, 0.0], [-2.0, 1.0]])
VALUES = torch.tensor([[1.0], [2.0], [4.0], [8.0]])
QUERY = torch.tensor([[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("temperature", TINY)
def test_a_lookup_near_zero_takes_the_best(temperature, dtype):
    """Two that match best share: 3 is between 2 and 4. So do the two for the second query."""
    found = soft_lookup(*(x.to(dtype) for x in (QUERY, KEYS, VALUES)), temperature)
    assert found.dtype == dtype
    assert found.flatten().tolist() == [3.0, 4.5]  # the mean of 1 and 8


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("temperature", HUGE)
def test_a_lookup_without_end_averages_all(temperature, dtype):
    """The plain mean."""
    found = soft_lookup(*(x.to(dtype) for x in (QUERY, KEYS, VALUES)), temperature)
    assert found.flatten().tolist() == [3.75, 3.75]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_narrow_kernel_takes_the_nearest(dtype):
    """At a key, or between two; a wide one takes all. Near and far queries alike."""
    at, key, value = (x.to(dtype) for x in (KEYS, KEYS, VALUES))
    for bandwidth in [1e-3, *TINY]:
        assert kernel_regression(at, key, value, bandwidth).flatten().tolist() == [1, 3, 3, 8]
        assert kernel_regression(at + 50, key, value, bandwidth).isfinite().all()
        scores = gaussian_scores(at, key, bandwidth)
        assert (scores.diagonal() == 0).all() and not scores.isnan().any()
        assert scores[0, 3] < -1e6 or bandwidth == 1e-3
    for bandwidth in HUGE:
        assert kernel_regression(at, key, value, bandwidth).flatten().tolist() == [3.75] * 4
        assert (gaussian_scores(at, key, bandwidth).abs() < 1e-30).all()


@pytest.mark.parametrize("temperature", TINY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_choosing_near_zero_takes_the_best(temperature, dtype):
    """As at zero, and with forbidden tokens among them."""
    scores = torch.tensor([[0.1, 0.3, -math.inf, 0.2], [5.0, -7.0, 4.0, 3.0]], dtype=dtype)
    for top_k in (None, 1, 3):
        drawn = choose(scores, temperature=temperature, top_k=top_k)
        assert drawn.tolist() == choose(scores).tolist() == [[1], [0]]


@pytest.mark.parametrize("temperature", HUGE)
def test_choosing_at_any_heat_draws_from_all_that_are_allowed(temperature):
    """Each as often, and what has the score −∞ never."""
    scores = torch.tensor([0.0, 50.0, -math.inf, 20.0]).expand(3000, 4)
    dice = torch.Generator().manual_seed(0)
    drawn = choose(scores, temperature=temperature, generator=dice).flatten().bincount(minlength=4)
    assert drawn[2] == 0
    # five standard deviations of a third of 3000 draws
    assert_close(drawn[[0, 1, 3]] / 3000, torch.full((3,), 1 / 3), rtol=0, atol=0.043)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_cap_of_any_size_makes_no_nan(dtype):
    """A tiny one leaves signs, a huge one leaves the scores."""
    scores = torch.tensor([0.0, 0.01, -2.0, 30.0, math.inf, -math.inf], dtype=dtype)
    for cap in TINY:
        capped = soft_cap(scores, cap)
        assert capped.dtype == dtype and (capped.abs() <= max(cap, 1e-30)).all()
    for cap in HUGE:
        assert_close(soft_cap(scores[:4], cap), scores[:4])
        assert not soft_cap(scores, cap).isnan().any()
    assert_close(soft_cap(scores[:4], 1e5), scores[:4])


def test_a_temperature_changes_what_a_softmax_makes_and_not_by_a_shift():
    """In the range in which division is safe it is division."""
    scores = torch.randn(3, 5)
    assert_close(softmax(tempered(scores, 0.3)), (scores / 0.3).softmax(-1))
    assert (tempered(scores, 0.3).amax(-1) == 0).all()


def test_a_temperature_may_be_learned():
    """The gradient is that of division."""
    query, key, value = torch.randn(3, 4, 5, dtype=torch.float64).unbind()
    temperature = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    ours = soft_lookup(query, key, value, temperature).square().sum()
    theirs = ((query @ key.mT / temperature).softmax(-1) @ value).square().sum()
    assert_close(
        *(torch.autograd.grad(x, temperature)[0] for x in (ours, theirs)),
    )
