"""What a page carries: one style sheet with the rules that can be met, few icons, few scripts."""

import re

import pytest
from fontTools.ttLib import TTFont

from built import HTML, PAGES, parsed
from lean.style_sheet import joined, purged, words_of

STATIC = HTML / "_static"


def words(*names):
    return frozenset(names)


@pytest.mark.parametrize(
    "css, known, kept",
    [
        (".a{x:1}.b{x:2}", {"a"}, ".a{x:1}"),
        (".a, .b > p{x:1}", {"a", "b"}, ".a{x:1}"),
        ("#top em{x:1} #end{x:2}", {"top", "em"}, "#top em{x:1}"),
        (".a:not(.b):hover::after{x:1}", {"a"}, ".a:not(.b):hover::after{x:1}"),
        ("[data-theme=dark] p{x:1}", {"p"}, "[data-theme=dark] p{x:1}"),
        ("@media print{.a{x:1}.b{x:2}}", {"b"}, "@media print{ .b{x:2} }"),
        ("@media print{.a{x:1}}", set(), ""),
        ("@supports (x){@media print{.a{x:1}}}", {"a"}, "@supports (x){ @media print{ .a{x:1} } }"),
        ("@font-face{font-family:A}", set(), "@font-face{font-family:A}"),
        ("@charset 'utf-8';*{x:1}", set(), "*{x:1}"),
        (".a{/* why */ x:1;\n  y:2}", {"a"}, ".a{x:1; y:2}"),
    ],
)  # fmt: skip
def test_rules_that_nothing_meets_are_dropped(css, known, kept):
    """A selector stays when each of its elements, classes and ids is known; what is asked in
    brackets does not count."""
    assert purged(css, words(*known)).split() == kept.split()


def test_sheets_are_joined_with_their_imports_and_addresses(tmp_path):
    """Addresses hold from the new place, and an import is the sheet itself."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.css").write_text("p{background:url(p.png)}")
    sheet = tmp_path / "deep" / "a.css"
    sheet.write_text('@import "../base.css";\nb{background:url("../img/b.png"),url(data:x)}')
    assert joined([sheet], tmp_path) == (
        'p{background:url("p.png")}\nb{background:url("img/b.png"),url(data:x)}'
    )


def test_the_words_of_a_page_are_those_of_its_tags(tmp_path):
    """Text makes no class; a script's strings may."""
    page, script = tmp_path / "a.html", tmp_path / "a.js"
    page.write_text('<p class="lead big" id="x1">nothing</p>')
    script.write_text("node.className = 'shown'")
    found = words_of([page, script])
    assert {"p", "lead", "big", "x1", "shown"} <= found and "nothing" not in found


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.stem)
def soup(request):
    return parsed(request.param)


def test_a_page_links_one_style_sheet_and_waits_for_no_script(soup):
    """So the text is drawn after two answers of the server."""
    assert [link["href"].lstrip("/") for link in soup.select("link[rel=stylesheet]")] == [
        "_static/site.css"
    ]
    if "search" not in soup.title.text.lower():
        waits = [
            script["src"]
            for script in soup.select("script[src]")
            if not script.has_attr("defer") and script.get("type") != "module"
        ]
        assert waits == []
        assert not soup.select('script[src*="searchindex"], script[src*="searchtools"]')


def test_the_style_sheet_knows_what_any_page_shows():
    """Also after a build that wrote few pages: code, formulas, cells, cards, buttons."""
    css = (STATIC / "site.css").read_text("utf-8")
    names = (
        ".katex .mfrac",
        ".highlight .k",
        "div.cell",
        ".exercise",
        "button.copybtn",
        ".sd-card",
    )
    assert [name for name in names if name not in css] == []


def test_every_chapter_describes_itself(soup):
    """For those who find it by a search engine: a sentence, as long as its result shows."""
    if soup.select_one(".chapter-head"):
        assert 40 < len(soup.select_one("meta[name=description]")["content"]) <= 160


def test_every_icon_on_a_page_is_in_the_font(soup):
    """The font was cut down to the icons of the style sheet that is left."""
    css = (STATIC / "site.css").read_text("utf-8")
    characters = TTFont(STATIC / "icons" / "fa-solid-900.woff2").getBestCmap()
    for icon in soup.select("i.fa-solid"):
        (name,) = (c for c in icon["class"] if re.search(rf"\.{c}\b[^{{}}]*{{--fa:", css))
        glyph = re.search(rf'\.{name}\b[^{{}}]*{{--fa: ?"(.)"', css)[1]
        assert ord(glyph) in characters
    assert len(characters) < 100
