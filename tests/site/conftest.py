"""What the tests of the site share: a browser, the built site served, small Sphinx projects."""

import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sphinx.config import Config

from grading.paths import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


@pytest.fixture(scope="session")
def chromium():
    """How Debian's is launched. Missing, it is a failure where the tests have to be complete."""
    if not CHROMIUM:
        leave = pytest.fail if os.environ.get("CI") else pytest.skip
        leave("This test needs the browser Chromium: make browser")
    return {"executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser(chromium):
    """A Chromium that keeps nothing."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium)
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *what):
        """Requests are no output of a test."""


@pytest.fixture(scope="session")
def site():
    """The address of the built site, on a plain file server."""
    handler = functools.partial(_Quiet, directory=ROOT / "_build" / "html")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(autouse=True)
def own_source_suffixes():
    """Sphinx writes a project's parser for .md into the one default that all projects share."""
    shared = Config.config_values["source_suffix"].default
    shared.pop(".md", None)
    yield
    shared.pop(".md", None)


#: The variables of a build.
AROUND = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
GOOD = """# Good

```{code-cell}
6 * 7
```

{claim}`So <test_good::test_it>` {cite}`a`
"""
ENTRY = "@article{a,\n author={B},\n title={C},\n journal={D},\n year={2000}\n}\n"


class SmallBook:
    """A book with the real settings, some pages, and one that is as it should be."""

    def __init__(self, folder, pages, sphinx):
        self.folder, self.sphinx = folder, sphinx
        shutil.copytree(ROOT / "book" / "_templates", folder / "book" / "_templates")
        for name in ("_ext", "_static"):
            (folder / "book" / name).symlink_to(ROOT / "book" / name)
        settings = (ROOT / "conf.py").read_text("utf-8")
        self.write(
            "conf.py", f"{settings}\ncell_timeout = 12\ncell_imports = ['matplotlib.pyplot']\n"
        )
        self.write("attention/__init__.py", "")
        self.write(
            "tests/test_good.py", "def test_it():\n    pass\ndef test_bad():\n    assert 1 == 2\n"
        )
        self.write("book/good.md", GOOD)
        self.write("book/evidence.md", "# Evidence\n\n```{evidence}\n```\n")
        self.write("book/references.md", "# References\n\n```{bibliography}\n```\n")
        self.write("book/references.bib", ENTRY)
        self.write("book/a.png", (ROOT / "book" / "_static" / "favicon.svg").read_bytes())
        for name, text in pages.items():
            self.write(f"book/{name}.md", text)
        listed = [name for name in pages if name != "orphan"]
        contents = "\n".join([":numbered:", "", "good", *listed, "evidence", "references"])
        self.write("book/index.md", f"# Book\n\n```{{toctree}}\n{contents}\n```\n")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def build(self, *options, out="html", **variables):
        """As `make html` does: (exit status, what is said).

        Variables count from the first moment of a process, so with some Sphinx starts from nothing.
        """
        command = ["-q", "-W", "--keep-going", "-c", ".", *options, "book", out]
        if not variables:
            return self.sphinx(self.folder, command)
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", *command],
            cwd=self.folder,
            env=AROUND | variables,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def sphinx(tmp_path_factory):
    """A function of (folder, arguments): Sphinx, forked from one that is warm."""
    said = tmp_path_factory.mktemp("sphinx") / "said.txt"
    warm = [sys.executable, "-P", Path(__file__).with_name("warm_sphinx.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(warm, cwd=ROOT, env=AROUND, text=True, **pipes) as server:

        def sphinx(folder, arguments):
            print(json.dumps([str(folder), str(said), arguments]), file=server.stdin, flush=True)
            return int(server.stdout.readline()), said.read_text("utf-8")

        yield sphinx


@pytest.fixture(scope="session")
def small_book(tmp_path_factory, sphinx):
    """Called with {name: text} of pages, makes a book of them."""
    return lambda pages: SmallBook(tmp_path_factory.mktemp("book"), pages, sphinx)


@pytest.fixture
def put_back(tmp_path):
    """A context manager that has a folder afterwards as it was before, with the times of its files.

    So tests share what was built, which a build in another folder would read and run anew.
    """

    @contextmanager
    def put_back(folder):
        shutil.copytree(folder, tmp_path / "kept", symlinks=True)
        yield
        shutil.rmtree(folder)
        (tmp_path / "kept").rename(folder)

    return put_back


@pytest.fixture(scope="session")
def contrast():
    """The ratio of WCAG 2, from 1 to 21, of two colours given as red, green and blue to 255."""

    def luminance(colour):
        linear = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (part / 255 for part in colour)
        )
        return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(one, other):
        dark, light = sorted((luminance(one), luminance(other)))
        return (light + 0.05) / (dark + 0.05)

    return contrast
