"""No check prints a picture in which yours and expected look equal, whatever it is that differs."""

import math
import re

import pytest
import torch
from bs4 import BeautifulSoup
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bad_answers import grade
from grading import card, pictures, results
from grading.checks import Failure, assert_values, side_by_side
from grading.collect import with_catalog


def drawn(failure):
    """The tables of each picture as the page has them: [[[text, ...], ...], ...]."""
    check = results.Check("a", "A", 1, state="failed", pictures=failure.pictures)
    soup = BeautifulSoup(card.html(results.Exercise("a", "a", "a.py", [check])), "html.parser")
    tables = [[[td.text for td in tr.select("td")] for tr in table.select("tr")]
              for table in soup.select("table.map")]  # fmt: skip
    return tables, [[td.text for td in table.select("td.marked")] for table in soup.select("table")]


def numbers(table):
    return [[None if text == "NaN" else float(text) for text in row] for row in table]


def failing(yours, expected, **tolerance):
    try:
        assert_values(yours, expected, **tolerance)
    except Failure as failure:
        return failure
    return None


SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=3)


@settings(max_examples=200, deadline=None)
@given(sizes=SIZES, where=st.integers(0, 10**6), power=st.integers(-7, 4), seed=st.integers(0, 99),
       count=st.integers(1, 5), scale=st.sampled_from([1e-4, 1.0, 50.0, 1e4]),
       whole=st.booleans())  # fmt: skip
def test_values_that_differ_look_different(sizes, where, power, seed, count, scale, whole):
    """In the numbers of the message, in the picture if there is one, and where it is marked."""
    expected = torch.randn(sizes, generator=torch.Generator().manual_seed(seed)) * scale
    expected = expected.round() if whole else expected
    yours = expected.clone()
    for i in range(count):
        yours.view(-1)[(where + 7 * i) % yours.numel()] += 10.0**power
    failure = failing(yours, expected)
    assume(failure is not None)
    wanted, got = re.search(r"to be (\S+)(?: at \[.*\])?, got (\S+) \(", str(failure)).groups()
    assert wanted != got
    if failure.pictures:
        (mine, theirs), _ = drawn(failure)
        assert numbers(mine) != numbers(theirs)
        ((row, column),) = failure.pictures[0]["marked"]
        assert numbers(mine)[row][column] != numbers(theirs)[row][column]


def far(row, column):
    """Two tables of 20 × 20 that differ in one place."""
    expected = torch.zeros(20, 20)
    yours = expected.clone()
    yours[row, column] = 1.0
    return yours, expected


@pytest.mark.parametrize(
    ("place", "title"), [((3, 5), "yours"), ((3, 17), "yours, from row 0, column 16"),
                         ((19, 0), "yours, from row 16, column 0")]
)  # fmt: skip
def test_picture_is_of_where_they_differ(place, title):
    """It is cut to what can be read, and says which piece it is."""
    yours, expected = far(*place)
    by_values = failing(yours, expected).pictures[0]
    by_sides = Failure("No.", side_by_side(yours, expected)).pictures[0]
    for picture in (by_values, by_sides):
        mine, theirs = picture["tables"].values()
        assert mine[place[0] % 8][place[1] % 8] == 1.0 and mine != theirs
        assert next(iter(picture["tables"])) == title


def test_large_maps_are_cut_where_they_differ():
    """Those that a check makes itself."""
    yours, expected = far(13, 2)
    picture = pictures.maps({"yours allows": yours, "expected": expected}, marked=[(13, 2), (0, 0)])
    assert list(picture["tables"]) == [
        "yours allows, from row 12, column 0", "expected, from row 12, column 0"
    ]  # fmt: skip
    assert picture["tables"]["yours allows, from row 12, column 0"][1][2] == 1.0
    assert picture["marked"] == [[1, 2]]


ONE = torch.ones(2, 2)
LINE = {"across": "x", "up": "y"}
# name: a picture in which nothing would be seen to differ
EQUAL = {
    "rounding": lambda: pictures.maps({"yours": ONE + 1e-3, "expected": ONE}),
    "whole beside broken numbers": lambda: pictures.maps(
        {"yours": torch.tensor([1.001, 0.5]), "expected": torch.tensor([1.0, 0.5])}),
    "large numbers": lambda: pictures.maps({"yours": ONE * 123456, "expected": ONE * 123457}),
    "NaN and infinity": lambda: pictures.maps({"yours": ONE * math.inf, "expected": ONE / 0 * 0}),
    "the sign of zero": lambda: pictures.maps({"yours": -0.0 * ONE, "expected": 0.0 * ONE}),
    "the dtype": lambda: pictures.maps({"yours": ONE.long(), "expected": ONE}),
    "an axis": lambda: pictures.maps({"yours": ONE[0], "expected": ONE[:1]}),
    "a mask's dtype": lambda: pictures.maps({"yours allows": ONE, "expected": ONE}),
    "rows that were cut": lambda: pictures.maps(
        {"yours": torch.zeros(20, 3), "expected": torch.zeros(15, 3)}),
    "the sizes of slopes": lambda: pictures.line(
        "A line", [(1, 1)], {"yours": 0.25, "expected": 0.250001}, **LINE),
    "the ends of words": lambda: pictures.strip(
        "Words", {"yours": ["encyclopaedia"], "expected": ["encyclopaedic"]}, ["one"]),
    "the same words": lambda: pictures.strip("W", {"yours": [1], "expected": ["1"]}, ["one"]),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_picture_that_shows_no_difference_is_left_out(name):
    """The words stay."""
    failure = Failure("What differs, in words.", pictures=[EQUAL[name]()])
    assert failure.pictures == [] and str(failure) == "What differs, in words."


def test_picture_that_compares_nothing_stays():
    """A mask that is all True beside weights that are all one."""
    tables = {"the mask": ONE, "your weights": ONE}
    assert Failure("No.", tables).pictures and Failure("No.", {"your weights": ONE}).pictures


def test_items_beyond_the_fourth_are_shown(tmp_path):
    """training_pairs by roll: all that differs is the fifth item."""
    file = tmp_path / "answer.py"
    file.write_text("def training_pairs(session):\n    return session, session.roll(-1)\n")

    graded = with_catalog(lambda c: grade(c, file, name="training_pairs"), ["recommendation"])
    (picture,) = graded.diagnosis.pictures
    assert picture["rows"] == {
        "yours": ["7", "3", "9", "1", "4", "3", "9", "1", "4", "7"],
        "expected": ["7", "3", "9", "1", "–", "3", "9", "1", "4", "–"],
    }
