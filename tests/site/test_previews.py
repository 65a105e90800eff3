"""Cards: what a link leads to is in the page, is what stands there now, and can be dismissed."""

import io
import re
from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from built import HTML, parsed
from previews.excerpts import LARGEST

# MyST does what it warns of wherever a page links to another.
pytestmark = pytest.mark.filterwarnings("ignore:.*MystReferenceResolver.app")
INDEX = (
    "# Book\n\n```{toctree}\n:numbered:\n\napples\npears\nplums\n```\n\n```{bibliography}\n```\n"
)
WORKS = "@article{newton, author={Newton, Isaac}, title={Fall}, journal={Nature}, year={1687}}"


def figure(name, caption, size=9):
    """A cell that shows a drawing of so many characters as `figures.show` writes it."""
    path = f'<clipPath id="{name}-a"></clipPath><path clip-path="url(#{name}-a)" d="M0 0"/>'
    svg = f'<svg role="img" viewBox="0 0 9 9">{path}<text>{"x" * size}</text></svg>'
    html = f'<figure class="fig">{svg}<figcaption>{caption}</figcaption></figure>'
    code = f"from IPython.display import HTML\nHTML({html!r})"
    return f"```{{code-cell}}\n:name: {name}\n{code}\n```\n"


APPLES = f"""# Apples

## Trees

A [tree]{{#tree}} with *apples*, see {{numbered}}`small` and [](pears.md).

{figure("small", "A small one.")}
{figure("large", "A large one.", LARGEST)}

$$
a = b
$$ (same)

::::{{question}}
:name: why
Why do they fall?

:::{{choice}} One
1
:::
:::{{choice}} Two
:correct:
2
:::
:::{{choice}} Three
3
:::
::::

```{{glossary}}
core
  What is left. Not eaten.
```

```{{eval-rst}}
.. py:function:: eat(apple, slowly)

   Take bites until the core is left.
```
"""
PEARS = f"""# Pears

See {{numbered}}`small`, {{numbered}}`large`, {{numbered}}`why`, {{eq}}`same`, {{term}}`core`,
{{py:func}}`eat`, [trees](apples.md#trees), [the page](apples.md), [again](apples.md),
{{cite:t}}`newton` and [another site](https://example.org).

{figure("own", "Its own.").replace("own-a", "small-a")}

## Soft

Soft.
"""
ONE_MORE = figure("first", "One before the others.")
PLUMS = "# Plums\n\nSee [trees](apples.md#trees).\n"


class Book:
    """A project of three chapters that link to what is in the others."""

    def __init__(self, folder):
        self.folder = folder
        self.write("conf.py", "")
        self.write("works.bib", WORKS)
        self.write("book/index.md", INDEX)
        self.write("book/apples.md", APPLES)
        self.write("book/pears.md", PEARS)
        self.write("book/plums.md", PLUMS)

    def write(self, name, text):
        (self.folder / "book").mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def edit(self, name, old, new):
        path = self.folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))

    def build(self):
        """Build; returns which pages were written."""
        settings = {
            "extensions": ["execution", "sphinxcontrib.bibtex", "questions", "katex", "previews"],
            "myst_enable_extensions": ["attrs_inline", "colon_fence", "dollarmath"],
            "myst_heading_anchors": 2,
            "math_numfig": False,
            "bibtex_bibfiles": ["works.bib"],
            "bibtex_reference_style": "author_year",
            "bibtex_tooltips": False,
        }
        warnings, out = io.StringIO(), self.folder / "html"
        before = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
        with docutils_namespace():
            Sphinx(
                self.folder / "book", self.folder, out, out / "trees", "html", settings,
                None, warnings,
            ).build()  # fmt: skip
        assert warnings.getvalue() == ""
        after = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
        return {name for name in after if after[name] != before.get(name)} - {"search", "genindex"}

    def page(self, name):
        return BeautifulSoup((self.folder / "html" / f"{name}.html").read_text(), "html.parser")

    def cards(self, name):
        """{address: template} of a page."""
        found = self.page(name).select("template")
        return {template["id"].removeprefix("preview-"): template for template in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("previews"))
    book.build()
    return book


@pytest.fixture
def book(built, put_back):
    """It, to do with what one likes."""
    with put_back(built.folder):
        yield built


@pytest.mark.parametrize(
    "address, words",
    [
        ("apples.html#small", "A small one."),
        ("apples.html#why", "Why do they fall?"),
        ("apples.html#term-core", "core What is left. Not eaten."),
        ("apples.html#eat", "eat(apple, slowly) Take bites until the core is left."),
        ("apples.html#trees", "Trees A tree with apples, see Figure 1.1 and Pears."),
        ("apples.html", "Apples A tree with apples, see Figure 1.1 and Pears."),
        ("index.html#id2", "Isaac Newton. Fall. Nature, 1687."),
    ],
)
def test_a_link_has_a_card_with_what_it_leads_to(built, address, words):
    """The words that stand there, without a number that the link itself shows."""
    text = built.cards("pears")[address].get_text(" ")
    assert words in re.sub(r" ([.,])", r"\1", " ".join(text.split()))


def test_an_equation_is_shown_as_a_formula(built):
    """And has no number, nor is it a place to stop at."""
    card = built.cards("pears")["apples.html#equation-same"]
    assert card.select_one(".katex-display") and not card.select(".eqno, [tabindex]")


def test_each_address_has_one_card_and_a_card_has_no_links(built):
    """Twice linked is once written; links to other sites have none."""
    pears = built.page("pears")
    addresses = [template["id"] for template in pears.select("template")]
    assert len(addresses) == len(set(addresses)) == 9
    links = {link["href"] for link in pears.select("[role=main] a.internal")}
    assert links <= {address.removeprefix("preview-") for address in addresses}
    assert not [template for template in pears.select("template") if template.select("a")]


