"""The built site opened from disk, without a server: what works when served works there too."""

import re

import pytest
from playwright.sync_api import expect

from grading.paths import ROOT
from lean.scripts import as_script, in_order

HTML = ROOT / "_build" / "html"
# 404.html is for hosts: its links start at their root.
PAGES = sorted(path for path in HTML.glob("*.html") if path.name != "404.html")


@pytest.fixture
def page(browser):
    """A page with `errors`, which is a list, and `open`, a function of a page's stem."""
    context = browser.new_context()
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.errors.append(m.text))
    page.open = lambda stem: page.goto((HTML / f"{stem}.html").as_uri())
    yield page
    context.close()


def test_no_page_complains(page):
    for path in PAGES:
        page.open(path.stem)
    assert page.errors == []


def test_every_panel_is_there(page):
    """As many as figures that have something to try; they share no names."""
    for path in PAGES:
        wanted = path.read_text("utf-8").count("data-interactive=")
        if wanted:
            page.open(path.stem)
            expect(page.locator("figure[data-interactive] .panel")).to_have_count(wanted)
            ids = page.locator("[id^=slider]").evaluate_all("all => all.map(node => node.id)")
            assert len(ids) == len(set(ids))


def test_a_panel_answers(page):
    """A mask that is chosen is painted."""
    page.open("masks")
    page.get_by_role("button", name="causal", exact=True).click()
    expect(page.locator(".mask-cell[aria-pressed=false]")).to_have_count(15)


def test_an_answer_is_kept(page):
    page.open("masks")
    page.locator("fieldset.question .choice > input").first.check()
    page.open("masks")
    expect(page.locator("fieldset.question .choice > input").first).to_be_checked()


def test_a_card_shows_what_a_link_leads_to(page):
    page.open("masks")
    address = page.locator("template[id^=preview-]").first.get_attribute("id")[len("preview-") :]
    page.locator(f'article a.internal[href="{address}"]').first.hover()
    expect(page.locator("#preview")).to_be_visible()


def test_the_search_finds_a_word(page):
    """What stands around it is in other pages, which none may read from disk."""
    page.goto((HTML / "search.html").as_uri() + "?q=temperature")
    expect(page.locator("#search-results li").first).to_be_visible(timeout=20_000)
    page.wait_for_load_state("networkidle")
    assert page.errors == []


def test_a_module_comes_after_those_that_it_imports(tmp_path):
    """Each once."""
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nimport { c } from "./c.js";\n')
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\n')
    (tmp_path / "c.js").write_text("")
    assert in_order(["c", "a"], tmp_path) == ["c", "b", "a"]


@pytest.mark.parametrize(
    "line", ['import all from "./b.js";', "export { a };", "export default a;", 'import "./b.js";']
)
def test_what_cannot_be_made_a_script_is_said(line):
    """With the file's name and the line, while the book is built."""
    with pytest.raises(ValueError, match=rf"a\.js: '{re.escape(line)}' cannot be read from disk"):
        as_script("a", line)
