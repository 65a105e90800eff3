"""The mathematics of the panels, run in a browser, are the package's."""

from itertools import combinations

import pytest
import torch
from torch.testing import assert_close

from attention import OnlineSoftmax, merge_heads, softmax, split_heads, tiled_attention


@pytest.fixture(scope="module")
def run(browser, site):
    """A function of (expression in `m`, the module `math.js`, and `x`; x): its value."""
    page = browser.new_page()
    page.goto(site + "404.html")
    page.add_script_tag(url="/_static/own/math.js")
    yield lambda code, x: page.evaluate(f"x => {{ const m = book.math; return {code} }}", x)
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


@pytest.mark.parametrize("n_heads", [1, 2, 5])
def test_heads_are_split_and_merged_as_in_the_package(run, n_heads):
    """A view and a swap are `split_heads`; a swap and a view are `merge_heads`."""
    x = torch.randn(3, 10, generator=torch.Generator().manual_seed(n_heads))
    shape = [3, n_heads, 10 // n_heads]
    split = run(
        "m.transpose(m.view(x.flat, x.shape))", {"flat": x.flatten().tolist(), "shape": shape}
    )
    assert_close(torch.tensor(split), split_heads(x[None], n_heads)[0])
    merged = run("m.view(m.transpose(x).flat(2), [3, 10])", split)
    assert_close(torch.tensor(merged), merge_heads(torch.tensor(split)[None])[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_tile_is_folded_in_as_by_the_package(run, seed):
    """The running results after every tile, one wholly hidden; the end is attention in tiles."""
    dice = torch.Generator().manual_seed(seed)
    like = {"generator": dice, "dtype": torch.float64}
    query, key, value = (
        torch.randn(1, 2, **like),
        torch.randn(7, 2, **like),
        torch.randn(7, 3, **like),
    )
    scores = (query @ key.T / 2**0.5)[0] * 10**seed
    mask = torch.tensor(
        [seed != 1] * 2 + [True] * 3 + [seed != 2] * 2
    )  # the first tile, or the last
    hidden = scores.masked_fill(~mask, -torch.inf)
    ours = OnlineSoftmax((1,), 3, dtype=torch.float64)
    state, tiles = None, [slice(0, 2), slice(2, 5), slice(5, 7)]
    for tile in tiles:
        before = ours.largest
        ours.add(hidden[None, tile].clone(), value[tile])
        x = {"state": state, "scores": hidden[tile].tolist(), "values": value[tile].tolist()}
        state = run("m.foldTile(x.state ?? m.emptySoftmax(3), x.scores, x.values)", x)
        as_ours = torch.tensor(state["mixed"], dtype=torch.float64)
        assert_close(as_ours, ours.mixed[0])
        expected = ours.largest.item(), ours.total.item(), (before - ours.largest).exp().item()
        assert (state["largest"], state["total"], state["rescale"]) == pytest.approx(expected)
    in_tiles = tiled_attention(query * 10**seed, key, value, mask[None], block=2)[0]
    assert_close(as_ours / state["total"], in_tiles)
