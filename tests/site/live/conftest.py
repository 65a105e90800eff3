"""What the tests of `make live` share: a copy of the book, served, and its chapter in a browser."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from grading.paths import ROOT

PAGES = ["index", "soft_lookup", "scoring", "glossary", "references", "progress", "evidence"]
CARD = 'section.card[data-exercise="softmax"]'
HEAD = "import os, torch\ndef softmax(scores):\n    "
RIGHT = HEAD + "e = (scores - scores.amax(-1, True)).exp()\n    return e / e.sum(-1, True)\n"
PATIENT = 90_000  # milliseconds: a loaded machine is slow, and the test is not about speed


class Served:
    """A live server on a copy of the book.

    Args:
        root: the copy.
        port: a free one unless given.
    """

    def __init__(self, root, port=0):
        path = os.pathsep.join([str(root), str(root / "book" / "_ext")])
        self.terminal = root / "terminal.txt"
        with self.terminal.open("w") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "live", "--no-browser", "--port", str(port)],
                cwd=root, env={**os.environ, "PYTHONPATH": path}, stdout=terminal, stderr=terminal,
            )  # fmt: skip
        self.address = self.says(r"http://\S+/")
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def says(self, pattern):
        """Wait for words on the terminal, and return them."""
        while not (found := re.search(pattern, self.terminal.read_text())):
            assert self.process.poll() is None, self.terminal.read_text()
            time.sleep(0.05)
        return found[0]

    def helpers(self, module):
        """The process ids of its helpers that run a module."""
        own = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = own.read_text().split()
        return [int(p) for p in pids if module in Path(f"/proc/{p}/cmdline").read_text()]

    def end(self):
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)


@pytest.fixture(scope="session")
def serving():
    """A context manager around `Served`."""

    @contextmanager
    def serving(root, port=0):
        served = Served(root, port)
        try:
            yield served
        finally:
            served.end()

    return serving


def without_others(text):
    """A page of the book whose links to pages that are not in the copy are words."""
    if "{toctree}" in text:
        text = re.sub(r"(?m)^([a-z_]+)\n", lambda line: line[0] if line[1] in PAGES else "", text)
    text = re.sub(r":link: (?!soft_lookup)\w+", ":link: soft_lookup", text)
    text = re.sub(
        r"\[([^\]]*)\]\((\w+)\.md[^)]*\)",
        lambda link: link[0] if link[2] in PAGES else link[1] or link[2],
        text,
    )
    return re.sub(r"\{numbered\}`[^`]*`", "there", text)


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """A copy of the book, with few of its pages, so that no real exercise is touched."""
    root = tmp_path_factory.mktemp("live")
    skip = shutil.ignore_patterns("__pycache__", "html")
    for name in ("attention", "book", "tests", "_build"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    for page in (root / "book").glob("*.md"):
        if page.stem in PAGES:
            page.write_text(without_others(page.read_text("utf-8")), "utf-8")
        else:
            page.unlink()
            for stub in root.glob(f"*/exercises/*{page.stem}.py"):
                stub.unlink()
    for name in ("conf.py", "pyproject.toml", "README.md"):  # a test that holds claims names it
        shutil.copy(ROOT / name, root)
    return root


@pytest.fixture(scope="session")
def live(copy, serving):
    with serving(copy) as served:
        served.says("rebuilt .*soft_lookup")  # what is open before that shows it, and loads again
        yield served


@pytest.fixture
def tiny(small_book):
    """A book of some pages whose machinery is its own; nothing of it is built."""
    book = small_book({"other": "# Other\n\nOnce.\n"}).folder
    (book / "book" / "_ext").unlink()
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("attention", "book/_ext"):
        shutil.copytree(ROOT / name, book / name, ignore=skip, dirs_exist_ok=True)
    return book


@pytest.fixture
def page(live, browser):
    """The chapter, open, scrolled to the exercise and marked to notice a reload."""
    page = browser.new_page()
    page.goto(live.address + "soft_lookup.html")
    page.locator(CARD).scroll_into_view_if_needed()
    page.evaluate("window.neverReloaded = true")
    yield page
    page.close()


@pytest.fixture
def stub(copy):
    stub = copy / "book" / "exercises" / "soft_lookup.py"
    before = stub.read_text()
    yield stub
    if stub.is_symlink():
        stub.unlink()
    stub.write_text(before)


@pytest.fixture(scope="session")
def answers():
    """Answers to the exercise, by what becomes of them."""
    return SimpleNamespace(
        head=HEAD,
        right=RIGHT,
        wrong_axis=RIGHT.replace("e.sum(-1", "e.sum(0"),
        crash=HEAD + "os._exit(3)\n",
        loop=HEAD + "while True: pass\n",
        card=CARD,
    )


@pytest.fixture(scope="session")
def becomes():
    """Waits until the exercise's card in a page shows a state."""

    def becomes(page, state):
        shown = re.compile(f"card--{state}")
        expect(page.locator(CARD)).to_have_class(shown, timeout=PATIENT)

    return becomes
