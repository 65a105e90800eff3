"""Numbers: who has which, that links show them, and that no page keeps one that has changed."""

import io
import re

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from built import PAGES, parsed
from grading.paths import ROOT

INDEX = """# Book

```{{toctree}}
:numbered:

{first}
```

```{{toctree}}
:caption: More
:numbered:

{second}
```

```{{toctree}}
:caption: Back matter

notes
```
"""


def figure(caption, name=""):
    """A cell that shows a figure as `figures.show` writes it."""
    option = f":name: {name}\n" if name else ""
    words = f"<figcaption>{caption}</figcaption>" if caption else ""
    html = f'<figure class="fig" style="--fig-width:9px"><svg></svg>{words}</figure>'
    code = f"from IPython.display import HTML\nHTML({html!r})"
    return f"```{{code-cell}}\n{option}{code}\n```\n"


QUESTION = """
::::{question}
:name: why
Why?

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
::::
"""
EQUATION = "\n$$\na = b\n$$ (same)\n"


class Book:
    """A project whose chapters are written, built and read again."""

    def __init__(self, folder):
        self.folder = folder
        self.order("apples", "pears")
        self.write("apples", "# Apples\n\n" + figure("One.") + figure("") + figure("Two.", "two"))
        self.write("pears", "# Pears\n\nSee {numbered}`two`.\n" + QUESTION + EQUATION)
        self.write("notes", "# Notes\n\n" + figure("Not in a chapter.") + "\nSee {eq}`same`.\n")

    def order(self, *chapters):
        *first, last = chapters
        self.write("index", INDEX.format(first="\n".join(first), second=last))

    def write(self, name, text):
        (self.folder / "book").mkdir(exist_ok=True)
        (self.folder / "book" / f"{name}.md").write_text(text)

    def build(self, *, parallel=1):
        """Build; returns what was written, and the warnings."""
        settings = {
            "extensions": ["numbering", "execution", "questions"],
            "myst_enable_extensions": ["colon_fence", "dollarmath"],
            "math_numfig": False,
            "math_eqref_format": "({number})",
        }
        warnings, out = io.StringIO(), self.folder / "html"
        (self.folder / "conf.py").touch()
        before = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
        with docutils_namespace():
            Sphinx(
                self.folder / "book", self.folder, out, out / "trees", "html", settings,
                None, warnings, parallel=parallel,
            ).build()  # fmt: skip
        after = {path.stem: path.stat().st_mtime_ns for path in out.glob("*.html")}
        written = {name for name in after if after[name] != before.get(name)}
        return written - {"search", "genindex"}, warnings.getvalue()

    def page(self, name):
        return BeautifulSoup((self.folder / "html" / f"{name}.html").read_text(), "html.parser")

    def link(self, name, href):
        return self.page(name).select_one("[role=main]").find("a", href=href).get_text()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("numbers"))
    book.warnings = book.build()[1]
    return book


@pytest.fixture
def book(built, put_back):
    """It, to do with what one likes."""
    with put_back(built.folder):
        yield built


def captions(page):
    return [caption.get_text() for caption in page.select("figcaption")]


def test_figures_are_numbered_by_chapter_and_only_with_a_caption(built):
    """Figure 1.2 is the second that has a caption; outside the chapters there is no number."""
    assert built.warnings == ""
    apples = built.page("apples")
    assert captions(apples) == ["Figure 1.1. One.", "Figure 1.2. Two."]
    assert [figure.get("id") for figure in apples.select("figure.fig")] == [None, None, "two"]
    assert captions(built.page("notes")) == ["Not in a chapter."]


def test_chapters_count_on_through_the_toctrees_and_show_their_number(built):
    """In the title and in the toctree, and the back matter has none."""
    titles = [built.page(name).h1.get_text().strip("¶") for name in ("apples", "pears", "notes")]
    assert titles == ["1. Apples", "2. Pears", "Notes"]
    entries = [item.get_text().strip() for item in built.page("index").select(".toctree-l1 > a")]
    assert entries[:3] == ["1. Apples", "2. Pears", "Notes"]


def test_questions_and_equations_carry_their_chapter(built):
    """In place, and where a link names them."""
    pears = built.page("pears")
    assert pears.select_one(".question-number").get_text() == "Question 2.1"
    assert "(2.1)" in pears.select_one(".eqno").get_text()
    assert built.link("notes", "pears.html#equation-same") == "(2.1)"


def test_a_link_from_another_page_shows_the_number(built):
    """And leads to the figure itself."""
    assert built.link("pears", "apples.html#two") == "Figure\u00a01.2"


def test_nothing_is_written_when_nothing_changed(book):
    """Numbers cost a second build nothing."""
    assert book.build()[0] == set()


