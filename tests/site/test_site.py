"""The built site: complete, quiet towards other hosts, and described for who cannot see it."""

import re
from urllib.parse import urldefrag, urljoin

import pytest

from built import HTML, PAGES, anchors, parsed, text_without
from grading.paths import RESULTS, ROOT
from grading.results_file import read

LOADS = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"))
NOT_LOADED = {"canonical", "next", "prev", "search", "index", "author", "alternate", "license"}


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: path.stem)
def page(request):
    return request.param, parsed(request.param)


def test_site_is_built():
    """`make test` builds the site first; every source page has become one."""
    sources = {path.stem for path in (ROOT / "book").glob("*.md")}
    assert sources <= {path.stem for path in PAGES}


def test_page_asks_no_other_host(page):
    """Scripts, styles, pictures and fonts come from the site itself."""
    _, soup = page
    loaded = [
        element[attribute]
        for tag, attribute in LOADS
        for element in soup.find_all(tag, **{attribute: True})
        if not (tag == "link" and set(element.get("rel", [])) & NOT_LOADED)
    ]
    assert [url for url in loaded if re.match(r"(https?:)?//", url)] == []


def test_style_sheets_ask_no_other_host():
    """Nor do the style sheets."""
    sheets = list(HTML.rglob("*.css"))
    assert sheets
    outside = {
        (sheet.name, url)
        for sheet in sheets
        for url in re.findall(r"url\(\s*['\"]?((?:https?:)?//[^)]+)", sheet.read_text("utf-8"))
    }
    assert not outside


def test_every_picture_is_described(page):
    """A picture has an alt text that says something; a decoration is marked as one."""
    path, soup = page
    for image in soup.select("img"):
        assert image.get("alt") is not None, f"{path.name}: {image}"
        assert not re.search(r"[0-9a-f]{16}|\.(png|svg|jpe?g)$", image["alt"]), image["alt"]
    for drawing in soup.select("figure svg"):
        assert drawing.get("role") == "img" and len(drawing.get("aria-label", "")) > 14


def test_code_that_draws_shows_its_picture(page):
    """A drawing that is not the last value of its cell is lost without a word."""
    path, soup = page
    for cell in soup.select(".cell"):
        if re.search(r"^\s*show\(", cell.text, re.MULTILINE):
            assert cell.select(".cell_output svg"), f"{path.name}: {cell.text.strip()[:200]}"


def test_every_exercise_shows_its_card():
    """As many cards as graded exercises, each with its state and points."""
    exercises, _ = read(RESULTS)
    assert exercises
    for exercise in exercises:
        soup = parsed(exercise.stem)
        (card,) = soup.select(f'section.card[data-exercise="{exercise.name}"]')
        assert card.select_one(".card-state").text == exercise.state
        assert f"of {exercise.max_points} points" in card.text


def test_links_within_the_site_lead_somewhere(page):
    """No link to a page or anchor that is not there."""
    path, soup = page
    for link in soup.select("a[href]"):
        href, anchor = urldefrag(link["href"])
        if re.match(r"\w+:|//", href):
            continue
        target = HTML / urljoin(path.name, href).lstrip("/") if href else path
        assert target.exists(), f"{path.name} links to {href}"
        if anchor and target.suffix == ".html" and not anchor.startswith("__"):
            assert anchor in anchors(target), f"{path.name} → {href}#{anchor}"


def test_no_formula_is_left_as_tex(page):
    """A line that begins with + makes a list, and cuts the formula that it belongs to in two."""
    path, _ = page
    if path.stem == "references":  # a paper's title has dollars
        return
    text = text_without(path, "pre, code, .math, .katex, script, svg")
    assert not text or not re.search(r"\\[a-z]{2,}|\$", text.get_text()), path.name


def test_no_page_shows_a_raw_traceback(page):
    """What a cell prints on purpose is fine; an unhandled error is not."""
    path, soup = page
    assert not soup.select(".output.traceback"), path.name
    assert "Traceback (most recent call last)" not in soup.text
