"""Whatever fails in a helper is told, on the terminal and in the pages, and is not repeated."""

import asyncio

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import expect

from live.workers import Worker

PATIENT = 120_000  # milliseconds


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Called with the code of a helper: a worker that runs it, what it tells, and how it starts."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    starts = []

    def helper(code, heard=lambda line: None):
        (tmp_path / "helper_of_the_test.py").write_text(code)
        told = asyncio.Queue()
        worker = Worker(
            "helper_of_the_test", heard, told.put_nowait, started=lambda: starts.append(1)
        )
        return worker, told, starts

    return helper


def on_a_loop(story):
    """Of its own: a browser that other tests drove leaves one running in this thread."""
    with start_blocking_portal() as loop:
        loop.call(story)


def test_helper_that_keeps_dying_waits_for_a_save(helper):
    """Its traceback would fill the terminal."""

    async def story():
        worker, told, starts = helper("import sys; sys.exit(3)")
        running = asyncio.create_task(worker.run())
        assert "helper_of_the_test has ended twice (status 3)" in await told.get()
        assert len(starts) == 2
        await asyncio.sleep(1)  # five times the pause between two starts
        assert len(starts) == 2
        worker.hope.set()
        await told.get()
        assert len(starts) == 3
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    on_a_loop(story)


def test_line_that_cannot_be_used_does_not_silence_the_next(helper):
    """It may be no JSON, or what it leads to may fail."""
    heard = []

    def hear(line):
        heard.append(1 / line)

    async def story():
        worker, told, _ = helper("print('?'); print(0); print(2, flush=True); input()", hear)
        running = asyncio.create_task(worker.run())
        assert "JSONDecodeError" in await told.get()
        assert "ZeroDivisionError" in await told.get()
        while not heard:
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    on_a_loop(story)
    assert heard == [0.5]


def test_helper_that_cannot_be_started_is_told(helper, monkeypatch):
    """The environment may be gone."""

    async def story():
        worker, told, _ = helper("")
        running = asyncio.create_task(worker.run())
        assert "FileNotFoundError" in await told.get()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    monkeypatch.setattr("live.workers.sys.executable", "/no/such/python")
    on_a_loop(story)


BOOM = """
from docutils.parsers.rst import Directive

class Boom(Directive):
    def run(self):
        raise KeyError("of the test")

def setup(app):
    app.add_directive("boom", Boom)
"""


def test_extension_that_fails_is_told_and_mended_while_it_runs(tiny, serving, browser):
    """Nothing has to be started again by hand."""
    settings, text = tiny / "conf.py", tiny / "book" / "other.md"
    before = settings.read_text()
    with serving(tiny) as served:
        page = browser.new_page()
        page.goto(served.address + "other.html")
        expect(page.locator("article h1")).to_contain_text("Other", timeout=PATIENT)
        settings.write_text(before + BOOM)
        text.write_text("# Other\n\n```{boom}\n```\n")
        expect(page.locator("#live-trouble")).to_contain_text("of the test", timeout=PATIENT)
        served.says("of the test")
        settings.write_text(before + BOOM.replace('raise KeyError("of the test")', "return []"))
        expect(page.locator("#live-trouble")).to_have_count(0, timeout=PATIENT)
        text.write_text("# Other\n\nMended.\n")
        expect(page.get_by_text("Mended.")).to_be_attached(timeout=PATIENT)
        page.close()
