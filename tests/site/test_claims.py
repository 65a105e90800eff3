"""Claims: a sentence holds as long as its test passes, and the build says where it does not."""

import io
import json

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from claims import build as claims_build
from claims.tests import read_tests

TESTS = '''"""A chapter's tests."""

import pytest
from attention import double


@pytest.mark.parametrize("x", [1, 2])
def test_doubles(x):
    """Doubling adds a number to itself."""
    assert double(x) == x + x


def test_unclaimed():
    raise AssertionError("nobody named this test, so nobody should run it")
'''
PAGE = """# A chapter

Before.

It is {claim}``*true* that $2x = x + x$ for `x` <test_a::test_doubles>``.
"""


class Book:
    """A project with one chapter, its module and its tests."""

    def __init__(self, folder):
        self.folder = folder
        self.write("attention/__init__.py", "from .double import double\n")
        self.write("attention/double.py", "def double(x):\n    return 2 * x\n")
        self.write("tests/test_a.py", TESTS)
        self.write("book/index.md", "# Book\n\n```{toctree}\na\nevidence\n```\n")
        self.write("book/a.md", PAGE)
        self.write("book/evidence.md", "# Evidence\n\n```{evidence}\n```\n")
        self.write("conftest.py", "import sys\nsys.path.insert(0, '.')\n")
        self.write("pyproject.toml", "[tool.pytest.ini_options]\naddopts = ''\n")
        self.write("conf.py", "")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self, parallel=1):
        """Build; returns the warnings."""
        settings = {
            "extensions": ["myst_parser", "claims"],
            "myst_enable_extensions": ["dollarmath"],
        }
        warnings, source = io.StringIO(), self.folder / "book"
        out, trees = self.folder / "html", self.folder / "trees"
        with docutils_namespace():
            app = Sphinx(
                source, self.folder, out, trees, "html", settings, None, warnings, parallel=parallel
            )
            app.build()
        return warnings.getvalue()

    def page(self, name):
        return BeautifulSoup((self.folder / "html" / f"{name}.html").read_text(), "html.parser")


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


@pytest.fixture
def runs(monkeypatch):
    """Replace pytest by a list of what it would have run, all of it passing."""
    from claims.running import PASSED, Outcome

    runs = []

    def run_tests(tests, root):
        runs.append(sorted(tests))
        return {key: Outcome(PASSED, "", digest) for key, digest in tests.items()}

    monkeypatch.setattr(claims_build, "run_tests", run_tests)
    return runs


def test_a_claim_links_to_its_evidence_and_back(book):
    """The mark names the test; the entry has the sentence, the test's source and the way back."""
    assert book.build() == ""
    span = book.page("a").select_one("span.claim#claim-1")
    assert span.em.text == "true" and span.select_one(".math") and span.code.text == "x"
    mark = span.select_one("a.claim-mark")
    assert mark["aria-label"] == "measured: see the test test_a::test_doubles"
    page, anchor = mark["href"].split("#")
    assert page == "evidence.html"
    entry = book.page("evidence").find(id=anchor)
    assert entry.em.text == "true"
    assert entry.select_one("a[href='a.html#claim-1']")
    assert "Doubling adds" in entry.details.text and "assert double(x)" in entry.details.text
    assert entry.find_parent("section").h2.text.startswith("A chapter")
    record = json.loads((book.folder / "_build" / "claims.json").read_text())
    assert record["test_a::test_doubles"]["state"] == "passed"


def test_a_broken_module_breaks_the_claim_at_its_line(book):
    """No page has changed, and yet: the warning names page, line, test and assertion."""
    book.build()
    book.write("attention/double.py", "def double(x):\n    return 2 * x + (x == 2)\n")
    warnings = book.build()
    assert "a.md:5: WARNING: the claim is not held by test_a::test_doubles" in warnings
    assert "test_doubles[2] failed" in warnings and "assert 5 ==" in warnings
    assert "not held" in book.build(), "a claim that does not hold must be reported again"
    book.write("attention/double.py", "def double(x):\n    return x + x\n")
    assert book.build() == ""


def test_reader_s_own_settings_have_no_say(tmp_path, monkeypatch):
    """Variables, files in the folders above, any name of the folder: what holds, holds, and what
    does not, does not."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not of the book')\n")
    for name, value in {
        "PYTEST_ADDOPTS": "--color=yes --no-such-option",
        "PYTEST_PLUGINS": "no_such_plugin",
        "PYTHONOPTIMIZE": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONPATH": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "attention.py").write_text("raise RuntimeError('not the one you want')\n")
    book = Book(tmp_path / "course [2026] é $HOME 100%")
    book.write("pytest.ini", "[pytest]\naddopts = --no-such-option\n")
    book.write(
        "tests/test_b.py", "def helped():\n    assert 2 > 3\n\n\ndef test_it():\n    helped()\n"
    )
    book.write("book/a.md", PAGE + "\n{claim}`Wrong <test_b::test_it>`\n")
    warnings = book.build()
    assert "not held by test_b::test_it: test_it failed" in warnings
    assert "test_a::test_doubles" not in warnings


def test_only_stale_claims_run(book, runs):
    """A text edit runs nothing; an edit of the test or of what it imports runs the test."""
    book.build()
    book.write("book/a.md", PAGE.replace("Before", "After"))
    book.build()
    assert runs == [["test_a::test_doubles"]]
    book.write("attention/double.py", "def double(x):\n    return x + x\n")
    book.build()
    book.write("tests/test_a.py", TESTS.replace("adds", "sums"))
    book.build()
    assert len(runs) == 3
    assert "Doubling sums" in book.page("evidence").text, "the source shown is the test's own"
    book.write("attention/other.py", "x = 1\n")
    book.build()
    assert len(runs) == 3


def test_a_missing_test_is_named(book, runs):
    """A file or a test that is not there: a warning, and the rest still runs."""
    book.write("book/a.md", PAGE + "\n{claim}`B <test_b::test_x>` {claim}`A <test_a::test_y>`\n")
    warnings = book.build()
    assert "test_b::test_x: there is no test of that name in tests/test_b.py" in warnings
    assert "test_a::test_y: there is no test of that name in tests/test_a.py" in warnings
    assert runs == [["test_a::test_doubles"]]


def test_a_skipped_test_holds_nothing(book):
    """A skip is no evidence."""
    book.write("tests/test_a.py", "import pytest\n\ndef test_doubles():\n    pytest.skip('no')\n")
    assert "test_doubles was skipped" in book.build()


def test_a_claim_without_a_test_is_an_error(book, runs):
    """The message says how to write it."""
    book.write("book/a.md", "# A\n\n{claim}`Trust me`\n")
    assert "a.md:3: ERROR: claim 'Trust me': end it with the test" in book.build()


def test_pages_may_be_read_in_parallel(book, runs):
    """Claims that another process has read are not lost, and those of a removed page are."""
    for number in range(8):
        book.write(f"book/p{number}.md", f"---\norphan: true\n---\n{PAGE}")
    assert book.build(parallel=2) == ""
    assert len(book.page("evidence").select(".evidence")) == 9
    (book.folder / "book" / "p3.md").unlink()
    book.build(parallel=2)
    assert len(book.page("evidence").select(".evidence")) == 8


def test_source_of_a_test_includes_its_decorators(book):
    """What a reader sees is the whole test."""
    test = read_tests(book.folder / "tests" / "test_a.py")["test_doubles"]
    assert test.source.startswith("@pytest.mark.parametrize")
    assert test.source.endswith("assert double(x) == x + x")
    assert test.line == 7
