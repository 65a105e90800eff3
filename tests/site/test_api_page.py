"""The package's page: every public name, once, with its shapes."""

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

import attention
from grading.paths import ROOT

SOURCE = ROOT / "book" / "api.md"
BUILT = ROOT / "_build" / "html" / "api.html"


def test_every_public_name_stands_on_the_page_once():
    """What `attention` exports and what the page lists are the same names."""
    listed = re.findall(r"^\.\. auto(?:function|class):: (\w+)$", SOURCE.read_text("utf-8"), re.M)
    assert Counter(listed) == Counter(attention.__all__)


# Too old to have one author, or made for this book.
NO_SOURCE = {
    *("influence", "influence_map", "compare_influence", "softmax", "soft_lookup", "padding_mask"),
    *("block_mask", "row_blocked_attention", "attention_maps", "KVCache", "generate"),
}


@pytest.mark.parametrize("name", attention.__all__)
def test_a_docstring_says_where_the_idea_is_from(name):
    """Or stands on the list of those that have no one source, and then says nothing."""
    thing = getattr(attention, name)
    texts = [thing.__doc__, getattr(getattr(thing, "forward", None), "__doc__", None) or ""]
    assert any("Source: " in text for text in texts) != (name in NO_SOURCE)


@pytest.mark.parametrize("name", attention.__all__)
def test_the_built_page_says_what_goes_in_and_comes_out(name):
    """Each entry can be linked to and shows its arguments; a function also what it returns."""
    soup = BeautifulSoup(BUILT.read_text(encoding="utf-8"), "html.parser")
    (signature,) = soup.select(f'dt[id="attention.{name}"]')
    entry = signature.parent.get_text()
    assert "Parameters" in entry
    assert "Returns" in entry


def test_equations_of_docstrings_are_set_apart():
    """The indented line of a docstring becomes a block of its own, not part of a sentence."""
    soup = BeautifulSoup(BUILT.read_text(encoding="utf-8"), "html.parser")
    entry = soup.select_one('dt[id="attention.softmax"]').parent
    assert "exp" in entry.select_one("blockquote, pre").get_text()
