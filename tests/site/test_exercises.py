"""The exercise directive: the card tells the results, and nothing a learner writes breaks it."""

import io

import pytest
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace

import cards
import exercises
from grading import results, results_file
from grading.results import Check, Exercise

PAGE = """# A page

:::{exercise} softmax
:difficulty: 1
:minutes: 10

The statement.
:::
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A project of two pages, the first with an exercise; call it to build."""
    source = tmp_path / "book"
    (source / "exercises").mkdir(parents=True)
    monkeypatch.setattr(exercises, "ROOT", tmp_path)
    monkeypatch.setattr(exercises, "STUBS", source / "exercises")
    monkeypatch.setattr(cards, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(exercises, "defining_file", lambda *_: tmp_path / "reference.py")
    (tmp_path / "reference.py").write_text("def softmax(scores):\n    return 'the reference'\n")
    (source / "exercises" / "index.py").write_text("def softmax(scores):\n    'the stub'\n")
    (source / "index.md").write_text(PAGE)
    (source / "other.md").write_text("---\norphan: true\n---\n# Other\n")
    settings = {"extensions": ["myst_nb", "exercises"], "exclude_patterns": ["exercises"]}
    settings["myst_enable_extensions"] = ["colon_fence"]

    class Book:
        stub = source / "exercises" / "index.py"

        def grade(self, **check):
            grade = Check("test_it", "The title", 3, **check)
            exercise = Exercise("softmax", "index", "book/exercises/index.py", [grade])
            results_file.write(tmp_path / "results.json", [exercise])

        def build(self):
            self.warnings, self.status = io.StringIO(), io.StringIO()
            out, trees = tmp_path / "html", tmp_path / "trees"
            with docutils_namespace():
                app = Sphinx(source, None, out, trees, "html", settings, self.status, self.warnings)
                app.build()
            return (tmp_path / "html" / "index.html").read_text()

    return Book()


def test_card_shows_state_points_and_diagnosis(book):
    """What was observed, and the hint."""
    book.grade(state=results.FAILED, message="It was 0.3.", hint="Look at the axis.")
    html = book.build()
    for words in ("card--failed", "0 of 3 points", "It was 0.3.", "Look at the axis.", "the stub"):
        assert words in html
    assert book.warnings.getvalue() == ""


def test_text_from_a_submission_is_data(book):
    """Markup, templates and MyST in a message stay as they were typed."""
    book.grade(state=results.ERROR, message="<script>x</script> {{ exercise }} {ref}`a`")
    html = book.build()
    assert "<script>x</script>" not in html
    assert "&lt;script&gt;x&lt;/script&gt; {{ exercise }} {ref}`a`" in html


@pytest.mark.parametrize(
    "content",
    [b"def softmax(:\n", b"", b"\xff\xfe\x00", b"x = 1\n", b"a\x00b", b"-" * 99999, None, "folder"],
)
def test_broken_stub_does_not_break_the_build(book, content):
    """Syntax errors, other encodings, an empty or a missing file: the page is built."""
    book.grade(state=results.ERROR, message="It is broken.")
    book.stub.unlink()
    if content == "folder":
        book.stub.mkdir()
    elif content is not None:
        book.stub.write_bytes(content)
    assert "It is broken." in book.build()
    assert book.warnings.getvalue() == ""


STUB = "# coding: {}\nother = 'é'\n\n\ndef softmax(scores):\n    'the stüb \x0c'\n\n\nlast = 1\n"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + STUB.format("utf-8").encode(),
        STUB.format("utf-8").replace("\n", "\r\n").encode(),
        STUB.format("latin-1").encode("latin-1"),
        STUB.format("cp1252").replace("\n", "\r").encode("cp1252"),
    ],
    ids=["mark", "windows", "latin-1", "old mac"],
)
def test_stub_is_shown_whatever_editor_wrote_it(book, content):
    """The function alone, and its letters."""
    book.grade(state=results.NOT_STARTED)
    book.stub.write_bytes(content)
    html = book.build()
    assert "the stüb" in html and "other" not in html and "last" not in html


def test_new_results_rewrite_only_the_pages_that_show_them(book):
    """No page is read again, and the other page is not written again."""
    book.grade(state=results.NOT_STARTED)
    assert "not started" in book.build()
    book.grade(state=results.PASSED)
    assert "3 of 3 points" in book.build()
    status = book.status.getvalue()
    assert "0 added, 0 changed, 0 removed" in status
    assert "other" not in status.split("writing output")[-1]


HALF = f'{{"version": {results_file.VERSION}, "exercises": [{{}}]}}'


@pytest.mark.parametrize("text", ["", "[]", HALF])
def test_damaged_results_are_told_with_the_remedy(book, text):
    """Not a traceback out of the extension."""
    cards.RESULTS.write_text(text)
    with pytest.raises(ExtensionError, match="damaged: run `make grade` again"):
        book.build()


def test_exercise_without_a_result_is_a_warning(book):
    """With the remedy."""
    book.build()
    assert "softmax has no result" in book.warnings.getvalue()
    assert "python -m grading" in book.warnings.getvalue()
