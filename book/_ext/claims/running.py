"""Run the tests that hold the claims, and remember which of them passed."""

import ast
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from execution.page import versions
from import_closure import Tree, closure, digest

PASSED, FAILED, MISSING = "passed", "failed", "missing"


@dataclass
class Outcome:
    state: str
    reason: str = ""
    digest: str = ""  # of all that the result follows from


@dataclass
class Test:
    """A test's text, as its file has it."""

    name: str
    summary: str
    source: str
    line: int


def read_tests(path: Path) -> dict[str, Test]:
    """The tests of a file by name; empty if there is no such file."""
    return _read_tests(path, path.stat().st_mtime_ns) if path.is_file() else {}


@cache  # each claim asks, and a file holds many claims
def _read_tests(path: Path, changed: int) -> dict[str, Test]:
    text = path.read_text("utf-8")
    found = {}
    for node in ast.parse(text, str(path)).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            source = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
            summary = (ast.get_docstring(node) or "").partition("\n")[0]
            found[node.name] = Test(node.name, summary, source, first)
    return found


def test_digest(path: Path, tree: Tree) -> str:
    """Of all that the results of a test file follow from."""
    root = tree.root
    code = path.read_text("utf-8")
    files = {path.resolve(), *closure(code, tree)}
    folders = [folder for folder in path.resolve().parents if folder.is_relative_to(root)]
    for conftest in (folder / "conftest.py" for folder in folders):
        if conftest.is_file():
            files.add(conftest)
            shared = conftest.read_text("utf-8")
            # what the fixtures import counts only for the files that use one
            if "autouse" in shared or any(name in code for name in _defined(shared)):
                files |= set(closure(shared, tree))
    files |= {root / "pyproject.toml"} if (root / "pyproject.toml").is_file() else set()
    return digest(files, json.dumps(versions()), root)


@cache
def _defined(code: str) -> list[str]:
    return [node.name for node in ast.parse(code).body if hasattr(node, "name")]


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
        ids = [f"tests/{key.replace('::', '.py::')}" for key in tests]
        files = len({key.partition("::")[0] for key in tests})
        side_by_side = ["-n", "logical", f"--maxprocesses={files}", "--dist=loadfile"]
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command = ["-m", "pytest", *options, *(side_by_side if files > 1 else []), *ids]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        environment.pop("PYTEST_ADDOPTS", None)
        done = subprocess.run(
            [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True
        )
        found = _read_report(report) if report.is_file() else {}
    said = (done.stdout + done.stderr).strip().splitlines()[-1:]
    not_run = Outcome(FAILED, " ".join(["pytest did not run it:", *said]))
    outcomes = {key: found.get(key, not_run) for key in tests}
    for key, outcome in outcomes.items():
        outcome.digest = tests[key]
    return outcomes


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
            reason = "\n  ".join([f"{case.get('name')} {verb}", *lines[:4]])
            outcomes[key] = Outcome(FAILED, reason)
        else:
            outcomes.setdefault(key, Outcome(PASSED))
    return outcomes
