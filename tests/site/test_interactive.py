"""The interactive figures in a browser: by keyboard, by touch, without scripts, against Python."""

import pytest
import torch
from torch.testing import assert_close

from attention import causal_mask, masked_softmax, padding_mask, softmax, window_mask
from attention.data.sentence import VECTORS
from grading.paths import ROOT

HTML = ROOT / "_build" / "html"
MODULES = ROOT / "book" / "_static" / "interactive"
SHARED = {"math", "panel"}
FIGURES = {path.stem for path in MODULES.glob("*.js")} - SHARED
SOFTMAX = 'figure[data-interactive="softmax"]'


@pytest.fixture(scope="module")
def page(browser, site):
    context = browser.new_context(viewport={"width": 320, "height": 800}, has_touch=True)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.goto(site + "soft_lookup.html")
    page.wait_for_selector(f"{SOFTMAX} .panel")
    yield page
    context.close()


def test_a_module_is_loaded_where_its_figure_stands():
    """Every page that has such a figure loads its module, and no other page does."""
    found = set()
    for path in HTML.glob("*.html"):
        text = path.read_text("utf-8")
        for name in FIGURES:
            has = f'data-interactive="{name}"' in text
            assert has == (f'type="module" src="_static/interactive/{name}.js"' in text), path.name
            found |= {name} if has else set()
    assert found == FIGURES


@pytest.mark.parametrize("seed", range(3))
def test_softmax_is_the_packages(page, seed):
    """The module's function on random scores, huge ones too, at a random temperature."""
    dice = torch.Generator().manual_seed(seed)
    scores = torch.randn(7, generator=dice, dtype=torch.float64) * 10 ** (2 * seed)
    temperature = 0.1 + torch.rand((), generator=dice, dtype=torch.float64)
    call = """([s, t]) => import('./_static/interactive/math.js').then(m => m.softmax(s, t))"""
    found = page.evaluate(call, [scores.tolist(), temperature.item()])
    assert_close(torch.tensor(found, dtype=torch.float64), softmax(scores / temperature))


def test_the_averages_are_the_packages(page):
    """Weighted sum and dot product."""
    dice = torch.Generator().manual_seed(0)
    weights, values = torch.rand(4, generator=dice), torch.rand(4, 2, generator=dice)
    found = page.evaluate(
        "([w, v]) => import('./_static/interactive/math.js')"
        ".then(m => [m.weightedSum(w, v), m.dot(w, v.map(x => x[0]))])",
        [weights.tolist(), values.tolist()],
    )
    assert_close(torch.tensor(found[0]), weights @ values)
    assert found[1] == pytest.approx((weights @ values)[0].item())


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
    page.get_by_role("button", name="Start again").click()
    before, _, _ = agrees(page)
    slider = page.get_by_label("mat", exact=True)
    slider.focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    after, _, weights = agrees(page)
    assert after[-1] == pytest.approx(before[-1].item() + 2.5) and weights.argmax() == 5
    assert page.url.endswith("soft_lookup.html")  # the arrow belonged to the slider
    summary = page.locator(f"{SOFTMAX} [aria-live=polite]")
    page.wait_for_function("node => node.textContent.includes('mat')", arg=summary.element_handle())


def test_a_finger_warms_the_lookup_and_starts_again(page):
    """A tap far to the right of the temperature evens the weights; a button undoes all."""
    slider = page.get_by_label("temperature", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 0.97 * box["width"], box["y"] + box["height"] / 2)
    _, temperature, weights = agrees(page)
    assert temperature > 10 and weights.max() - weights.min() < 0.1
    button = page.get_by_role("button", name="Start again")
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    scores, temperature, weights = agrees(page)
    assert temperature == 1 and scores[1] == 2 and weights[1] == pytest.approx(0.52)


def test_nothing_overflows_and_nothing_fails(page):
    """On the narrowest phone."""
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.errors == []


# --- masks ---

MASKS = 'figure[data-interactive="masks"]'
SCORES = VECTORS @ VECTORS.T / 2**0.5


@pytest.fixture(scope="module")
def masks(browser, site):
    context = browser.new_context(viewport={"width": 320, "height": 800}, has_touch=True)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(site + "masks.html")
    page.wait_for_selector(f"{MASKS} .panel")
    yield page
    context.close()


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
        ("window of 3", window_mask(6, window=2)),
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
    summary = masks.locator(f"{MASKS} [aria-live=polite]")
    masks.wait_for_function(
        "node => node.textContent.includes('cat may not attend to cat')",
        arg=summary.element_handle(),
    )
    cells.nth(7).click()
    assert follows(masks).all()
    assert masks.url.endswith("masks.html")


def test_the_mask_fits_the_narrowest_phone(masks):
    """Cells that a finger can hit, and no sideways scrolling."""
    assert masks.evaluate("document.documentElement.scrollWidth") == 320
    box = masks.locator(f"{MASKS} .mask-cell").first.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    assert masks.errors == []


def test_without_scripts_the_picture_stands_alone(browser, site):
    """The picture is in the page itself; nothing is promised that does not work."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "soft_lookup.html")
    assert page.locator(f"{SOFTMAX} svg").is_visible()
    assert page.locator(".panel").count() == 0
    context.close()
