"""Read six scores tile by tile: the running results are the package's, by every kind of hand."""

import pytest
import torch
from torch.testing import assert_close

from attention import OnlineSoftmax, soft_lookup, softmax
from attention.data.sentence import VECTORS, WHO

ONLINE = 'figure[data-interactive="online"]'
SCORES = (WHO @ VECTORS.T)[0]
EXACT = {"rtol": 0, "atol": 0.00051}  # three digits are shown


@pytest.fixture(scope="module")
def online(open_panel):
    return open_panel("efficiency", "online")


def choose(page, size):
    """Move the slider by keys until it says the size."""
    slider = page.get_by_label("words in a tile")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range([1, 2, 3, 6].index(size)):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == str(size)


def shown(page):
    """What the panel says of μ, the rescale, l, õ and õ / l."""
    return page.locator(f"{ONLINE} dd").all_inner_texts()


def numbers(text):
    return torch.tensor([float(x) for x in text.strip("()").split(",")])


def column(page, which):
    """A number for each word, 0 where none is written: score, count or weight."""
    texts = page.locator(f"{ONLINE} .panel-rows .panel-number").all_inner_texts()
    return torch.tensor([float(text or 0) for text in texts]).view(6, 3)[:, which]


def check(page, size, step):
    """The panel after so many tiles is the package after as many, from the end of the sentence."""
    running = OnlineSoftmax((1,), 2)
    before = None
    for end in range(6, 6 - step * size, -size):
        before = running.largest.item()
        tile = slice(end - size, end)
        running.add(SCORES[None, tile].clone(), VECTORS[tile])
    m, rescale, total, mixed, output = shown(page)
    assert float(m.split("→")[-1]) == running.largest.item()
    if step > 1:
        factor = torch.tensor(before - running.largest.item()).exp()
        assert_close(torch.tensor(float(rescale.split("=")[1])), factor, **EXACT)
    assert_close(numbers(total), running.total[0], **EXACT)
    assert_close(numbers(mixed), running.mixed[0], **EXACT)
    assert_close(numbers(output), running.average()[0], **EXACT)
    read = torch.arange(6) >= 6 - step * size
    assert_close(column(page, 1), (SCORES - running.largest[0]).exp() * read, **EXACT)
    marked = page.locator(f"{ONLINE} .online-word").evaluate_all(
        "words => words.map(word => word.classList.contains('current'))"
    )
    start = 6 - step * size
    assert marked == [start <= i < start + size for i in range(6)]


def press(page, name):
    page.locator(ONLINE).get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_every_tile_leaves_what_the_package_has(online, size):
    """Any size of tile, forth and back; at the end the weights and the output of the softmax."""
    choose(online, size)
    assert shown(online)[0] == "none yet" and column(online, 1).eq(0).all()
    assert column(online, 0).equal(SCORES)
    for step in range(1, 6 // size + 1):
        assert column(online, 2).eq(0).all()
        press(online, "Next")
        check(online, size, step)
    assert_close(column(online, 2), softmax(SCORES), **EXACT)
    assert_close(numbers(shown(online)[4]), soft_lookup(WHO, VECTORS, VECTORS)[0], **EXACT)
    if size < 6:
        press(online, "Back")
        check(online, size, 6 // size - 1)


def test_keys_read_on_and_the_summary_says_what_came(online):
    """Enter on Next, which keeps the focus at the end; the last sentence has both answers."""
    choose(online, 3)
    following = online.locator(ONLINE).get_by_role("button", name="Next")
    following.focus()
    for _ in range(3):
        online.keyboard.press("Enter")
    check(online, 3, 2)
    assert following.evaluate("node => node === document.activeElement")
    assert following.get_attribute("aria-disabled") == "true"
    answer = ", ".join(f"{x:.3f}" for x in soft_lookup(WHO, VECTORS, VECTORS)[0].tolist())
    says = online.locator(f"{ONLINE} [aria-live=polite]")
    online.wait_for_function(
        "([node, words]) => node.textContent.endsWith(words)",
        arg=[says.element_handle(), f"the softmax of all six at once gives ({answer})."],
    )
    assert f"õ / l is ({answer})" in says.inner_text() and "rises to 2" in says.inner_text()


def test_a_finger_reads_and_starts_over_with_other_tiles(online):
    """A tap on Next; a tap at the left end of the slider makes tiles of one word."""
    choose(online, 6)
    button = online.locator(ONLINE).get_by_role("button", name="Next")
    button.scroll_into_view_if_needed()
    button.tap()
    check(online, 6, 1)
    box = online.get_by_label("words in a tile").bounding_box()
    online.touchscreen.tap(box["x"] + 0.05 * box["width"], box["y"] + box["height"] / 2)
    assert shown(online)[0] == "none yet"
    button.tap()
    button.tap()
    check(online, 1, 2)
