"""Reading the built site in a browser: search, print, and without scripts or storage."""

import pytest
from playwright.sync_api import expect

CHAPTER = "soft_lookup.html"


@pytest.fixture
def page(browser, site):
    page = browser.new_page()
    page.goto(site + CHAPTER)
    yield page
    page.close()


def test_search_finds_a_word_from_any_page(page):
    """On a plain file server, from the dialog that Ctrl+K opens."""
    page.keyboard.press("Control+k")
    page.locator("dialog input[type=search]").fill("temperature")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results li").first).to_be_visible(timeout=20_000)


def test_paper_is_white(browser, site):
    """A page read in the dark is printed dark on light, and is dark again afterwards."""
    page = browser.new_page(color_scheme="dark")
    page.goto(site + CHAPTER)
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(theme) == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(theme) == "dark"
    page.close()


def test_without_scripts_everything_can_be_read(browser, site):
    """Text, formulas, figures and cards stand in the page itself, in the system's theme."""
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(site + CHAPTER)
    for what in ("h1", ".katex-display", "figure svg", "section.card", "div.highlight"):
        assert page.locator(f"{what}:visible").count() > 0, what
    context.close()


def test_without_storage_everything_can_be_read(browser, site):
    """A browser that keeps nothing refuses even the question; the text does not wait for it."""
    context = browser.new_context(color_scheme="dark")
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{configurable: true, get() { throw new DOMException('no'); }})"
    )
    page = context.new_page()
    page.goto(site + CHAPTER)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(page.locator("figure svg").first).to_be_visible()
    context.close()
