"""What holds for every panel: where it is loaded, on the narrowest phone, without scripts."""

import pytest

from grading.paths import ROOT

HTML = ROOT / "_build" / "html"
MODULES = ROOT / "book" / "_static" / "interactive"
FIGURES = sorted({path.stem for path in MODULES.glob("*.js")} - {"math", "panel"})


def pages_with(name):
    """The pages on which such a figure stands."""
    pages = sorted(HTML.glob("*.html"))
    return [p for p in pages if f'data-interactive="{name}"' in p.read_text("utf-8")]


def test_a_module_is_loaded_where_its_figure_stands():
    """Every page that has such a figure loads its module, and no other page does."""
    for name in FIGURES:
        tag = f'src="_static/own/{name}.js"'
        loading = [p for p in sorted(HTML.glob("*.html")) if tag in p.read_text("utf-8")]
        assert loading == pages_with(name) != [], name


@pytest.mark.parametrize("name", FIGURES)
def test_it_fits_the_narrowest_phone(open_panel, name):
    """No sideways scrolling, nothing too small for a finger, a name for each control, no error."""
    page = open_panel(pages_with(name)[0].stem, name)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    panel = page.locator(f'figure[data-interactive="{name}"] .panel')
    controls = panel.locator("button, input, select, [tabindex]").all()
    assert controls
    for control in controls:
        if control.is_visible():
            box = control.bounding_box()
            assert min(box["width"], box["height"]) >= 24, control.evaluate("n => n.outerHTML")
            assert control.evaluate("n => n.ariaLabel || (n.labels?.[0] ?? n).textContent.trim()")
    assert panel.locator("[aria-live=polite]").inner_text().strip()
    assert page.errors == []


@pytest.mark.parametrize("name", FIGURES)
def test_without_scripts_the_picture_stands_alone(browser, site, name):
    """The picture is in the page itself; nothing is promised that does not work."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}{pages_with(name)[0].stem}.html")
    assert page.locator(f'figure[data-interactive="{name}"] svg').first.is_visible()
    assert page.locator(".panel").count() == 0
    context.close()
