"""Execution: what has changed runs, nothing else does, and no stale output is shown."""

import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from execution import events, kernels
from execution.store import Store

USER = """# A user

It is {glue:text}`number:.2f`.

```{code-cell}
:tags: [hide-input]

from attention import number
from myst_nb import glue

glue("number", number(), display=False)
print("number", number())
```
"""
OTHER = "# Another\n\n```{code-cell}\n1 + 1\n```\n"
PLAIN = "# Plain\n\nNo code.\n"


class Book:
    """A project of three pages, of which one uses the package."""

    def __init__(self, folder):
        self.folder = folder
        self.write("attention/__init__.py", "from .numbers import number\n")
        self.write("attention/numbers.py", "def number():\n    return 1.234\n")
        self.write("book/index.md", "# Book\n\n```{toctree}\nuser\nother\nplain\n```\n")
        self.write("book/user.md", USER)
        self.write("book/other.md", OTHER)
        self.write("book/plain.md", PLAIN)
        self.write("conf.py", "")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self, parallel=1, out="html", **settings):
        """Build; returns the warnings."""
        settings = {"extensions": ["myst_nb", "execution"], **settings}
        warnings, source = io.StringIO(), self.folder / "book"
        folder = self.folder / out
        with docutils_namespace():
            app = Sphinx(
                source,
                self.folder,
                folder,
                folder / "trees",
                "html",
                settings,
                None,
                warnings,
                parallel=parallel,
            )
            app.build()
        self.warnings, self.failed = warnings.getvalue(), bool(app.statuscode)
        return self.warnings

    def page(self, name, out="html"):
        html = (self.folder / out / f"{name}.html").read_text()
        return BeautifulSoup(html, "html.parser").select_one("[role=main]").text

    @property
    def stored(self):
        return sorted((self.folder / "_build" / "executed").iterdir())


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


@pytest.fixture
def ran(monkeypatch):
    """The pages that were run, by the first line of their first cell."""
    ran, run = [], kernels.run

    async def note(notebook, text, *rest, **options):
        ran.append(text.partition("\n")[0])
        return await run(notebook, text, *rest, **options)

    monkeypatch.setattr(kernels, "run", note)
    return ran


def test_only_what_has_changed_runs(book, ran, capsys):
    """A text edit runs nothing; an edit of a module runs exactly the pages that use it."""
    assert book.build() == ""
    assert sorted(ran) == ["# A user", "# Another"]
    assert "It is 1.23." in book.page("user") and "number 1.234" in book.page("user")
    said = capsys.readouterr().err
    assert "running 2 pages" in said and "not run yet" in said and "(2 of 2)" in said
    ran.clear()

    book.write("book/user.md", USER.replace("It is", "Now it is"))
    assert book.build() == ""
    assert ran == []
    assert "Now it is 1.23." in book.page("user")
    assert "nothing to run" in capsys.readouterr().err

    book.write("attention/numbers.py", "def number():\n    return 5.678\n")
    assert book.build() == ""
    assert ran == ["# A user"]
    assert "Now it is 5.68." in book.page("user") and "number 5.678" in book.page("user")
    assert "attention/numbers.py changed: user" in capsys.readouterr().err
    ran.clear()

    book.write("attention/numbers.py", "def number():\n    return 1.234\n")
    book.build()
    assert ran == [], "what was computed before is kept for a while"
    assert "number 1.234" in book.page("user")


def test_a_new_library_runs_every_page_again(book, ran, monkeypatch):
    """No file has changed, and yet the outputs are stale."""
    book.build()
    ran.clear()
    versions = {"Python": "3.99", "torch": "99"}
    monkeypatch.setattr(events.page, "versions", lambda: versions)
    book.build()
    assert sorted(ran) == ["# A user", "# Another"]


def test_another_model_runs_the_pages_that_read_one(book, ran, monkeypatch):
    """ATTENTION_BERT is a part of what they follow from; without it their old outputs are back."""
    reader = "from attention.numbers import number\nVARIABLE = 'ATTENTION_BERT'\n"
    book.write("attention/models/bert/pretrained.py", reader)
    book.write(
        "book/user.md", USER.replace("attention import", "attention.models.bert.pretrained import")
    )
    monkeypatch.delenv("ATTENTION_BERT", raising=False)
    book.build()
    ran.clear()
    monkeypatch.setenv("ATTENTION_BERT", "someone/tiny")
    book.build()
    assert ran == ["# A user"]
    ran.clear()
    monkeypatch.delenv("ATTENTION_BERT")
    book.build()
    assert ran == []


