"""The list of all questions: in the book's order, with links, and never older than they are."""

import io

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

INDEX = "# Book\n\n```{{toctree}}\n:numbered:\n\n{}\n```\n\n```{{toctree}}\n\nmine\n```\n"
CHOICES = """
:::{choice} One
1
:::
:::{choice} Two
:correct:
2
:::
:::{choice} Three
3
:::
"""


def question(name, prompt):
    return f"\n::::{{question}}\n:name: {name}\n{prompt}\n{CHOICES}::::\n"


class Book:
    """Two chapters with questions, and a page `mine` with the list."""

    def __init__(self, folder):
        self.folder = folder
        self.write("index", INDEX.format("zebras\napples"))
        self.write("zebras", "# Zebras\n" + question("stripes", 'How many "$n$" stripes?'))
        core, peel = question("core", "A < B?"), question("peel", "x " * 90)
        self.write("apples", f"# Apples\n{core}{peel}")
        self.write("mine", "# Mine\n\n:::{question-list}\n:::\n")

    def write(self, name, text):
        (self.folder / f"{name}.md").write_text(text)

    def build(self, parallel=1):
        """Build; returns which pages were written."""
        settings = {
            "extensions": ["myst_parser", "questions"],
            "myst_enable_extensions": ["colon_fence", "dollarmath"],
        }
        warnings, out = io.StringIO(), self.folder / "html"
        before = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
        with docutils_namespace():
            app = Sphinx(
                self.folder, None, out, out / "trees", "html", settings, None, warnings,
                parallel=parallel,
            )  # fmt: skip
            app.build()
        assert warnings.getvalue() == ""
        pages = ("index", "zebras", "apples", "mine")
        return {p for p in pages if (out / f"{p}.html").stat().st_mtime_ns != before.get(p)}

    def list(self):
        text = (self.folder / "html" / "mine.html").read_text()
        return BeautifulSoup(text, "html.parser").select_one(".question-list")

    def prompts(self):
        return [row.td.get_text() for row in self.list().select("[data-question]")]


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path)
    book.build()
    return book


def test_questions_stand_by_chapter_in_the_books_order(book):
    """Their numbers, the first words, and links to where they stand."""
    heads = [head.get_text() for head in book.list().select("tbody th")]
    assert heads == ["1. Zebras", "2. Apples"]
    stripes, core, peel = book.prompts()
    assert stripes == "Question\xa01.1 How many “n” stripes?"
    assert core == "Question\xa02.1 A < B?"
    assert peel.startswith("Question\xa02.2 x x x") and peel.endswith("x …") and len(peel) < 120
    links = [link["href"] for link in book.list().select("a")]
    assert links == ["zebras.html#stripes", "apples.html#core", "apples.html#peel"]
    assert {row["data-right"] for row in book.list().select("[data-question]")} == {"2"}
    sums = [cell.get_text() for cell in book.list().select("th + td")]
    assert sums == ["0 of 1 right", "0 of 2 right", "0 of 3 right"]


def test_the_list_is_rewritten_when_the_questions_are_others(book):
    """One more, one less, another word, a chapter's title; not for any other edit."""
    asked = "# Zebras\n" + question("stripes", "How many?")
    for text, prompts in (
        (asked, 3),
        (asked + question("teeth", "And teeth?"), 4),
        (asked.replace("Zebras", "Zebra"), 3),
        ("# Zebra\n", 2),
    ):
        book.write("zebras", text)
        assert "mine" in book.build()
        assert len(book.prompts()) == prompts
    book.write("zebras", "# Zebra\n\nMore is said.\n")
    assert "mine" not in book.build()


def test_the_list_follows_the_order_of_chapters(book):
    """As the numbers do."""
    book.write("index", INDEX.format("apples\nzebras"))
    book.build()
    assert [words.split()[1] for words in book.prompts()] == ["1.1", "1.2", "2.1"]


def test_pages_read_side_by_side_are_all_in_the_list(tmp_path):
    """What each process has noted comes together."""
    book = Book(tmp_path)
    for count in range(8):  # Sphinx reads fewer than this one after the other
        book.write(f"more{count}", f"---\norphan: true\n---\n# M\n{question(f'm{count}', 'M?')}")
    book.build(parallel=2)
    assert len(book.prompts()) == 3 + 8
