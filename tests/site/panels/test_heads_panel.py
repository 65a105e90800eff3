"""Follow numbers through the split: each stage holds what the package's functions give."""

import pytest
import torch

from attention import merge_heads, split_heads

HEADS = 'figure[data-interactive="heads"]'
WORDS = ("cat", "sat", "mat")
X = torch.arange(18.0).view(1, 3, 6)


@pytest.fixture(scope="module")
def heads(open_panel):
    return open_panel("multi_head", "heads")


def press(page, name):
    page.locator(HEADS).get_by_role("button", name=name, exact=True).click()


def rewind(page, n_heads, *, wrong=False):
    """Choose a number of heads and a way, and go back to x."""
    press(page, str(n_heads))
    switch = page.get_by_role("button", name="wrong way: no swap")
    if (switch.get_attribute("aria-pressed") == "true") != wrong:
        switch.click()
    back = page.locator(HEADS).get_by_role("button", name="Back")
    while back.get_attribute("aria-disabled") == "false":
        back.click()


def written(numbers, n_heads):
    """What a reader should see in place of numbers: the token's letter, its place, its head."""
    if isinstance(numbers, list):
        return [written(part, n_heads) for part in numbers]
    token, at = divmod(int(numbers), 6)
    return f"{WORDS[token][0]}{at} h{at // (6 // n_heads)}"


def shown(page):
    """The stages that are filled: rows (or blocks) of pieces of cells, as nested lists."""
    return page.locator(HEADS).evaluate(
        """figure => [...figure.querySelectorAll(".heads-drawn")]
        .filter(stage => !stage.querySelector(":disabled"))
        .map(stage => [...stage.children].map(part => [...part.querySelectorAll(".heads-strip")]
        .map(strip => [...strip.children].map(cell => cell.innerText.replace(/\\s+/, " ")))))"""
    )


def cell(page, stage, label):
    return page.locator(f"{HEADS} .heads-drawn").nth(stage).locator("button", has_text=label)


@pytest.mark.parametrize("n_heads", [1, 2, 3, 6])
def test_each_stage_is_the_packages(heads, n_heads):
    """x, cut, swapped and merged, filled one by one, in the shapes that are written above."""
    rewind(heads, n_heads)
    split = split_heads(X, n_heads)
    cut = split.transpose(1, 2)
    x, merged = (whole.unflatten(-1, (1, 6)) for whole in (X, merge_heads(split)))
    stages = [written(stage[0].tolist(), n_heads) for stage in (x, cut, split, merged)]
    for step in range(4):
        assert shown(heads) == stages[: step + 1]
        if step < 3:
            press(heads, "Next")
    assert stages[0] == stages[3]
    assert (
        f"= ({n_heads}, 3, {6 // n_heads})"
        in heads.locator(f"{HEADS} .heads-shape").nth(2).inner_text()
    )


@pytest.mark.parametrize("n_heads", [1, 2, 3, 6])
def test_a_view_shows_what_it_mixes(heads, n_heads):
    """The wrong way is PyTorch's `view`; the tokens that the first head misses are named."""
    rewind(heads, n_heads, wrong=True)
    press(heads, "Next")
    view = X.view(1, n_heads, 3, 6 // n_heads)
    assert shown(heads)[1] == written(view[0].tolist(), n_heads)
    tokens = (view[0, 0, :, 0] // 6).int().tolist()
    missing = [word for i, word in enumerate(WORDS) if i not in tokens]
    rows = f"The rows of head 0 are {', '.join(WORDS[i] for i in tokens)}: "
    heads.says(rows + (f"nothing of {' or '.join(missing)}." if missing else "one of each token."))
    assert (view.equal(split_heads(X, n_heads))) == (not missing) == (n_heads == 1)
    press(heads, "Next")
    assert shown(heads)[2] == shown(heads)[0]


def traced(page):
    return page.locator(f"{HEADS} .traced").all_inner_texts()


def test_a_number_is_followed_by_mouse_and_touch(heads):
    """Pointing at a cell marks its number in each stage that is filled, and tells its head."""
    rewind(heads, 2)
    press(heads, "Next")
    press(heads, "Next")
    cell(heads, 0, "c3").hover()
    assert traced(heads) == ["c3\nh1"] * 3
    heads.says("Number 3 of token cat: head 1, place 0.")
    target = cell(heads, 2, "m2")
    target.scroll_into_view_if_needed()
    target.tap()
    assert traced(heads) == ["m2\nh0"] * 3
    heads.says("Number 2 of token mat: head 0, place 2.")
    cell(heads, 0, "c0").evaluate("node => node.scrollIntoView({block: 'center'})")
    sentence = heads.locator(f"{HEADS} [aria-live=polite]").bounding_box()
    assert 0 < sentence["y"] < sentence["y"] + sentence["height"] <= 800  # wherever the finger is
    heads.get_by_role("button", name="wrong way: no swap").tap()
    cell(heads, 1, "c3").tap()
    heads.says("Number 3 of token cat: head 1, place 0. The view puts it into head 0, row 1.")


def test_a_number_is_followed_by_keyboard(heads):
    """Tab reaches one cell; arrows lead to neighbours and to the other stages that are filled."""
    rewind(heads, 3)
    press(heads, "Next")
    stops = heads.locator(f'{HEADS} .heads-cell[tabindex="0"]')
    assert stops.count() == 1
    heads.get_by_role("button", name="wrong way: no swap").focus()
    heads.keyboard.press("Tab")
    focus = "document.activeElement.ariaLabel"
    start = heads.evaluate(focus)
    assert start == stops.get_attribute("aria-label")
    cell(heads, 0, "c5").focus()
    heads.keyboard.press("ArrowRight")
    assert heads.evaluate(focus) == "s0 h0, number 0 of sat: head 0, place 0"
    for _ in range(3):
        heads.keyboard.press("ArrowDown")
    assert traced(heads) == ["s0\nh0"] * 2 and stops.count() == 1
    stage = "document.activeElement.closest('[role=group]').ariaLabel"
    assert heads.evaluate(stage).startswith("cut")
    heads.keyboard.press("ArrowLeft")
    heads.keyboard.press("ArrowUp")
    assert heads.evaluate(focus) == "c5 h2, number 5 of cat: head 2, place 1"
    assert heads.evaluate(stage).startswith("x")
    assert heads.url.endswith("multi_head.html")  # the arrows belonged to the cells
