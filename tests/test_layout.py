"""Every chapter's files share its stem; what is missing or orphaned is named."""

import ast
import re
import statistics

import pytest

from grading.paths import CHECKS, MISTAKES, ROOT, STUBS

BOOK = ROOT / "book"
TABLES = re.findall(r"```\{toctree\}(.*?)```", (BOOK / "index.md").read_text("utf-8"), re.S)
CONTENTS = re.findall(r"^\w+$", "\n".join(TABLES), re.M)
CHAPTERS = CONTENTS[: CONTENTS.index("progress")]


def stems(folder, pattern):
    return {re.sub("^test_", "", path.stem) for path in folder.glob(pattern)} - {"exam"}


def test_pages_and_contents_agree():
    """A page is in the table of contents, and the table lists pages that exist."""
    pages = {path.stem for path in BOOK.glob("*.md")} - {"index"}
    assert pages == set(CONTENTS)


def test_exercise_files_come_in_threes():
    """A stub, its checks and its known answers stand and fall together."""
    stubs, checks, known = stems(STUBS, "*.py"), stems(CHECKS, "test_*.py"), stems(MISTAKES, "*.py")
    assert stubs == checks == known
    assert stubs <= set(CHAPTERS)


@pytest.mark.parametrize("stem", CHAPTERS)
def test_chapter_has_its_tests(stem):
    """The claims of a chapter have a file to stand in."""
    assert (ROOT / "tests" / f"test_{stem}.py").is_file()


@pytest.mark.parametrize("stem", sorted(stems(STUBS, "*.py")))
def test_page_stub_and_checks_name_the_same_exercises(stem):
    """No exercise is graded that the page does not set, and none set that is not graded."""
    page = set(re.findall(r"\{exercise\} (\w+)", (BOOK / f"{stem}.md").read_text()))
    checks = set(re.findall(r'exercise\(\s*"(\w+)"', (CHECKS / f"test_{stem}.py").read_text()))
    assert page == checks
    tree = ast.parse((STUBS / f"{stem}.py").read_text())
    defined = {node.name for node in tree.body if hasattr(node, "name")}
    assert page <= defined, f"book/exercises/{stem}.py lacks {page - defined}"


def test_a_module_is_read_in_one_sitting():
    """Half of the package's files are under 130 lines, and none is long."""
    lengths = {
        path.relative_to(ROOT): len(path.read_text("utf-8").splitlines())
        for path in (ROOT / "attention").rglob("*.py")
    }
    assert statistics.median(lengths.values()) < 130
    assert {path: length for path, length in lengths.items() if length > 170} == {}
