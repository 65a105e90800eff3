"""Nobody loses anything: narrow screens, large or spaced letters, forced colours, no scripts."""

import io
import re

import matplotlib.image
import numpy as np
import pytest

from grading.paths import ROOT

PAGES = sorted(path.name for path in (ROOT / "_build" / "html").glob("*.html"))
NO_STORAGE = """for (const store of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, store, {
    configurable: true, get() { throw new DOMException("no", "SecurityError"); } });
Object.defineProperty(Document.prototype, "cookie", {get: () => "", set() {}});"""
NARROWEST = 320  # 1280 px enlarged four times
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important } p { margin-bottom: 2em !important }"""  # as in WCAG 1.4.12
DOUBLED = "html { font-size: 200% !important }"
WAYS = {"spaced": (NARROWEST, SPACED), "doubled": (1280, DOUBLED)}

OPEN = "document.querySelectorAll('details').forEach(details => details.open = true)"
RESTYLE = """css => {
  const style = document.querySelector("#restyle") ?? document.createElement("style");
  style.id = "restyle";
  style.textContent = css;
  document.head.append(style);
}"""
# What is wider than the screen, or than a box that neither grows nor scrolls.
LOST = """() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  const unseen = "svg, .katex-mathml, .visually-hidden, dialog:not([open]), #pst-primary-sidebar";
  const cut = [...document.querySelectorAll("body *")].filter(node => {
    if (!node.clientWidth || node.scrollWidth <= node.clientWidth + 1) return false;
    const style = getComputedStyle(node);
    return /hidden|clip/.test(style.overflowX) && style.clipPath === "none"
      && !node.closest(unseen);
  });
  const names = cut.map(node => `${node.localName}.${node.className} is cut`);
  return scrollWidth > clientWidth ? [`the page is ${scrollWidth} px wide`, ...names] : names;
}"""


@pytest.fixture(scope="module")
def visited(browser, site):
    """Each page, opened without storage: the errors it reports, and what is lost in which way."""
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(NO_STORAGE)
    page = context.new_page()
    said, found = [], {}
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    for name in PAGES:
        page.goto("about:blank")  # nothing is laid out there for the width of the first way
        page.set_viewport_size({"width": NARROWEST, "height": 800})
        said.clear()
        page.goto(site + name)
        page.evaluate(OPEN)
        lost = {}
        for way, (width, css) in WAYS.items():
            page.evaluate(RESTYLE, css)
            page.set_viewport_size({"width": width, "height": 800})
            lost[way] = page.evaluate(LOST)
        found[name] = {"errors": list(said), **lost}
    context.close()
    return found


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_cut_off_or_widens_the_page(visited, way):
    """With spaced letters on the narrowest screen, and with letters of double size."""
    assert {name: found[way] for name, found in visited.items() if found[way]} == {}


def test_without_storage_no_page_complains(visited):
    """A browser that blocks cookies refuses even the question what is stored."""
    assert {name: found["errors"] for name, found in visited.items() if found["errors"]} == {}


def test_without_scripts_a_phone_leads_everywhere(browser, site):
    """A link leads to the contents, which follow the text; no button needs a script."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": NARROWEST, "height": 800}
    )
    page = context.new_page()
    page.goto(site + "soft_lookup.html")
    assert page.locator(".bd-header-article button:visible").count() == 0
    page.locator(".to-contents").click()
    page.locator(".bd-links a", has_text="Masks").click()
    assert page.url.endswith("masks.html")
    page.locator("details.folded summary").first.click()
    assert page.locator("details.folded[open] > :not(summary)").first.is_visible()
    context.close()


@pytest.fixture(scope="module", params=["light", "dark"])
def forced(browser, request):
    """A browser whose system's colours replace the page's; the book's theme is the other one."""
    other = {"light": "dark", "dark": "light"}[request.param]
    context = browser.new_context(
        forced_colors="active",
        color_scheme=request.param,
        device_scale_factor=3,
        reduced_motion="reduce",
    )
    context.add_init_script(f"localStorage.theme = localStorage.mode = '{other}'")
    yield context
    context.close()


@pytest.fixture
def seen_contrast(contrast):
    """A function of a piece of the page: between its darkest and its lightest pixel."""

    def seen(piece):
        pixels = matplotlib.image.imread(io.BytesIO(piece.screenshot()))[..., :3]
        colours = pixels.reshape(-1, 3) * 255
        order = np.argsort(colours @ [0.2126, 0.7152, 0.0722])
        return contrast(colours[order[0]], colours[order[-1]])

    return seen


def opened(forced, site, name):
    page = forced.new_page()
    page.goto(site + name)
    return page


def test_in_forced_colours_numbers_can_be_read_on_their_cells(forced, site, seen_contrast):
    """In pictures and in panels, whatever the cell's weight; and so can what stands beside them."""
    page = opened(forced, site, "scoring.html")
    words = page.locator("figure.fig svg text", has_text=re.compile(r"^(\.\d+|cat)$")).all()[:8]
    assert [seen_contrast(word) > 4.5 for word in words] == 8 * [True]
    page.goto(site + "masks.html")
    page.get_by_role("button", name="causal").click()
    cells = page.locator(".mask-cell").all()[:8]  # 1.00, five hidden, .06 and .94
    assert [seen_contrast(cell) > 4.5 for cell in cells] == 8 * [True]
    page.goto(site + "index.html")
    assert seen_contrast(page.locator(".arcs-heads label:has(:checked) span")) > 4.5
    page.close()


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("soft_lookup", ".panel .bar"),
        ("scoring", ".scale-strip span"),
        ("scoring", ".scale-bars span"),
        ("efficiency", ".online-rows .bar"),
        ("masks", ".mask-cell"),
        ("multi_head", ".heads-cell.token-0:enabled"),
        ("index", ".arcs-heads label:has(:checked)"),
        ("multi_head", ".panel-choice[aria-pressed=true]"),
    ],
)
def test_in_forced_colours_what_a_ground_says_is_seen(forced, site, name, drawn):
    """A bar, a chosen button, a token's cell differs from what lies around it."""
    page = opened(forced, site, f"{name}.html")
    piece = page.locator(drawn).last
    ground, around = (
        node.evaluate("node => getComputedStyle(node).backgroundColor")
        for node in (piece, page.locator("body"))
    )
    assert ground != around
    page.close()


def test_in_forced_colours_the_focus_is_seen(forced, site):
    """By an outline: the shadow that the theme draws is not there."""
    page = opened(forced, site, "index.html")
    page.set_viewport_size({"width": 1280, "height": 800})
    bare = []
    for _ in range(60):
        page.keyboard.press("Tab")
        bare += page.evaluate(
            """() => [document.activeElement].filter(node => node !== document.body
                 && getComputedStyle(node).outlineStyle === "none").map(node => node.outerHTML)"""
        )
    assert bare == []
    page.close()
