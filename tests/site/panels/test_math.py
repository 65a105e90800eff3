"""The mathematics of the panels, run in a browser, are the package's."""

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
