"""Change scores and temperature: the panel's weights are the package's, by keyboard and touch."""

import pytest
import torch
from torch.testing import assert_close

from attention import softmax

SOFTMAX = 'figure[data-interactive="softmax"]'


@pytest.fixture(scope="module")
def page(open_panel):
    return open_panel("soft_lookup", "softmax")


def shown(page):
    """The panel's scores, its temperature and its weights, as a reader sees them."""
    panel = page.locator(f"{SOFTMAX} .panel")
    *scores, temperature = map(float, panel.locator("output").all_inner_texts())
    weights = list(map(float, panel.locator(".panel-number").all_inner_texts()))
    return torch.tensor(scores), temperature, torch.tensor(weights)


def agrees(page):
    scores, temperature, weights = shown(page)
    # weights show two digits; scores one, temperature two
    assert_close(weights, softmax(scores / temperature), rtol=0, atol=0.03)
    return scores, temperature, weights


def test_keys_move_a_score_and_the_weights_follow(page):
    """Arrows move the slider that has the focus; the summary is told to a screen reader."""
    page.locator(SOFTMAX).get_by_role("button", name="Start again").click()
    before, _, _ = agrees(page)
    slider = page.get_by_label("mat", exact=True)
    slider.focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    after, _, weights = agrees(page)
    assert after[-1] == pytest.approx(before[-1].item() + 2.5) and weights.argmax() == 5
    assert page.url.endswith("soft_lookup.html")  # the arrow belonged to the slider
    page.says("mat")


def test_a_finger_warms_the_lookup_and_starts_again(page):
    """A tap far to the right of the temperature evens the weights; a button undoes all."""
    slider = page.get_by_label("temperature", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 0.97 * box["width"], box["y"] + box["height"] / 2)
    _, temperature, weights = agrees(page)
    assert temperature > 10 and weights.max() - weights.min() < 0.1
    button = page.locator(SOFTMAX).get_by_role("button", name="Start again")
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    scores, temperature, weights = agrees(page)
    assert temperature == 1 and scores[1] == 2 and weights[1] == pytest.approx(0.52)
