"""How long a page takes: 130 words a minute; a figure and a long cell in sight take one each."""

import re

import pytest
from docutils import nodes
from docutils.utils import new_document

from built import PAGES, parsed
from folded import fold
from minutes import exercises, reading

FIGURE = '<figure class="fig" id="x"><svg></svg></figure>'


def words(count):
    return nodes.paragraph("", " ".join(["word"] * count))


def cell(lines, **attributes):
    code = nodes.container("", nodes.literal_block(text="\n".join(["x = 1"] * lines)))
    code["classes"] = ["cell_input"]
    return nodes.container("", code, classes=["cell"], nb_element="cell_code", **attributes)


def page(*parts):
    document = new_document("page")
    document += parts
    return document


def test_words_figures_and_long_cells_take_time():
    """780 words are six minutes; a figure and a cell of six lines one each: ten, rounded up."""
    assert reading(page(words(650))) == 5
    assert reading(page(words(650), nodes.raw("", FIGURE, format="html"))) == 10
    assert reading(page(words(650), cell(6))) == 10
    assert reading(page(words(1300), cell(6), nodes.raw("", FIGURE, format="html"))) == 15


@pytest.mark.parametrize(
    "aside",
    [
        cell(5),
        cell(20, hide_mode="input"),
        fold("More", [words(500)], "aside"),
        nodes.container("", words(500), design_component="dropdown"),
        nodes.container("", words(500), classes=["exercise"]),
        nodes.math_block("", "x " * 500),
    ],
)
def test_what_is_short_folded_or_an_exercise_counts_not_at_all(aside):
    """A reader may pass it by."""
    assert reading(page(words(650), aside)) == 5


def test_exercises_take_what_their_authors_say():
    """All of a page together."""
    boxes = [nodes.container(classes=["exercise"], minutes=minutes) for minutes in (10, 15)]
    assert exercises(page(words(650), *boxes)) == 25


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_every_chapter_tells_its_minutes(file):
    """And no page says that it has exercises and gives them no time."""
    head = parsed(file).select_one(".chapter-head")
    if head is None:
        return
    told = re.search(r"Reading time (\d+) minutes(?:, and (\d+) for the exercises?)?\.", head.text)
    assert told and int(told[1]) > 0
    exercises = len(parsed(file).select(".exercise-title"))
    words = {0: "", 1: "for the exercise."}.get(exercises, "for the exercises.")
    assert told[0].endswith(words or "minutes.") and told[2] != "0"
