"""The pictures of a diagnosis: data that survives the journey, and nothing else that a child sends.

They are drawn twice, for the page and for the terminal; both must say what the picture shows.
"""

import io
import json

import pytest
import torch
from bs4 import BeautifulSoup
from rich.console import Console

from grading import card, pictures, terminal
from grading.picture_schema import all_checked, checked
from grading.results import FAILED, Check, Exercise
from grading.results_file import DAMAGE

NAN = float("nan")
MAPS = pictures.maps(
    {"yours": torch.tensor([[0.25, NAN], [6e-6, 3.0]]), "expected": torch.eye(2)}, marked=[(0, 1)]
)
LINE = pictures.line(
    "Your scores", [(0, 0), (1, 0.0625), (2, NAN)], {"yours": 0.0625, "expected": 0.25},
    across="dot product", up="score",
)  # fmt: skip
STRIP = pictures.strip(
    "Where from", {"yours": [0, 0, 0, 1], "expected": [0, 0, 1, 1]}, ["row 0", "row 1"]
)
ALL = {"maps": MAPS, "line": LINE, "strip": STRIP}


def page(picture):
    """A card with the picture, as the page has it."""
    check = Check("test_it", "The check", 1, state=FAILED, message="No.", pictures=[picture])
    return BeautifulSoup(card.html(Exercise("it", "stem", "file.py", [check])), "html.parser")


def printed(picture):
    """The same in a terminal without colour."""
    check = Check("test_it", "The check", 1, state=FAILED, message="No.", pictures=[picture])
    console = Console(file=io.StringIO(), width=80)
    terminal.details(console, Exercise("it", "stem", "file.py", [check]))
    return console.file.getvalue()


@pytest.mark.parametrize("kind", ALL)
def test_picture_survives_json(kind):
    """What a check made is what is drawn."""
    picture = ALL[kind]
    assert picture["kind"] == kind
    assert checked(json.loads(json.dumps(picture))) == picture


def test_table_shows_its_numbers_and_where_to_look():
    """A tiny number is no exact zero, and what is not finite says so."""
    yours, expected = page(MAPS).select("table.map")
    assert [cell.text for cell in yours.select("td")] == ["0.25", "NaN", "0.00", "3.00"]
    assert [cell.text for cell in expected.select("td")] == ["1", "0", "0", "1"]
    assert [cell.text for cell in yours.select("td.marked")] == ["NaN"]
    assert "NaN]" in printed(MAPS) and "yours" in printed(MAPS)


def test_line_says_its_slopes():
    """To a screen reader too; a point that is not finite is left out."""
    figure = page(LINE).select_one("figure.line")
    label = figure.select_one("svg[role=img]")["aria-label"]
    assert label == "Your scores: score against dot product. Slopes: yours 0.0625, expected 0.25."
    assert len(figure.select("circle")) == 2 and len(figure.select("path.slope")) == 2
    assert "● yours: 0.0625" in printed(LINE) and "expected: 0.25" in printed(LINE)


def test_strip_marks_what_differs():
    """In its group, with the rows named, and told in words."""
    figure = page(STRIP).select_one("figure.strip")
    assert "1 of 4 differ" in figure.select_one("figcaption").text
    assert [cell.text for cell in figure.select("td.differs")] == ["0"]
    assert [c.text for c in figure.select("caption")] == ["row 0", "row 1"]
    lines = printed(STRIP).splitlines()
    (row,) = [line for line in lines if "yours" in line]
    (marks,) = [line for line in lines if "^" in line]
    assert row[marks.index("^")] == "0"


def test_large_table_is_cut_to_what_can_be_read():
    """Twelve rows and columns."""
    (table,) = pictures.maps({"yours": torch.zeros(20, 30)})["tables"].values()
    assert len(table) == 12 and len(table[0]) == 12


HOSTILE = {
    "no picture": 7,
    "unknown kind": {"kind": "film"},
    "text in a table": MAPS | {"tables": {"yours": [["<script>"]]}},
    "endless table": MAPS | {"tables": {"yours": [[0.0] * 1000]}},
    "number without an end": MAPS | {"tables": {"yours": [[10**400]]}},
    "slope to infinity": LINE | {"slopes": {"yours": float("inf")}},
    "points beyond": LINE | {"points": [[1e300, 1e300]]},
    "a cloud": LINE | {"points": [[0, 0]] * 1000},
    "uneven strip": STRIP | {"rows": {"yours": ["0"], "expected": ["0", "1"]}},
    "empty strip": STRIP | {"rows": {"yours": [], "expected": []}},
    "no rows": STRIP | {"rows": {}},
    "no groups": STRIP | {"groups": []},
    "endless strip": STRIP | {"rows": {"yours": ["0"] * 1000}},
    "missing parts": {"kind": "line"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_not_drawn(name):
    """Whatever a child sends: it ends as damage, never in the page."""
    with pytest.raises(DAMAGE):
        checked(HOSTILE[name])


def test_too_many_pictures_are_refused():
    """A diagnosis is not an album."""
    with pytest.raises(DAMAGE):
        all_checked([MAPS] * 10)


@pytest.mark.parametrize("kind", ALL)
def test_texts_of_a_picture_are_data(kind):
    """Escaped in the page, no mark-up to the terminal, and without control characters."""
    evil = "<b>[red]\x1b[31m{{ 7 * 7 }}"
    picture = {
        "maps": lambda: pictures.maps({evil: torch.eye(2)}),
        "line": lambda: pictures.line(evil, [(1, 1)], {evil: 1}, across=evil, up=evil),
        "strip": lambda: pictures.strip(evil, {evil: ["<b>"], "expected": ["[red]"]}, [evil]),
    }[kind]()
    check = Check("test_it", "The check", 1, state=FAILED, pictures=[picture])
    html = card.html(Exercise("it", "stem", "file.py", [check]))
    assert "<b>" not in html and "&lt;b&gt;[red]{{ 7 * 7 }}" in html and "\x1b" not in html
    assert "[red]{{ 7 * 7 }}" in printed(picture)


def test_nothing_but_zeros_can_be_drawn():
    """No division by an empty span."""
    flat = pictures.line("Flat", [(0, 0)], {"yours": 0.0}, across="x", up="y")
    assert page(flat).select_one("svg") and "yours: 0" in printed(flat)
