"""Run the tests that hold the claims, and remember which of them passed."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from import_closure import Tree
from surroundings import environment

from .tests import read_tests, test_digest

PASSED, FAILED, MISSING, WAITS = "passed", "failed", "missing", "waits"
#: How the reason of a skip begins where data of others is not here (tests/conftest.py).
NO_DATA = "MissingData: "


@dataclass
class Outcome:
    state: str
    reason: str = ""
    digest: str = ""  # of all that the result follows from


class Record:
    """What is known of each test, in `_build/claims.json`."""

    def __init__(self, path: Path):
        self.path = path
        try:
            known = json.loads(path.read_text("utf-8"))
            self.outcomes = {test: Outcome(**outcome) for test, outcome in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self.outcomes = {}  # none yet, or by another version: the tests are run

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        known = {test: asdict(outcome) for test, outcome in sorted(self.outcomes.items())}
        handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
        os.replace(name, self.path)


def stale(wanted: set[tuple[str, str]], record: Record, root: Path) -> dict[str, str]:
    """The tests to run, as `file::test` with the digest of what it follows from.

    Outcomes of tests that nobody names any more, or that do not exist, are settled on the way.
    """
    run, outcomes, tree = {}, {}, Tree.now(root)
    for file in sorted({file for file, _ in wanted}):
        path = root / "tests" / f"{file}.py"
        try:
            tests = read_tests(path)
            current = test_digest(path, tree) if tests else ""
            missing = f"there is no test of that name in tests/{file}.py"
        except SyntaxError as error:
            tests, missing = {}, f"{error.filename}:{error.lineno}: {error.msg}"
        except OSError as error:
            tests, missing = {}, str(error)
        for name in sorted(test for other, test in wanted if other == file):
            key = f"{file}::{name}"
            known = record.outcomes.get(key)
            if name not in tests:
                outcomes[key] = Outcome(MISSING, missing)
            elif known and known.state == PASSED and known.digest == current:
                outcomes[key] = known
            else:
                run[key] = current
    record.outcomes = outcomes
    return run


def run_tests(tests: dict[str, str], root: Path) -> dict[str, Outcome]:
    """Run `file::test`s, files side by side; every one of them gets an outcome."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        # names relative to the root: in a path, [ and :: would mean something to pytest
        ids = [f"tests/{key.replace('::', '.py::')}" for key in tests]
        files = len({key.partition("::")[0] for key in tests})
        side_by_side = ["-n", "logical", f"--maxprocesses={files}", "--dist=loadfile"]
        options = [f"--junitxml={report}", *(side_by_side if files > 1 else [])]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *_known_settings(root), *options, *ids],
            cwd=root,
            env=environment(root),
            capture_output=True,
            text=True,
            errors="replace",
        )
        found = _read_report(report) if report.is_file() else {}
    said = (done.stdout + done.stderr).strip().splitlines()[-1:]
    not_run = Outcome(FAILED, " ".join(["pytest did not run it:", *said]))
    outcomes = {key: found.get(key, not_run) for key in tests}
    for key, outcome in outcomes.items():
        outcome.digest = tests[key]
    return outcomes


def _known_settings(root: Path) -> list[str]:
    """The book's own settings of pytest, and no others."""
    settings = "pyproject.toml" if (root / "pyproject.toml").is_file() else os.devnull
    return ["-q", "-c", settings, "--rootdir=.", "-pno:cacheprovider", "-pxdist"]


def _read_report(report: Path) -> dict[str, Outcome]:
    """The outcomes in a JUnit file; a test with parameters fails if one of its cases does."""
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.get("classname", "").removeprefix("tests.").replace(".", "/")
        key = f"{file}::{case.get('name').partition('[')[0]}"
        bad = next((child for child in case if child.tag in {"failure", "error", "skipped"}), None)
        if bad is not None:
            lines = [line for line in (bad.get("message") or "").splitlines() if line.strip()]
            verb = "was skipped" if bad.tag == "skipped" else "failed"
            waits = bad.tag == "skipped" and lines[:1] and lines[0].startswith(NO_DATA)
            reason = "\n  ".join([f"{case.get('name')} {verb}", *lines[:4]])
            outcomes[key] = Outcome(WAITS if waits else FAILED, reason)
        else:
            outcomes.setdefault(key, Outcome(PASSED))
    return outcomes
