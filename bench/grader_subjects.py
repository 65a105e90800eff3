"""What the benchmark measures, each started on a copy of the book: no real exercise is touched."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LEAN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # as the grader starts pytest too


class Copy:
    """A copy of the book."""

    def __init__(self, folder):
        self.root = Path(folder)
        for name in ("attention", "book", "tests", "_build"):
            skip = shutil.ignore_patterns("__pycache__", ".doctrees")
            shutil.copytree(ROOT / name, self.root / name, ignore=skip)
        for name in ("conf.py", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root)
        self.stubs = {path.stem: path.read_text() for path in self._stubs().glob("*.py")}
        path = os.pathsep.join([str(self.root), str(self.root / "book" / "_ext")])
        self.env = {**os.environ, "PYTHONPATH": path}

    def _stubs(self):
        return self.root / "book" / "exercises"

    def save(self, stem, answer):
        """Write the stub with an answer below it: the later definition counts."""
        (self._stubs() / f"{stem}.py").write_text(f"{self.stubs[stem]}\n\n{answer}")

    def start(self, *arguments, **options):
        """Start `python …` in the copy."""
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=self.root, env=self.env, text=True, **options)

    def seconds(self, *arguments, env=None, statuses=(0,)):
        """Run `python …` in a fresh process and time it."""
        start = time.perf_counter()
        command = [sys.executable, *arguments]
        run = subprocess.run(
            command, cwd=self.root, env=self.env | (env or {}), capture_output=True, text=True
        )
        seconds = time.perf_counter() - start
        if run.returncode not in statuses:
            sys.exit(f"{' '.join(command)} failed:\n{run.stdout}{run.stderr}")
        return seconds


class WarmGrader:
    """`python -m grading.warm`, asked in lines of JSON, as the live server asks it."""

    def __init__(self, copy):
        self.process = copy.start(
            "-m", "grading.warm", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.exercises = {e["name"]: e for e in self._heard()["ready"]}

    def grade(self, *stems):
        """Ask for these files; yield each exercise when it is finished."""
        for stem in stems:
            self.process.stdin.write(json.dumps({"stem": stem}) + "\n")
        self.process.stdin.flush()
        left = [e for e in self.exercises.values() if e["stem"] in stems]
        while left:
            line = self._heard()
            if line.get("done"):
                left.pop()
                yield line["exercise"]

    def megabytes(self):
        """Its share of the machine's memory: what others map as well counts in part."""
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def _heard(self):
        return json.loads(self.process.stdout.readline())


@contextmanager
def live_page(copy, name):
    """A page of a live server, open in Chromium, after the server's first build."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    server = copy.start(
        "-m", "live", "--no-browser", "--port", str(port), stdout=subprocess.DEVNULL
    )
    try:
        _wait_for_build(address)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.goto(f"{address}{name}.html")
            yield page
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _wait_for_build(address):
    """Listen as a page does: the first build ends by telling of its troubles, often none."""
    for _ in range(100):
        try:
            with connect(f"{address.replace('http', 'ws')}_live/events") as told:
                while json.loads(told.recv())["kind"] != "trouble":
                    pass
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"No live server at {address}")
