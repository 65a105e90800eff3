"""Move a query in the plane: scores, weights and output are the package's, whoever moves it how."""

import re

import pytest
import torch
from torch.testing import assert_close

from attention import soft_lookup, softmax
from attention.data.sentence import VECTORS

PLANE = 'figure[data-interactive="plane"]'


@pytest.fixture(scope="module")
def page(open_panel):
    return open_panel("soft_lookup", "plane")


@pytest.fixture(autouse=True)
def from_the_start(page):
    page.locator(PLANE).get_by_role("button", name="Start again").click()


def agrees(page):
    """The query that the sliders show; all the other numbers are the package's for it."""
    panel = page.locator(f"{PLANE} .panel")
    query = torch.tensor(list(map(float, panel.locator("output").all_inner_texts())))
    numbers = list(map(float, panel.locator(".panel-number").all_inner_texts()))
    scores, weights = torch.tensor(numbers).view(6, 2).unbind(1)
    wanted = VECTORS @ query
    assert_close(scores, wanted, rtol=0, atol=1e-5)  # tenths times whole numbers
    assert_close(weights, softmax(wanted), rtol=0, atol=0.0051)  # two digits are shown
    output = re.findall(r"[\d.]+", panel.locator(".plane-place").inner_text())
    expected = soft_lookup(query[None], VECTORS, VECTORS)[0]
    assert_close(torch.tensor(list(map(float, output))), expected, rtol=0, atol=0.0051)
    assert_close(drawn(page, "plane-output").mean(0), expected, rtol=0, atol=1e-3)
    return query, weights


def drawn(page, name):
    """Points of the drawing's paths and circles, from which the drawing's units are taken out."""
    boxes = page.locator(f"{PLANE} .{name}").evaluate_all(
        "nodes => nodes.map(n => n.getBBox()).map(b => [b.x + b.width / 2, b.y + b.height / 2])"
    )
    return (torch.tensor(boxes) - 15) / torch.tensor([50.0, -50.0]) + torch.tensor([-2.0, 3.0])


def on_screen(page, x, y):
    """Where the point (x, y) of the plane lies in the window: between the words' own dots."""
    plane = page.locator(f"{PLANE} .plane")
    plane.evaluate("node => node.scrollIntoView({block: 'center'})")
    boxes = [dot.bounding_box() for dot in page.locator(f"{PLANE} .plane-dot").all()]
    the, cat, _, _, mat = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in boxes]
    return the[0] + x * (cat[0] - the[0]) / 2, the[1] + y * (mat[1] - the[1]) / 2


def test_it_starts_as_the_picture(page):
    """The query is "who?", and the areas of the discs are the weights, the two "the" together."""
    query, _ = agrees(page)
    assert query.tolist() == [1, 0]
    radii = page.locator(f"{PLANE} .plane-weight").evaluate_all(
        "all => all.map(n => +n.attributes.r.value)"
    )
    areas = torch.tensor(radii).square()
    held = softmax(VECTORS @ query)[[0, 1, 2, 3, 5]] * torch.tensor([2.0, 1, 1, 1, 1])
    assert_close(areas / areas.sum(), held)


def test_a_mouse_drags_the_query_onto_cat(page):
    """The same direction, twice as far: the weight of cat grows, and all the others fall."""
    _, before = agrees(page)
    page.mouse.move(*on_screen(page, 1, 0))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 1.5, 0.4))
    page.mouse.move(*on_screen(page, 2, 0))
    page.mouse.up()
    page.mouse.move(*on_screen(page, -1, -1))  # let go: it stays
    query, after = agrees(page)
    assert query.tolist() == [2, 0]
    assert after[1] > before[1] and (after[[0, 2, 3, 4, 5]] < before[[0, 2, 3, 4, 5]]).all()
    page.says("goes to cat. The output lies at (1.")


def test_a_drag_beyond_the_plane_stops_at_its_edge(page):
    page.mouse.move(*on_screen(page, 1, 0))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 9, -9))
    page.mouse.up()
    query, _ = agrees(page)
    assert query.tolist() == [3, -2]
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_finger_taps_and_drags_the_query(page):
    """A tap on "sat" brings it there, where three words tie; from there a finger drags it on."""
    page.touchscreen.tap(*on_screen(page, 1, 1))
    query, weights = agrees(page)
    assert query.tolist() == [1, 1]
    page.says(f"The largest weight, {weights[1]:.2f} each, goes to cat and sat and mat.")
    scrolled = swipe(page, on_screen(page, 1, 1), on_screen(page, 0, 2))
    query, weights = agrees(page)
    assert query.tolist() == [0, 2] and weights.argmax() == 5 and not scrolled


def test_a_finger_scrolls_the_page_beside_the_query(page):
    """A plane as wide as the phone is no trap: only the query itself holds the finger."""
    assert swipe(page, on_screen(page, -1.5, 0), on_screen(page, -1.5, 2.5))
    query, _ = agrees(page)
    assert query.tolist() == [1, 0]


def swipe(page, start, end):
    """Move a finger; by how much the page has scrolled."""
    before = page.evaluate("scrollY")
    devtools = page.context.new_cdp_session(page)
    steps = [
        start,
        *[[a + (b - a) * k / 8 for a, b in zip(start, end, strict=True)] for k in range(1, 9)],
    ]
    for kind, (x, y) in zip(["touchStart", *["touchMove"] * 8], steps, strict=True):
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(100)
    return page.evaluate("scrollY") - before


def test_arrow_keys_move_the_query(page):
    """It has a role, a name, and both numbers in words; the page stays where it is."""
    handle = page.locator(PLANE).get_by_role("slider", name="query")
    handle.focus()
    for key, times in {"ArrowUp": 10, "ArrowLeft": 13, "ArrowRight": 3, "ArrowDown": 2}.items():
        for _ in range(times):
            page.keyboard.press(key)
    query, _ = agrees(page)
    assert_close(query, torch.tensor([0.0, 0.8]))
    assert handle.get_attribute("aria-valuetext") == "somebody 0.0, some place 0.8"
    assert page.url.endswith("soft_lookup.html")


def test_a_slider_for_each_axis_moves_it_too(page):
    """A screen reader on a phone has one axis at a time. At the origin no word is preferred."""
    slider = page.locator(PLANE).get_by_label("somebody", exact=True)
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    query, _ = agrees(page)
    assert query.tolist() == [0, 0]
    page.says("All words get the same weight, 0.17. The output lies at (0.50, 0.67).")
    x, y = on_screen(page, 0, 0)
    middle = page.locator(f"{PLANE} .plane-query").bounding_box()
    assert middle["x"] + middle["width"] / 2 == pytest.approx(x, abs=1)
    assert middle["y"] + middle["height"] / 2 == pytest.approx(y, abs=1)