def test_a_failing_cell_fails_the_build_and_keeps_the_others(book, ran):
    """The message has page, line, code and reason; the other pages need not run again."""
    book.write("attention/numbers.py", "def number():\n    return 1 / 0\n")
    report = book.build()
    assert book.failed
    assert "user.md:11: ERROR: the code cell fails at" in report
    assert 'glue("number", number(), display=False)' in report
    assert "ZeroDivisionError: division by zero" in report
    assert "(raised at attention/numbers.py:2)" in report
    assert "\x1b" not in re.sub(r"\x1b\[(91|31|39;49;00)m", "", report), "but for Sphinx's own"
    assert "2" in book.page("other"), "what can be shown is"
    ran.clear()
    book.build()
    assert book.failed
    assert ran == ["# A user"], "the failure is reported again, and nothing else is run"
    ran.clear()
    book.write("attention/numbers.py", "def number():\n    return 2.5\n")
    assert book.build() == ""
    assert ran == ["# A user"]


def test_a_page_that_breaks_later_is_not_shown_with_old_output(book):
    """A module that breaks fails the build, every one until it is repaired."""
    book.build()
    book.write("attention/numbers.py", "def number(:\n")
    for _ in range(2):
        assert "SyntaxError" in book.build() and book.failed
        assert "number 1.234" not in book.page("user")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os\nos._exit(1)", "the cell ended its kernel"),
        ("import time\ntime.sleep(60)", "the cell takes longer than cell_timeout = 1 s"),
        ("1 +", "SyntaxError"),
    ],
)
def test_a_cell_that_never_ends_well_is_named(book, code, reason):
    """A dead kernel, a cell without end, and what is not Python."""
    book.write("book/other.md", OTHER.replace("1 + 1", f"{code}\n```\n\n```{{code-cell}}\n2"))
    assert reason in book.build(cell_timeout=1) and book.failed
    assert "other.md:" in book.warnings


CELLS = {
    "expected": ":tags: [raises-exception]\n1 / 0\n```\n\n```{code-cell}\n6 * 7",
    "noisy": "import sys\nprint('1 of 2\\r2 of 2')\nprint('grumble', file=sys.stderr)",
    "place": "import os, sys\nos.getcwd(), sys.executable, os.environ['OMP_NUM_THREADS']",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The book with a page for each of CELLS, built once."""
    book = Book(tmp_path_factory.mktemp("shown"))
    for name, code in CELLS.items():
        book.write(f"book/{name}.md", "---\norphan: true\n---\n" + OTHER.replace("1 + 1", code))
    book.build()
    return book


def test_an_expected_exception_is_shown(shown):
    """A cell tagged raises-exception shows its error, and the page goes on."""
    assert "expected.md" not in shown.warnings
    assert "ZeroDivisionError" in shown.page("expected") and "42" in shown.page("expected")


def test_stderr_is_a_warning_and_not_an_output(shown):
    """The author reads it, the reader does not; progress bars end at their last line."""
    assert "noisy.md:7: WARNING: a code cell writes to stderr" in shown.warnings
    assert "grumble" in shown.warnings
    text = shown.page("noisy")
    assert "2 of 2\n" in text and "1 of 2\n" not in text
    assert text.count("grumble") == 1, "in the source, not in the output"


def test_cells_run_at_the_root_with_one_thread_and_this_python(shown):
    """What a cell sees of its surroundings."""
    assert str((str(shown.folder), sys.executable, "1")) in shown.page("place").replace("\n ", " ")


def test_parallel_builds_from_nothing(book):
    """Sphinx in several processes, twice at once, on an empty store."""

    for number in range(6):
        book.write(f"book/p{number}.md", f"---\norphan: true\n---\n{PLAIN}")
    book.write("conf.py", "extensions = ['myst_nb', 'execution']\n")
    both = [command(book.folder, out) for out in ("one", "two")]
    assert [process.wait() for process in both] == [0, 0]
    for out in ("one", "two"):
        assert "number 1.234" in book.page("user", out)
    assert len(book.stored) == 2 and all(path.suffix == ".ipynb" for path in book.stored)


def command(folder, out):
    extensions = Path(events.__file__).parent.parent
    return subprocess.Popen(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-j", "2", "-c", ".", "book", out],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(extensions)},
    )


def test_the_store_forgets_what_is_old(tmp_path):
    """What is in use stays, and of the rest the newest."""
    store = Store(tmp_path)
    for key in ("oldest", "older", "newer"):
        store.save(key, nbformat.v4.new_notebook())
        time.sleep(0.01)
    store.prune({"oldest"}, spare=1)
    assert [key for key in ("oldest", "older", "newer") if key in store] == ["oldest", "newer"]
    assert store.load("newer").cells == []
