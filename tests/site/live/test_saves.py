"""`make live` in a real browser: a save changes the card in the open page, whatever was saved."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from grading.paths import ROOT

CARD = 'section.card[data-exercise="softmax"]'
HEAD = "import os, torch\ndef softmax(scores):\n    "
RIGHT = HEAD + "e = (scores - scores.amax(-1, True)).exp()\n    return e / e.sum(-1, True)\n"
WRONG_AXIS = RIGHT.replace("e.sum(-1", "e.sum(0")
CRASH = HEAD + "os._exit(3)\n"
LOOP = HEAD + "while True: pass\n"
PATIENT = 90_000  # milliseconds: a loaded machine is slow, and the test is not about speed


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the book, so that no real exercise is touched."""
    root = tmp_path_factory.mktemp("live")
    skip = shutil.ignore_patterns("__pycache__", ".doctrees")
    for name in ("attention", "book", "tests", "_build"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    for name in ("conf.py", "pyproject.toml", "README.md"):  # a test that holds claims names it
        shutil.copy(ROOT / name, root)
    return root


@contextmanager
def serving(root, port=None):
    """A live server, on a free port unless one is given; yields (address, process)."""
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    path = os.pathsep.join([str(root), str(root / "book" / "_ext")])
    process = subprocess.Popen(
        [sys.executable, "-m", "live", "--no-browser", "--port", str(port)],
        cwd=root, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert str(port) in process.stdout.readline()
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    try:
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        process.stdout.close()


@pytest.fixture(scope="module")
def live(copy):
    with serving(copy) as (address, process):
        yield address, process


@pytest.fixture
def page(live, browser):
    """The chapter, open, scrolled to the exercise and marked to notice a reload."""
    page = browser.new_page()
    page.goto(live[0] + "soft_lookup.html")
    page.locator(CARD).scroll_into_view_if_needed()
    page.evaluate("window.neverReloaded = true")
    yield page
    page.close()


@pytest.fixture
def stub(copy):
    stub = copy / "book" / "exercises" / "soft_lookup.py"
    before = stub.read_text()
    yield stub
    stub.write_text(before)


def becomes(page, state):
    expect(page.locator(CARD)).to_have_class(re.compile(f"card--{state}"), timeout=PATIENT)


def test_card_follows_every_save_without_a_reload(page, stub):
    """Wrong, crashing, endless and right answers each show in place."""
    becomes(page, "not-started")
    place = page.evaluate("scrollY")
    stub.write_text(WRONG_AXIS)
    becomes(page, "failed")
    expect(page.locator(f"{CARD} .diagnosis")).to_contain_text("sum of a row of weights")
    expect(page.locator(f"{CARD} table.map").first).to_be_visible()
    stub.write_text(CRASH)
    becomes(page, "crashed")
    stub.write_text(LOOP)
    becomes(page, "running")
    stub.write_text(RIGHT)  # in the middle of a grading
    becomes(page, "passed")
    assert page.evaluate("window.neverReloaded && scrollY") == place


def test_pages_stay_in_step(page, browser, live, stub):
    """Two open pages show the same card."""
    other = browser.new_page()
    other.goto(live[0] + "soft_lookup.html")
    stub.write_text(RIGHT)
    becomes(page, "passed")
    becomes(other, "passed")
    other.close()


def test_save_by_renaming_is_noticed(page, stub):
    """Many editors write another file and rename it."""
    draft = stub.with_name(".soft_lookup.py.swp")
    draft.write_text(RIGHT)
    draft.rename(stub)
    becomes(page, "passed")


def test_last_of_two_quick_saves_counts(page, stub):
    """Fifty milliseconds apart, or half of the file first."""
    stub.write_text(WRONG_AXIS)
    time.sleep(0.03)
    stub.write_text(RIGHT)
    becomes(page, "passed")
    stub.write_text(RIGHT[: len(RIGHT) // 2] + "(")
    becomes(page, "error")
    stub.write_text(RIGHT)
    becomes(page, "passed")


def test_open_page_outlives_its_server(browser, copy, stub):
    """A server that is started again on the same port finds the page waiting."""
    with serving(copy) as (address, _):
        page = browser.new_page()
        page.goto(address + "soft_lookup.html")
        becomes(page, "not-started")
    stub.write_text(RIGHT)
    port = int(address.rstrip("/").rpartition(":")[2])
    with serving(copy, port):
        becomes(page, "passed")
        page.close()


def test_grader_that_dies_is_started_again(page, stub, live):
    """A save after the warm process was killed is graded all the same."""
    stub.write_text(WRONG_AXIS)
    becomes(page, "failed")
    (grader,) = _children(live[1].pid, "grading.warm")
    os.kill(grader, signal.SIGKILL)
    stub.write_text(RIGHT)
    becomes(page, "passed")


def test_edited_text_changes_in_place(page, copy):
    """What the reader has done to the page stays: nothing is loaded again."""
    text = copy / "book" / "soft_lookup.md"
    for sentence in ("One sentence from the test.", "Another sentence from the test."):
        text.write_text(text.read_text() + f"\n{sentence}\n")
        expect(page.get_by_text(sentence)).to_be_attached(timeout=PATIENT)
        page.evaluate("window.neverReloaded = true")  # the first shows the stub as put back too
    expect(page.get_by_text("One sentence from the test.")).to_be_attached()
    place = page.evaluate("scrollY")
    text.write_text(text.read_text().replace("Another sentence", "A later sentence"))
    expect(page.get_by_text("A later sentence from the test.")).to_be_attached(timeout=PATIENT)
    expect(page.get_by_text("Another sentence")).to_have_count(0)
    assert page.evaluate("window.neverReloaded && scrollY") == place
    shown = page.locator("article").inner_text()
    page.reload()
    assert page.locator("article").inner_text() == shown


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        pytest.param("\n## What you now know", "\n## What you know today", id="heading"),
        pytest.param("{code-cell} python\n", "{code-cell} python\n# from the test\n", id="code"),
    ],
)
def test_page_reloads_where_more_than_text_changed(page, copy, was, becomes):
    """The contents name the heading, and a script gives the code its button."""
    text = copy / "book" / "soft_lookup.md"
    assert was in text.read_text()
    text.write_text(text.read_text().replace(was, becomes, 1))
    page.wait_for_function("!window.neverReloaded", timeout=PATIENT)
    expect(page.locator("article")).to_contain_text(becomes.splitlines()[1].strip("# "))
    expect(page.locator("article .highlight button").first).to_be_attached()


def test_trouble_is_told_on_the_open_page_until_it_is_mended(page, copy):
    """An author looks at the page, not at the terminal."""
    text = copy / "book" / "soft_lookup.md"
    before = text.read_text()
    text.write_text(f"{before}\n[](no_such_page.md)\n")
    expect(page.locator("#live-trouble")).to_contain_text("no_such_page", timeout=PATIENT)
    text.write_text(before)
    expect(page.locator("#live-trouble")).to_have_count(0, timeout=PATIENT)


def test_style_edit_reaches_the_open_page(page, copy):
    """No page changes by it, so the sheet itself has to be noticed."""
    sheet = copy / "book" / "_static" / "style" / "page.css"
    sheet.write_text(sheet.read_text() + "\nh1 { text-indent: 3px; }\n")
    expect(page.locator("h1").last).to_have_css("text-indent", "3px", timeout=PATIENT)


def test_nothing_is_left_running(copy):
    """Ctrl-C ends the helpers too, and prints no traceback."""
    with serving(copy) as (_, process):
        for _ in range(100):
            helpers = _children(process.pid, "grading.warm") + _children(
                process.pid, "live.builder"
            )
            if len(helpers) == 2:
                break
            time.sleep(0.1)
    assert len(helpers) == 2
    for helper in helpers:
        with pytest.raises(ProcessLookupError):
            os.kill(helper, 0)


def test_taken_port_is_a_clear_message(live):
    """It names the port and what to do."""
    port = live[0].rstrip("/").rpartition(":")[2]
    command = [sys.executable, "-m", "live", "--no-browser", "--port", port]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr


def test_hosted_site_knows_nothing_of_it():
    """The live script stands in no built page."""
    pages = list((ROOT / "_build" / "html").glob("*.html"))
    assert pages
    assert not any("_live" in page.read_text(encoding="utf-8") for page in pages)


def _children(parent, module):
    """The process ids of a parent's children that run a module."""
    pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(p) for p in pids if module in Path(f"/proc/{p}/cmdline").read_text()]
