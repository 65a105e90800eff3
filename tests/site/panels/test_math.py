"""The mathematics of the panels, run in a browser, are the package's."""

from itertools import combinations

import pytest
import torch
from torch.testing import assert_close

from attention import softmax


@pytest.fixture(scope="module")
def run(browser, site):
    """A function of (expression in `m`, the module `math.js`, and `x`; x): its value."""
    page = browser.new_page()
    page.goto(site + "404.html")
    yield lambda code, x: page.evaluate(
        f"x => import('/_static/interactive/math.js').then(m => ({code}))", x
    )
    page.close()


@pytest.mark.parametrize("seed", range(3))
def test_softmax_is_the_packages(run, seed):
    """On random scores, huge ones too, at a random temperature."""
    dice = torch.Generator().manual_seed(seed)
    scores = torch.randn(7, generator=dice, dtype=torch.float64) * 10 ** (2 * seed)
    temperature = 0.1 + torch.rand((), generator=dice, dtype=torch.float64)
    found = run("m.softmax(x.scores, x.t)", {"scores": scores.tolist(), "t": temperature.item()})
    assert_close(torch.tensor(found, dtype=torch.float64), softmax(scores / temperature))


def test_the_averages_are_the_packages(run):
    """Weighted sum and dot product."""
    dice = torch.Generator().manual_seed(0)
    weights, values = torch.rand(4, generator=dice), torch.rand(4, 2, generator=dice)
    x = {"weights": weights.tolist(), "values": values.tolist()}
    assert_close(torch.tensor(run("m.weightedSum(x.weights, x.values)", x)), weights @ values)
    found = run("m.dot(x.weights, x.values.map(v => v[0]))", x)
    assert found == pytest.approx((weights @ values[:, 0]).item())


def test_the_spread_is_pytorchs_standard_deviation(run):
    numbers = torch.randn(9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert run("m.spread(x)", numbers.tolist()) == pytest.approx(numbers.std().item())


@pytest.mark.parametrize("n", [2, 5, 16])
def test_the_keys_that_share_half_are_as_few_as_can_be(run, n):
    """No fewer would do: counted among all sets of keys. Equal weights take half of the keys."""
    scores = torch.randn(n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    weights = softmax(2 * scores).tolist()
    found = run("m.keysThatShare(x, 0.5)", weights)
    enough = (
        count
        for count in range(1, n + 1)
        if any(sum(s) >= 0.5 for s in combinations(weights, count))
    )
    assert found == next(enough)
    assert run("m.keysThatShare(x, 0.5)", [1 / n] * n) == (n + 1) // 2
