"""The arrow keys turn the pages where they have nothing else to do, and can be switched off."""

import json

import pytest
from playwright.sync_api import expect

CHAPTER = "soft_lookup.html"
SWITCH = "The arrow keys ← → turn the page"


@pytest.fixture
def page(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site + CHAPTER)
    yield page
    context.close()


def stays(page, *keys):
    """No key asks for a page: what they do, they do within the time of a few frames."""
    asked = []
    page.on("request", lambda one: one.is_navigation_request() and asked.append(one.url))
    for key in keys or ("ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert asked == [] and page.url.partition("#")[0].endswith(CHAPTER)


def test_they_turn_the_pages(page):
    """Right is the next chapter, left the one before."""
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/scoring.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/" + CHAPTER)


@pytest.mark.parametrize(
    "what",
    [
        "input[type=radio]",
        "details summary",
        "article a.internal",
        ".panel input[type=range]",
        ".panel button",
        "div.highlight pre[tabindex], .formula-scroll[tabindex]",
    ],
)
def test_they_stay_with_what_has_the_focus(page, what):
    """A choice, a slider, a box that scrolls sideways need them; at a link a reader stays."""
    page.locator(what).first.focus()
    assert page.evaluate("document.activeElement !== document.body")
    stays(page)


@pytest.mark.parametrize("modifier", ["Alt", "Control", "Meta", "Shift"])
def test_with_another_key_they_are_not_ours(page, modifier):
    stays(page, f"{modifier}+ArrowRight", f"{modifier}+ArrowLeft")


def test_they_stay_while_something_is_selected(page):
    """Text, and a whole formula."""
    for what in ("article p", "article .formula"):
        node = page.locator(what).first
        node.evaluate("node => getSelection().selectAllChildren(node)")
        stays(page)


def test_they_stay_where_a_caret_stands_in_the_text(page):
    """After a click on a word."""
    page.locator("article p").nth(2).click(position={"x": 5, "y": 5})
    assert page.evaluate("getSelection().type") == "Caret"
    stays(page)


def test_a_key_that_is_held_down_turns_one_page(page):
    page.keyboard.down("ArrowRight")
    page.wait_for_url("**/scoring.html")
    for _ in range(3):
        page.keyboard.down("ArrowRight")  # Playwright marks it as repeated
    page.wait_for_timeout(300)
    assert page.url.endswith("scoring.html")


def test_a_reader_who_walks_with_a_caret_keeps_the_page(browser, chromium, site, tmp_path):
    """F7: on a fresh page, where nothing is selected yet, and afterwards."""
    (tmp_path / "Default").mkdir()
    settings = {"settings": {"a11y": {"caretbrowsing": {"enabled": True}}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
    context = browser.browser_type.launch_persistent_context(tmp_path, **chromium)
    page = context.pages[0]
    page.goto(site + CHAPTER)
    assert page.evaluate("getSelection().type") == "None"
    stays(page, "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowRight")
    assert page.evaluate("getSelection().type") == "Caret"
    context.close()


def test_they_can_be_switched_off_by_keyboard_for_all_pages(page):
    """And on again; another page that is open follows."""
    box = page.get_by_role("checkbox", name=SWITCH)
    expect(box).to_be_checked()
    other = page.context.new_page()
    other.goto(page.url)
    box.focus()
    page.keyboard.press("Space")
    expect(other.get_by_role("checkbox", name=SWITCH)).not_to_be_checked()
    stays(other)
    page.reload()
    expect(box).not_to_be_checked()
    stays(page)
    box.check()
    page.reload()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/scoring.html")


def test_the_switch_is_for_fingers_too(browser, site):
    """Large enough on a phone, and only where a script can turn pages."""
    phone = {"viewport": {"width": 320, "height": 800}}
    for scripts in (True, False):
        context = browser.new_context(**phone, has_touch=True, java_script_enabled=scripts)
        page = context.new_page()
        page.goto(site + CHAPTER)
        label = page.locator("label.arrow-keys")
        assert label.is_visible() == scripts
        if scripts:
            assert label.bounding_box()["height"] >= 24
            label.tap()
            expect(label.locator("input")).not_to_be_checked()
        context.close()
