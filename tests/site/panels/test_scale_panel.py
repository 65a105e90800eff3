"""Raise d: the panel's scores and weights are the chapter's, by keyboard, by mouse and by touch."""

import pytest
import torch
from torch.testing import assert_close

from attention import dot_scores, softmax

SCALE = 'figure[data-interactive="scale"]'
KEYS = 16
DIVISORS = {"raw": lambda d: 1, "÷ √d": lambda d: d**0.5, "÷ d": lambda d: d}


@pytest.fixture(scope="module")
def page(open_panel):
    return open_panel("scoring", "scale")


@pytest.fixture(autouse=True)
def from_the_start(page):
    page.locator(SCALE).get_by_role("button", name="Start again").click()


def vectors():
    """The query and keys of the chapter's first draw at d = 1024."""
    rng = torch.Generator().manual_seed(0)
    return (torch.randn(n, 1024, generator=rng) for n in (256, KEYS))


def choose(page, name):
    return page.locator(SCALE).get_by_role("radio", name=name, exact=True)


def agrees(page, query=0):
    """Numbers, marks and bars are those of the d and the divisor that are shown."""
    panel = page.locator(f"{SCALE} .panel")
    d = int(panel.locator("output").inner_text())
    name = panel.locator("input:checked").input_value()
    queries, keys = vectors()
    scores = dot_scores(queries[query, None, :d], keys[:, :d])[0] / DIVISORS[name](d)
    weights = softmax(scores)
    spread, largest = map(float, panel.locator(".panel-number").all_inner_texts())
    # two digits are shown, and two of the raw scores were handed over
    assert spread == pytest.approx(scores.std().item(), abs=0.011)
    assert largest == pytest.approx(weights.max().item(), abs=0.011)
    reach = float(panel.locator(".scale-ends span").last.inner_text())
    lefts = styles(panel.locator(".scale-strip span"), "left")
    assert_close((lefts - 50) / 50 * reach, scores, rtol=0, atol=0.006)
    assert lefts.min() >= 0 and lefts.max() <= 100
    assert_close(
        styles(panel.locator(".scale-bars span"), "height") / 100, weights, rtol=0, atol=0.006
    )
    return d, name, scores, weights


def styles(locator, name):
    return torch.tensor(locator.evaluate_all(f"all => all.map(n => parseFloat(n.style.{name}))"))


def keys_for_half(weights):
    return int((weights.sort(descending=True).values.cumsum(0) < 0.5).sum()) + 1


def test_keys_raise_d_and_the_softmax_hardens(page):
    """Raw, at d = 1024 two of sixteen keys have everything; each step is the package's."""
    d, name, *_ = agrees(page)
    assert (d, name) == (4, "raw")
    page.locator(SCALE).get_by_label("d", exact=True).focus()
    page.keyboard.press("Home")
    for width in [2**i for i in range(11)]:
        d, _, scores, weights = agrees(page)
        assert d == width
        page.keyboard.press("ArrowRight")
    assert weights.topk(2).values.sum() > 0.95 and scores.std() > 20
    page.says("At d = 1024, raw: the scores spread by")
    page.says("One key has half of the weight or more")
    assert page.url.endswith("scoring.html")


@pytest.mark.parametrize("name", ["÷ √d", "÷ d"])
def test_a_tap_divides_the_scores(page, name):
    """The number of keys that share half is said, and is the one that Python counts."""
    slider = page.locator(SCALE).get_by_label("d", exact=True)
    slider.evaluate("node => node.scrollIntoView({block: 'center'})")
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    choose(page, name).tap()
    d, chosen, _, weights = agrees(page)
    assert (d, chosen) == (1024, name)
    assert keys_for_half(weights) > 1
    page.says(f"{keys_for_half(weights)} keys share half of the weight or more")


def test_a_click_asks_another_query_and_starts_again(page):
    """Each query handed over is another; after the last the first comes again."""
    another = page.locator(SCALE).get_by_role("button", name="Another query")
    for query in (1, 2, 3, 0, 1):
        another.click()
        agrees(page, query)
    choose(page, "÷ √d").click()
    agrees(page, 1)
    page.locator(SCALE).get_by_role("button", name="Start again").click()
    assert agrees(page)[:2] == (4, "raw")


def test_arrows_choose_the_divisor(page):
    """The three are a group with a name, and one of them is always chosen."""
    assert page.locator(SCALE).get_by_role("radiogroup", name="scores").is_visible()
    choose(page, "raw").focus()
    page.keyboard.press("ArrowRight")
    assert agrees(page)[1] == "÷ √d"
    page.keyboard.press("ArrowRight")
    assert agrees(page)[1] == "÷ d"
    assert page.url.endswith("scoring.html")
