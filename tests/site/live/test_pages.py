"""An edit of a page, a style sheet or a figure reaches the open pages."""

import pytest
from playwright.sync_api import expect

PATIENT = 90_000  # milliseconds: a loaded machine is slow, and the test is not about speed


def test_edited_text_changes_in_place(page, copy):
    """What the reader has done to the page stays: nothing is loaded again."""
    text = copy / "book" / "soft_lookup.md"
    for sentence in ("One sentence from the test.", "Another sentence from the test."):
        text.write_text(text.read_text() + f"\n{sentence}\n")
        expect(page.get_by_text(sentence)).to_be_attached(timeout=PATIENT)
        page.evaluate("window.neverReloaded = true")  # the first shows the stub as put back too
    expect(page.get_by_text("One sentence from the test.")).to_be_attached()
    place = page.evaluate("scrollY")
    text.write_text(text.read_text().replace("Another sentence", "A later sentence"))
    expect(page.get_by_text("A later sentence from the test.")).to_be_attached(timeout=PATIENT)
    expect(page.get_by_text("Another sentence")).to_have_count(0)
    assert page.evaluate("window.neverReloaded && scrollY") == place
    shown = page.locator("article").inner_text()
    page.reload()
    assert page.locator("article").inner_text() == shown


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        pytest.param("\n## What you now know", "\n## What you know today", id="heading"),
        pytest.param("{code-cell} python\n", "{code-cell} python\n# from the test\n", id="code"),
    ],
)
def test_page_reloads_where_more_than_text_changed(page, copy, was, becomes):
    """The contents name the heading, and a script gives the code its button."""
    text = copy / "book" / "soft_lookup.md"
    assert was in text.read_text()
    text.write_text(text.read_text().replace(was, becomes, 1))
    page.wait_for_function("!window.neverReloaded", timeout=PATIENT)
    expect(page.locator("article")).to_contain_text(becomes.splitlines()[1].strip("# "))
    expect(page.locator("article .highlight button").first).to_be_attached()


def test_trouble_is_told_on_the_open_page_until_it_is_mended(page, copy):
    """An author looks at the page, not at the terminal."""
    text = copy / "book" / "soft_lookup.md"
    before = text.read_text()
    text.write_text(f"{before}\n[](no_such_page.md)\n")
    expect(page.locator("#live-trouble")).to_contain_text("no_such_page", timeout=PATIENT)
    text.write_text(before)
    expect(page.locator("#live-trouble")).to_have_count(0, timeout=PATIENT)


def test_style_edit_reaches_the_open_page(page, copy):
    """No page changes by it, so the sheet itself has to be noticed."""
    sheet = copy / "book" / "_static" / "style" / "page.css"
    sheet.write_text(sheet.read_text() + "\nh1 { text-indent: 3px; }\n")
    expect(page.locator("h1").last).to_have_css("text-indent", "3px", timeout=PATIENT)
