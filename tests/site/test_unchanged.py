"""`make html` does nothing where nothing has changed, and only there."""

import pytest

import unchanged


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small repository that has been built; returns a function that asks."""
    for name in ("book/index.md", ".git/HEAD", "_build/html/index.html", "_build/results.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(unchanged, "ROOT", tmp_path)
    monkeypatch.setattr(unchanged, "BUILT", tmp_path / "_build")
    monkeypatch.setattr(unchanged, "NOTE", tmp_path / "_build" / "unchanged.json")

    def ask(*arguments):
        monkeypatch.setattr("sys.argv", ["unchanged.py", *arguments])
        return unchanged.main() == 0

    assert not ask()  # no build has succeeded yet
    ask("--note")
    return ask


def test_a_build_is_up_to_date_until_something_changes(book):
    """What git keeps for itself, what Python compiles and times of files do not count."""
    assert book()
    (unchanged.ROOT / ".git/HEAD").write_text("other")
    (unchanged.ROOT / "book/__pycache__").mkdir()
    (unchanged.ROOT / "book/__pycache__/a.pyc").write_text("compiled")
    (unchanged.ROOT / "book/index.md").touch()
    assert book()


CHANGES = {
    "an edit": lambda root: (root / "book/index.md").write_text("edited"),
    "a new file": lambda root: (root / "book/new.md").write_text(""),
    "a file less": lambda root: (root / "book/index.md").unlink(),
    "a new name": lambda root: (root / "book/index.md").rename(root / "book/other.md"),
    "a page less": lambda root: (root / "_build/html/index.html").unlink(),
    "no results": lambda root: (root / "_build/results.json").unlink(),
    "a note cut off": lambda root: unchanged.NOTE.write_text("{"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_noticed(book, change):
    """Of a source, and of what was built."""
    change(unchanged.ROOT)
    assert not book()


def test_an_edit_while_the_book_is_built_is_noticed(book):
    """The build may have read the file before."""
    (unchanged.ROOT / "book/index.md").write_text("edited")
    assert not book()
    (unchanged.ROOT / "book/index.md").write_text("edited again")
    book("--note")
    assert not book()


def test_another_setting_or_library_is_noticed(book, monkeypatch):
    """The address of the site, and the version of anything that is installed."""
    monkeypatch.setenv("BOOK_URL", "https://example.org/")
    assert not book()
    monkeypatch.delenv("BOOK_URL")
    assert not book()
    book("--note")
    assert book()
    monkeypatch.setattr(unchanged, "distributions", list)
    assert not book()


def test_a_build_that_failed_is_not_taken_for_the_one_before(book):
    """It has written pages, perhaps of the same size; taking the edit back does not mend them."""
    page = unchanged.ROOT / "book/index.md"
    text = page.read_text()
    page.write_text("broken")
    assert not book()
    page.write_text(text)
    assert not book()
    book("--note")
    assert book()