def test_a_small_drawing_is_in_the_card_of_another_page_and_a_large_one_is_not(built):
    """A page carries the caption of the large one."""
    cards = built.cards("pears")
    assert cards["apples.html#small"].select_one("svg path")
    large = cards["apples.html#large"]
    assert not large.svg and large.get_text(strip=True) == "A large one."


def test_the_card_of_a_figure_in_the_same_page_draws_it_again(built):
    """By its id, so that the page carries it once."""
    use = built.cards("apples")["#small"].select_one("svg > use")
    drawing = built.page("apples").select_one(use["href"])
    assert drawing.parent.name == "svg" and drawing.select_one("path")


@pytest.mark.parametrize("name", ["apples", "pears"])
def test_no_id_stands_twice(built, name):
    """A drawing in a card brings its own, and its references mean these."""
    page = built.page(name)
    ids = [element["id"] for element in page.find_all(id=True)]  # in templates too
    assert len(ids) == len(set(ids))
    for path in page.find_all("path"):
        assert path.find_previous("clippath", id=path["clip-path"][5:-1])


@pytest.mark.parametrize(
    "name, old, new, written",
    [
        ("book/apples.md", "with *apples*", "without", {"pears", "plums"}),
        ("book/apples.md", "```{code-cell}", f"{ONE_MORE}```{{code-cell}}", {"pears", "plums"}),
        ("book/apples.md", "A small one", "A tiny one", {"pears"}),
        ("book/apples.md", 'd="M0 0"', 'd="M0 1"', {"pears"}),
        ("book/apples.md", "a = b", "a = c", {"pears"}),
        ("book/apples.md", "until the core", "till the core", {"pears"}),
        ("book/apples.md", "\n3\n", "\nthree\n", set()),
        ("book/pears.md", "# Pears", "# Peaches", {"apples"}),
        ("book/pears.md", "## Soft", "## Hard", set()),
        ("works.bib", "Fall", "Winter", {"pears"}),
    ],
)
def test_a_page_is_written_again_when_its_cards_have_changed(book, name, old, new, written):
    """And only then. The index lists the pages, so Sphinx writes it with each of them."""
    book.edit(name, old, new)
    assert book.build() - {"index", name[5:-3]} == written
    assert book.build() == set()


@pytest.mark.parametrize("path", sorted(HTML.glob("*.html")), ids=lambda path: path.stem)
def test_a_page_of_the_book_carries_its_cards_and_little_more(path):
    """The module comes with the cards alone, no id stands twice, and the cards are light."""
    page = parsed(path)
    cards = page.select("template")
    assert bool(cards) == bool(page.select('script[src="_static/own/previews.js"]'))
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert sum(len(str(card)) for card in cards) < 40_000
    assert not [card for card in cards if card.select("a, [tabindex], figure")]


@pytest.fixture
def page(browser, site):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(site + "soft_lookup.html")
    yield page
    page.close()


def work(page):
    """A link to an entry of the bibliography."""
    return page.locator('a[href="references.html#ref1-nadaraya1964"]').first


def card(page):
    return page.get_by_role("tooltip")


def test_pointing_at_a_link_opens_its_card_which_can_be_pointed_at(page):
    """It stays while the pointer is on it, and closes when the pointer leaves."""
    work(page).hover()
    expect(card(page)).to_contain_text("On estimating regression")
    expect(work(page)).to_have_accessible_description(re.compile("On estimating regression"))
    card(page).hover()
    page.wait_for_timeout(600)  # twice the pause before a card closes
    expect(card(page)).to_be_visible()
    page.get_by_role("heading", level=1).hover()
    expect(card(page)).to_have_count(0)
    expect(work(page)).not_to_have_attribute("aria-describedby", "preview")


def test_passing_over_a_link_opens_nothing(page):
    """A card waits until the pointer rests."""
    page.clock.install()
    page.reload()
    page.clock.pause_at(datetime.now() + timedelta(minutes=1))
    for place in (work(page), page.get_by_role("heading", level=1)):
        place.hover()
        page.clock.run_for(200)
        expect(card(page)).to_have_count(0)


def test_a_card_opens_by_keyboard_and_escape_closes_it(page):
    """The pointer, wherever it moves, does not close it; the link keeps the focus."""
    work(page).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(work(page)).to_be_focused()
    expect(card(page)).to_contain_text("On estimating regression")
    page.mouse.move(5, 5)
    page.mouse.move(9, 9)
    page.wait_for_timeout(600)
    expect(card(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    expect(work(page)).to_be_focused()


def test_escape_closes_a_card_that_is_pointed_at(page):
    """Without moving the pointer."""
    work(page).hover()
    expect(card(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)


def test_a_finger_follows_the_link(browser, site):
    """No card comes between."""
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(site + "soft_lookup.html")
    work(page).dispatch_event("pointerover", {"pointerType": "touch", "bubbles": True})
    page.wait_for_timeout(600)  # as long as a finger may rest
    expect(card(page)).to_have_count(0)
    work(page).tap()
    page.wait_for_url("**/references.html#ref1-nadaraya1964")
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_card_lies_within_the_page(browser, site, width):
    """Wherever its link stands: beside no edge is it cut off, nor does it widen the page."""
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.clock.install()
    page.goto(site + "interpretation.html")
    links = page.locator("article a.internal:visible")
    boxes = []
    for link in links.all()[::7]:
        link.hover()
        page.clock.run_for(400)
        boxes += [box.bounding_box() for box in card(page).all()]
    assert boxes and all(0 <= box["x"] <= width - box["width"] for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
