"""Every chapter's files share its stem; what is missing or orphaned is named."""

import ast
import os
import re
import statistics
from graphlib import TopologicalSorter

import pytest

from built import CHAPTERS, CONTENTS
from grading.paths import CHECKS, MISTAKES, ROOT, STUBS
from import_closure import Tree
from rooms import docstring, room_of, rooms, summary

BOOK = ROOT / "book"
ROOMS = rooms(ROOT)
TREE = Tree(ROOT)
FLOOR = {room.name: floor for floor, room in enumerate(ROOMS)}


def stem(path):
    """What a test file is about: `masks` for test_masks.py."""
    return path.stem.removeprefix("test_")


def imported_by(path):
    """What a test file imports: modules of the package, and parts of the machinery by name."""
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    needed = TREE.needs(dotted)[1]
    needed = set() if "attention" in needed else needed  # `import attention`: every module of it
    return needed | {name.partition(".")[0] for name in names}


TESTS = {
    path: imported_by(path)
    for path in sorted((ROOT / "tests").rglob("test_*.py"))
    if path.parent != CHECKS  # they grade, the package too, each what its chapter teaches
}


SAID = {path: docstring(path) for path in TESTS}


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


def modules_of_the_package():
    """The package's modules by dotted name, but for inits: they only say what a folder is for."""
    for path in sorted((ROOT / "attention").rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def test_every_file_has_a_room_that_names_it():
    """The package names its rooms, and each room its files, in the order to read them."""
    named = [module for room in ROOMS for module in room.modules]
    assert sorted(named) == [module for module, _ in modules_of_the_package()]


def test_every_room_says_what_it_is_for():
    """In one sentence; and a folder holds at least two files, or it is none."""
    for room in ROOMS:
        assert room.summary.endswith("."), f"{room.path}: end the docstring's first line"
        assert not room.path.is_dir() or len(room.modules) > 1, f"{room.path}: a room of one file"


def test_no_arrow_leads_up():
    """A room imports from itself and from rooms that come before it, so there is no circle."""
    upward = []
    for module, path in modules_of_the_package():
        room = room_of(module, ROOMS)
        _, needed = TREE.needs(module)
        other = {name: room_of(name, ROOMS) for name in needed if name != "attention"}
        upward += [
            f"{path.relative_to(ROOT)} imports {name}: {room.name} comes before {above.name}"
            for name, above in other.items()
            if FLOOR[above.name] > FLOOR[room.name]
        ]
    assert upward == []


def test_no_circle_within_a_room():
    """Each file can be read without one that needs it."""
    needs = {module: TREE.needs(module)[1] for module, _ in modules_of_the_package()}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the circle


def test_the_map_in_contributing_is_the_map(capsys):
    """CONTRIBUTING shows what is there: each place, its purpose, and the tests that it answers to.

    Printed too, so that `python -m pytest tests/test_layout.py` is a way to ask for it.
    """
    drawn = "\n".join(
        ["| place | what it is for | its tests |", "|---|---|---|", *rows_of_the_map()]
    )
    if "PYTEST_XDIST_WORKER" not in os.environ:
        with capsys.disabled():
            print(f"\n{drawn}\n")
    shown = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert drawn in shown, "copy the map that is printed above into CONTRIBUTING.md"


def rows_of_the_map():
    """A line for each room of the package and for each part of the machinery."""
    for room in ROOMS:
        yield row(room.path, room.summary, its_tests(room.name.split(".")[-1], room.modules))
    for path in sorted((ROOT / "book" / "_ext").iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        if source.suffix == ".py" and source.is_file():
            yield row(path, summary(source), its_tests(path.stem, {path.stem}))


def row(path, purpose, tests):
    slash = "/" if path.is_dir() else ""
    return f"| `{path.relative_to(ROOT)}{slash}` | {purpose} | {', '.join(tests)} |"


def its_tests(name, modules):
    """The tests that carry the name or say it in their docstring; else those that import it."""
    found = [path for path in TESTS if stem(path) == name or f"`{name}`" in SAID[path]]
    found += [path for path in (ROOT / "tests").rglob(name) if path.is_dir()]
    found = found or [path for path, imported in TESTS.items() if imported & set(modules)]
    assert found, f"no test is named after {name}, says `{name}` in its docstring, or imports it"
    folders = {path for path in found if path.is_dir()}
    places = sorted({path for path in found if not folders & set(path.parents)})
    return [f"`{path.relative_to(ROOT / 'tests')}{'/' * path.is_dir()}`" for path in places]
