"""The package's page: every public name, once, with its shapes."""

from collections import Counter

import pytest

import attention
from built import HTML, parsed
from grading.paths import ROOT
from rooms import rooms


@pytest.fixture(scope="module")
def page():
    return parsed("api")


def entry(page, name):
    (signature,) = page.select(f'dt[id="{name}"]')
    return signature.parent


def test_every_public_name_stands_on_the_page_once(page):
    """By the name under which it is exported, and no name stands there twice."""
    listed = Counter(signature["id"] for signature in page.select("dt.sig[id]"))
    assert listed.keys() >= {f"attention.{name}" for name in attention.__all__}
    assert max(listed.values()) == 1


def test_the_page_has_a_section_for_each_room_from_the_ground_up(page):
    """A room that offers nothing to readers has none."""
    sections = [heading.code.get_text() for heading in page.select("article h2:has(code)")]
    named = [room.name for room in rooms(ROOT)]
    assert sections == [name for name in named if name in sections]
    assert len(sections) > 20


def test_an_entry_says_who_uses_it_and_which_claims_hold_it(page):
    """The pages whose cells import the name, and the sentences whose tests call it."""
    used, held = entry(page, "attention.window_mask").select("p:-soup-contains('Used in'), details")
    assert [(link["href"], link.get_text()) for link in used("a")] == [("masks.html", "Masks")]
    claims = held.select("a:-soup-contains('said here')")
    assert held.summary.get_text(strip=True) == f"Held by {len(claims)} claims"
    for said in claims:
        there, _, anchor = said["href"].partition("#")
        other = parsed(HTML / there)
        assert other.find(id=anchor).select_one("a.claim-mark")


# Too old to have one author, or made for this book.
NO_SOURCE = {
    *("influence", "influence_map", "compare_influence", "softmax", "soft_lookup", "padding_mask"),
    *("block_mask", "row_blocked_attention", "attention_maps", "KVCache", "generate"),
    *("output_slopes", "training_step", "alignment_error"),
}


@pytest.mark.parametrize("name", attention.__all__)
def test_a_docstring_says_where_the_idea_is_from(name):
    """Or stands on the list of those that have no one source, and then says nothing."""
    thing = getattr(attention, name)
    texts = [thing.__doc__, getattr(getattr(thing, "forward", None), "__doc__", None) or ""]
    assert any("Source: " in text for text in texts) != (name in NO_SOURCE)


@pytest.mark.parametrize("name", attention.__all__)
def test_the_built_page_says_what_goes_in_and_comes_out(page, name):
    """Each entry can be linked to and shows its arguments; a function also what it returns."""
    text = entry(page, f"attention.{name}").get_text()
    assert "Parameters" in text
    assert "Returns" in text


def test_equations_of_docstrings_are_set_apart(page):
    """The indented line of a docstring becomes a block of its own, not part of a sentence."""
    assert "exp" in entry(page, "attention.softmax").select_one("blockquote, pre").get_text()