def test_a_figure_more_is_told_to_the_pages_that_name_a_later_one(book):
    """Neither the chapter after it nor the notes are written; who links to it is, and the index,
    which Sphinx writes with each page that it lists."""
    book.write("plums", "# Plums\n\n" + QUESTION.replace("why", "else"))
    book.order("apples", "pears", "plums")
    book.build()
    text = (book.folder / "book" / "apples.md").read_text()
    book.write("apples", text.replace("# Apples\n", "# Apples\n\n" + figure("New.")))
    written, warnings = book.build()
    assert warnings == "" and written == {"apples", "pears", "index"}
    assert captions(book.page("apples"))[2] == "Figure 1.3. Two."
    assert book.link("pears", "apples.html#two") == "Figure\u00a01.3"


@pytest.mark.parametrize("there", ["oranges", "zebras"])
def test_a_question_may_move_to_another_page(book, there):
    """Read before the one that it left, or after it: what stood there is forgotten first."""
    book.order("apples", "pears", there)
    book.write(there, "# Empty")
    book.build()
    book.write("pears", "# Pears\n\nSee {numbered}`two`.\n")
    book.write(there, f"# Full\n{QUESTION}{EQUATION}")
    assert book.build()[1] == ""
    assert book.page(there).select_one("fieldset")


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_chapter_more_changes_every_number_and_reads_no_page_again(book, capfd, parallel):
    """All pages show the new numbers; only the index and the new chapter are read."""
    read = {path.stem: path.stat().st_mtime_ns for path in (book.folder / "html/trees").glob("*")}
    book.write("plums", "# Plums\n\n" + figure("A plum."))
    book.order("plums", "apples", "pears")
    written, warnings = book.build(parallel=parallel)
    assert warnings == ""
    assert written == {"index", "plums", "apples", "pears", "notes"}
    assert captions(book.page("apples")) == ["Figure 2.1. One.", "Figure 2.2. Two."]
    assert book.link("pears", "apples.html#two") == "Figure\u00a02.2"
    assert book.link("notes", "pears.html#equation-same") == "(3.1)"
    now = {path.stem: path.stat().st_mtime_ns for path in (book.folder / "html/trees").glob("*")}
    again = {name for name in read if read[name] != now[name]}
    assert again == {"index", "environment"}
    assert "running 1 page" in capfd.readouterr().err


def test_what_goes_is_missed(book):
    """A link to a figure that is gone is a warning, though its own page has not changed."""
    book.write("apples", "# Apples\n")
    assert "nothing with a number is called two" in book.build()[1]


@pytest.mark.parametrize(
    "text, warning",
    [
        ("{numbered}`nobody`", "nothing with a number is called nobody"),
        (figure("Again.", "two"), "two things are called two; the other is in /"),
        (figure("", "bare"), "the cell bare shows 0 figures with a caption"),
        (figure("In the notes.", "note") + "\n{numbered}`note`", "note has no number"),
    ],
)
def test_a_wrong_name_is_a_warning_with_its_page(book, text, warning):
    """With -W the build fails, and says where."""
    book.write("notes", f"# Notes\n\n{text}\n")
    warnings = book.build()[1]
    assert warning in warnings and "notes.md" in warnings


def test_the_book_numbers_what_it_shows():
    """Every chapter's figures count up from its own number, exercises and questions too."""
    chapters = 0
    for path in PAGES:
        page = parsed(path)
        title = page.select_one("article h1")
        if title is None or not title.select_one(".section-number"):
            continue
        chapters += 1
        chapter = re.match(r"\d+", title.get_text())[0]
        kinds = {
            "Figure": page.select("figure.fig figcaption"),
            "Exercise": page.select(".exercise-title"),
            "Question": page.select(".question-number"),
        }
        assert len(kinds["Figure"]) >= 1
        for kind, found in kinds.items():
            for count, item in enumerate(found, 1):
                words = item.get_text()
                assert re.match(rf"{kind} {chapter}\.{count}\b", words), (path.stem, words)
    before_the_back = (ROOT / "book" / "index.md").read_text("utf-8").partition("Back matter")[0]
    listed = [line for line in before_the_back.split("\n") if (ROOT / f"book/{line}.md").is_file()]
    assert chapters == len(listed) > 15


def test_every_link_with_a_number_finds_what_it_names():
    """The words of a link are those of the figure, exercise or question that it leads to."""
    pages = {path.name: parsed(path) for path in PAGES}
    links = 0
    for name, page in pages.items():
        for link in page.select("article a.internal[href*='#']"):
            words = link.get_text().replace("\u00a0", " ")
            if not re.fullmatch(r"(Figure|Exercise|Question) \d+\.\d+", words):
                continue
            links += 1
            target, _, node_id = link["href"].partition("#")
            there = pages[target or name].find(id=node_id)
            assert words in there.get_text()
    assert links >= 10
