"""Opens the book in the reader's browser, where that cannot disturb the terminal."""

import os
import subprocess
import sys


def has_a_screen(platform=sys.platform, environ=os.environ):
    """Whether a browser would show where the reader sits, or they have named one that does."""
    if environ.get("BROWSER"):
        return True
    if environ.get("SSH_CONNECTION"):
        return False
    if platform in ("darwin", "win32", "cygwin"):
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def open_page(address):
    """In a process without a terminal: what is installed may be a browser of text alone, and it
    would take the terminal over."""
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "webbrowser", address],
        stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True,
    )  # fmt: skip
