"""`make live` from the first second to the last: its port, its browser, a book not built yet."""

import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from grading.paths import ROOT
from live import listen
from live.open_page import has_a_screen, open_page

PATIENT = 120_000  # milliseconds


def test_page_turns_into_the_book_when_it_is_there(tiny, serving, browser):
    """Whatever address was asked for before there was a site."""
    addresses = {"": "Good", "good.html": "Good", "other.html": "Other"}
    with serving(tiny) as served:
        with pytest.raises(HTTPError, match="503"):
            urlopen(served.address)
        pages = [browser.new_page() for _ in (*addresses, "nowhere")]
        for page, name in zip(pages, (*addresses, "no/<i>where</i>"), strict=True):
            page.goto(served.address + name)
        for page, name in zip(pages, addresses, strict=False):
            title = "Book" if name == "" else addresses[name]
            expect(page.locator("article h1")).to_contain_text(title, timeout=PATIENT)
            assert page.locator("article").evaluate("_ => document.styleSheets.length") > 0
        expect(pages[-1].locator("h1")).to_have_text("There is no such page", timeout=PATIENT)
        for page in pages:
            page.close()


def refused(port):
    """What is said instead of serving."""
    command = [sys.executable, "-m", "live", "--no-browser", "--port", str(port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode and not done.stdout and "Traceback" not in done.stderr
    return done.stderr


def test_taken_port_is_a_clear_message():
    """It names the port, and one that is free."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = refused(other.getsockname()[1])
        assert f"Port {other.getsockname()[1]} is taken" in said and "make live PORT=" in said


@pytest.mark.parametrize("port", ["99999", "65536", "abc", "80.5", "", "²", "-1"])
def test_what_is_no_port_is_a_clear_message(port):
    """It says which numbers are."""
    assert f"a port is a number from 0 to 65535, not '{port}'" in refused(f"={port}"[1:])


def test_port_of_the_system_is_not_called_taken(monkeypatch, capsys):
    """It is free, and yet not for everyone."""

    class Kept(socket.socket):
        def bind(self, address):
            if 0 < address[1] < 1024:
                raise PermissionError(13, "Permission denied")
            super().bind(address)

    monkeypatch.setattr(listen.socket, "socket", Kept)
    with pytest.raises(SystemExit, match=r"Port 80 takes an administrator's rights.*PORT=\d{4,}"):
        listen.listen(80)


@pytest.mark.parametrize(
    ("platform", "variables", "opened"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("freebsd14", {}, False),
        ("darwin", {}, True),
        ("win32", {}, True),
        ("linux", {"SSH_CONNECTION": "a 1 b 2", "DISPLAY": "localhost:10.0"}, False),
        ("darwin", {"SSH_CONNECTION": "a 1 b 2"}, False),
        ("linux", {"SSH_CONNECTION": "a 1 b 2", "BROWSER": "helper.sh"}, True),  # shows it there
        ("linux", {"BROWSER": "firefox"}, True),
        ("linux", {"BROWSER": ""}, False),
    ],
)
def test_browser_is_opened_only_where_it_shows(platform, variables, opened):
    """Where the reader sits, unless they say otherwise."""
    assert has_a_screen(platform, variables) is opened


@pytest.mark.parametrize("variables", [{}, {"DISPLAY": ":7"}, {"BROWSER": "lynx"}])
def test_browser_of_text_gets_no_terminal(variables, tmp_path, monkeypatch):
    """It may be all that is installed, or be named by the reader."""
    for name in ("www-browser", "lynx"):
        browser = tmp_path / name
        browser.write_text(
            "#!/bin/sh\n"
            f"echo $1 $(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2) > {tmp_path}/writing\n"
            f"(exec < /dev/tty) 2> /dev/null && echo tty >> {tmp_path}/writing\n"
            f"mv {tmp_path}/writing {tmp_path}/seen\n"
        )
        browser.chmod(0o755)
    for name in ("readlink", "mv"):
        (tmp_path / name).symlink_to(shutil.which(name))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"PATH": str(tmp_path), "TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)
    open_page("http://127.0.0.1:8000/").wait(timeout=60)
    while not (tmp_path / "seen").exists():
        time.sleep(0.05)
    nothing = " ".join(["/dev/null"] * 3)
    assert (tmp_path / "seen").read_text() == f"http://127.0.0.1:8000/ {nothing}\n"


def test_nothing_is_left_running(copy, serving):
    """Ctrl-C ends the helpers too, and prints no traceback, also while a page is open."""
    with serving(copy) as served:
        while len(helpers := served.helpers("grading.warm") + served.helpers("live.builder")) < 2:
            time.sleep(0.1)
    for helper in helpers:
        with pytest.raises(ProcessLookupError):
            os.kill(helper, 0)
    assert served.terminal.read_text().endswith("The live book has ended.\n")
    assert "Traceback" not in served.terminal.read_text()


def test_hosted_site_knows_nothing_of_it():
    """The live script stands in no built page."""
    pages = list((ROOT / "_build" / "html").glob("*.html"))
    assert pages
    assert not any("_live" in page.read_text(encoding="utf-8") for page in pages)
