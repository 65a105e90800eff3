"""A term is explained where it first stands: there it leads to the glossary."""

import re

import pytest

from built import CHAPTERS, parsed, text_without

#: Headings, figures and code are no place for a link; links to a chapter lead to an explanation.
PASSED_BY = (
    "h1, h2, h3, figure, code, pre, script, .math, .cell, .chapter-head, .exercise, fieldset, "
    ".sd-card, a.reference:not([href*='glossary.html#'])"
)


@pytest.fixture(scope="module")
def terms():
    """{id: words} of the glossary."""
    found = parsed("glossary").select("dl.glossary dt")
    return {term["id"]: term.find(string=True).strip() for term in found}


@pytest.fixture(scope="module")
def paragraphs():
    """(chapter, words, ids of the terms that it links) of all that is read, in reading order."""
    found = []
    for chapter in CHAPTERS:
        for part in text_without(chapter, PASSED_BY).find_all(["p", "td", "li"]):
            if not part.find(["p", "li"]):
                links = {link["href"].split("#")[1] for link in part.select("a.reference")}
                found.append((chapter, " ".join(part.get_text().split()).lower(), links))
    return found


def test_each_term_is_linked_where_it_is_first_used(terms, paragraphs):
    """In one paragraph with it: whoever does not know the word need not look for it."""
    unlinked = []
    for name, term in terms.items():
        word = re.compile(rf"(?<![\w-]){re.escape(term.lower())}(?:e?s)?(?![\w-])")
        for chapter, words, links in paragraphs:
            if name in links:
                break
            if word.search(words):
                unlinked.append(f"{term} ({chapter}): {words[:80]}")
                break
    assert not unlinked


def test_each_term_is_linked_somewhere(terms, paragraphs):
    """What no chapter uses needs no entry."""
    linked = set().union(*(links for _, _, links in paragraphs))
    linked |= {
        link["href"].split("#")[1]
        for chapter in CHAPTERS
        for link in parsed(chapter).select("a[href^='glossary.html#']")
    }
    assert not set(terms) - linked
