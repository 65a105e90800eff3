"""Paint a mask: the panel's weights are the package's, by touch, by keyboard and by mouse."""

import pytest
import torch
from torch.testing import assert_close

from attention import causal_mask, masked_softmax, padding_mask, softmax, window_mask
from attention.data.sentence import VECTORS

MASKS = 'figure[data-interactive="masks"]'
SCORES = VECTORS @ VECTORS.T / 2**0.5


@pytest.fixture(scope="module")
def masks(open_panel):
    return open_panel("masks", "masks")


def painted(page):
    """The panel's mask, its weights, and the rows that it marks as changed."""
    cells = page.locator(f"{MASKS} .mask-cell")
    mask = [c.get_attribute("aria-pressed") == "true" for c in cells.all()]
    texts = cells.all_inner_texts()
    weights = [0.0 if text == "×" else float(text) for text in texts]
    marks = [text == "●" for text in page.locator(f"{MASKS} .mask-mark").all_inner_texts()]
    return torch.tensor(mask).view(6, 6), torch.tensor(weights).view(6, 6), torch.tensor(marks)


def follows(page):
    """The weights are the package's for the mask that is shown; a changed row is marked."""
    mask, weights, marks = painted(page)
    expected = masked_softmax(SCORES, mask)
    assert_close(weights, expected, rtol=0, atol=0.0051)  # two digits are shown
    changed = (expected - softmax(SCORES)).abs().amax(-1) > 1e-6
    assert marks.equal(changed)
    return mask


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("causal", causal_mask(6)),
        ("window of 2", window_mask(6, window=2)),
        ("last two hidden", padding_mask([4], 6)[0].expand(6, 6)),
        ("a dead row", (torch.arange(6) != 1)[:, None].expand(6, 6)),
        ("all may", torch.ones(6, 6, dtype=torch.bool)),
    ],
)
def test_each_mask_is_the_packages(masks, name, wanted):
    """A tap on its name paints it, and a dead row shows zeros."""
    button = masks.get_by_role("button", name=name, exact=True)
    button.scroll_into_view_if_needed()
    button.tap()
    assert follows(masks).equal(wanted)


def test_a_mask_is_painted_by_keyboard_and_mouse(masks):
    """Arrows lead from cell to cell, the space bar hides; a click shows again."""
    masks.get_by_role("button", name="all may", exact=True).click()
    cells = masks.locator(f"{MASKS} .mask-cell")
    assert [c.get_attribute("tabindex") for c in cells.all()].count("0") == 1
    cells.first.focus()
    masks.keyboard.press("ArrowDown")
    masks.keyboard.press("ArrowRight")
    masks.keyboard.press("Space")
    mask = follows(masks)
    assert not mask[1, 1] and mask.sum() == 35
    masks.says("cat may not attend to cat")
    cells.nth(7).click()
    assert follows(masks).all()
    assert masks.url.endswith("masks.html")
