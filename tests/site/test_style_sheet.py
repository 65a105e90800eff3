"""The style sheet's colours: words reach a contrast of 4.5 in light and in dark."""

import re
from pathlib import Path

import pytest
import sphinx_book_theme

from figures import style

ROOT = Path(__file__).parents[2]
SHEETS = sorted((ROOT / "book/_static/style").glob("*.css"))
CSS = re.sub(r"/\*.*?\*/", "", "".join(s.read_text() for s in SHEETS), flags=re.DOTALL)
THEME = Path(sphinx_book_theme.__file__).parent / "theme/sphinx_book_theme/static/styles"
DARK = 'html[data-theme="dark"]'
PAGE = {"light": "#ffffff", "dark": "#121212"}


def rules(selector):
    body = re.search(rf"^{re.escape(selector)} \{{(.*?)\}}", CSS, re.DOTALL | re.MULTILINE)[1]
    return dict(re.findall(r"(--[\w-]+): ([^;]+);", body))


COLOURS = {"light": rules(":root"), "dark": rules(":root") | rules(DARK)}


def parts(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def blend(colour, ground, opacity):
    mixed = (
        round(opacity * a + (1 - opacity) * b)
        for a, b in zip(parts(colour), parts(ground), strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def test_the_dark_page_is_as_dark_as_we_think():
    theme = (THEME / "sphinx-book-theme.css").read_text()
    assert f"--pst-color-background:{PAGE['dark']}" in theme


def test_every_sheet_is_part_of_the_books():
    imported = re.findall(r'"style/(.*?)"', (ROOT / "book/_static/book.css").read_text())
    assert sorted(imported) == [sheet.name for sheet in SHEETS]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_can_be_read(contrast, mode):
    colours, page = COLOURS[mode], PAGE[mode]
    pairs = {f"--fig-{name}": [page] for name in (*range(5), "muted")}
    for state in ("good", "bad", "part", "idle"):
        pairs[f"--{state}"] = [page, colours[f"--{state}-ground"]]
    pairs["--idle"] += [colours[f"--{state}-ground"] for state in ("good", "bad", "part")]
    pairs["--part"] += [colours["--bad-ground"]]  # a hint inside a card that failed
    faint = {
        f"{name} on {ground}": round(contrast(parts(colours[name]), parts(ground)), 2)
        for name, grounds in pairs.items()
        for ground in grounds
        if contrast(parts(colours[name]), parts(ground)) < 4.5
    }
    assert not faint


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_link_that_is_pointed_at_can_be_read(contrast, mode):
    colours = COLOURS[mode]
    pointed_at = rules("html[data-theme]")["--pst-color-link-hover"]
    words = colours[re.search(r"--[\w-]+", pointed_at)[0]]
    assert contrast(parts(words), parts(PAGE[mode])) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("cell", ["--fig-weight", "--fig-negative"])
def test_a_number_can_be_read_in_a_cell_of_any_weight(contrast, mode, cell):
    colours = COLOURS[mode]
    for percent in range(101):
        words = colours["--fig-on-high" if percent / 100 > style.FLIP else "--fig-on-low"]
        ground = blend(colours[cell], PAGE[mode], percent / 100)
        assert contrast(parts(words), parts(ground)) >= 4.5, f"{words} on {percent} %"


def test_figures_fall_back_on_the_light_theme():
    light = COLOURS["light"]
    assert tuple(light[f"--fig-{i}"] for i in range(5)) == style.CYCLE
    assert (light["--fig-weight"], light["--fig-negative"]) == (style.WEIGHT, style.NEGATIVE)
    assert light["--fig-muted"] == style.MUTED


def test_every_variable_that_is_used_is_defined():
    # these stand in the pages: a figure's width, a table cell's weight, a strip cell's hue
    defined = set(re.findall(r"(--[\w-]+):", CSS)) | {"--fig-width", "--weight", "--hue"}
    used = {name for name in re.findall(r"var\((--[\w-]+)", CSS) if not name.startswith("--pst")}
    drawn = {
        re.search(r"--[\w-]+", value)[0] for value in style.IN_THE_PAGE.values() if "--" in value
    }
    assert used | drawn <= defined
