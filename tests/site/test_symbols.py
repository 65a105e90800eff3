"""One letter, one meaning: the pages' tables of symbols are held against the one in Notation."""

import re
from collections import Counter

import pytest

from built import CHAPTERS
from grading.paths import ROOT

BOOK = ROOT / "book"
TABLE = r"(?m)^\| {head} \|.*\n\|[-| :]+\n((?:\|.*\n)+)"
WORDS = re.compile(r"\\(?:text|operatorname|begin|end)\{[^}]*\}")
MAPS = re.compile(r"\bW_(?:[qkvo]\b|[cb]\b|\{[qkvo],)")  # the index is part of the name
GREEK = re.compile(
    r"\\(?:alpha|beta|gamma|delta|(?:var)?epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma"
    r"|tau|phi|psi|omega|ell)(?![A-Za-z])"
)


def letters(tex):
    """The letters of a formula; `b_1` is one, and `W_q` an index with a `W`."""
    tex = MAPS.sub(" W ", WORDS.sub(" ", tex))
    numbered = set(re.findall(r"\bb_[12]\b", tex))
    tex = re.sub(r"\bb_[12]\b", " ", tex)
    latin = set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", tex)))
    return numbered | set(GREEK.findall(tex)) | latin


def rows(page, head):
    """[(letters in the first cell, the whole row)] of all tables that begin with `head`."""
    text = (BOOK / f"{page}.md").read_text("utf-8")
    found = "".join(re.findall(TABLE.format(head=head), text)).splitlines()
    return [
        (set().union(*map(letters, re.findall(r"\$([^$]+)\$", row.split(" | ")[0]))), row)
        for row in found
    ]


def in_table(page):
    return set().union(*(found for found, _ in rows(page, "symbol")))


def in_formulas(page):
    text = (BOOK / f"{page}.md").read_text("utf-8")
    return set().union(*map(letters, re.findall(r"(?ms)^\$\$\n(.*?)^\$\$", text)))


NOTATION = rows("notation", "letter")
EVERYWHERE = set().union(*(found for found, row in NOTATION if "| everywhere |" in row))


def test_a_formula_is_read_letter_by_letter():
    """Commands and words are none."""
    found = letters(r"\frac{u W_q}{\sqrt d} + b_1 \cdot \text{slope}_r + \bar W_\ell W_{k,r}")
    assert found == {"u", "W", "d", "b_1", "r", "\\ell"}


def test_notation_has_each_letter_once():
    """Twice would be two meanings."""
    twice = [
        letter
        for letter, count in Counter(x for found, _ in NOTATION for x in found).items()
        if count > 1
    ]
    assert not twice


@pytest.mark.parametrize("page", CHAPTERS)
def test_letters_of_a_page_mean_what_notation_says(page):
    """Each stands there, as used on this page or everywhere."""
    listed = {x for found, row in NOTATION if f"({page}.md)" in row for x in found}
    used = in_table(page) | in_formulas(page)
    assert not used - listed - EVERYWHERE, "in no row of Notation that names this page"
    assert not listed - used, "Notation names this page, which does not use them"


@pytest.mark.parametrize("page", CHAPTERS)
def test_letters_of_formulas_stand_in_the_pages_table(page):
    """Only what is the same everywhere may be absent there."""
    assert not in_formulas(page) - in_table(page) - EVERYWHERE
