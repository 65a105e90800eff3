"""What cannot be read is told in a line, costs no other page, and nobody waits for it."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

import unchanged
from unreadable import survey

LATIN = os.fsdecode(b"caf\xe9.md")


def pipe(folder):
    os.mkfifo(folder / "pipe.md")


def listening(folder):
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(str(folder / "s"))


def loop(folder):
    (folder / "loop").symlink_to(folder)


def link_to_itself(folder):
    (folder / "self.md").symlink_to("self.md")


def dangling(folder):
    (folder / "gone.md").symlink_to("nowhere.md")


def latin_name(folder):
    (folder / LATIN).write_text("# A\n")


def latin_folder(folder):
    (folder / os.fsdecode(b"\xe9")).mkdir()
    (folder / os.fsdecode(b"\xe9") / "page.md").write_text("# A\n")


KINDS = {
    pipe: "it is a pipe and no file; remove it",
    listening: "it is a socket and no file; remove it",
    loop: "it links to a folder that it stands in; remove it",
    link_to_itself: "it is a link that leads nowhere (Too many levels",
    dangling: "it is a link that leads nowhere (No such file or directory); remove it",
    latin_name: "its name is not UTF-8; rename it",
    latin_folder: "its name is not UTF-8; rename it",
}


@pytest.fixture
def folder():
    """With a short name, for sockets, and open to every user; with one page in it."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o755)
    (path / "page.md").write_text("# A page\n")
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_is_found_beside_what_can_be_read(folder, kind):
    """And the walk comes to an end."""
    kind(folder)
    files, faults = survey(folder)
    assert files == [folder / "page.md"]
    assert [words for words in faults.values() if words.startswith(KINDS[kind])], faults


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root tries the same by the next test")
def test_as_root_another_user_finds_what_is_closed_to_him(folder):
    """Root itself may read everything."""
    for name in ("closed.md", "closed"):
        (folder / name).mkdir() if "." not in name else (folder / name).write_text("# A\n")
        (folder / name).chmod(0)
    os.seteuid(65534)
    try:
        files, faults = survey(folder)
    finally:
        os.seteuid(0)
    assert files == [folder / "page.md"]
    assert set(faults) == {folder / "closed.md", folder / "closed"}
    assert all("Permission denied; make it readable" in words for words in faults.values())


def test_hidden_files_are_nobodys_business(folder):
    """Emacs marks an open file by a link that leads nowhere."""
    (folder / ".#page.md").symlink_to("someone@somewhere.1234")
    assert survey(folder) == ([folder / "page.md"], {})


def test_folders_that_are_linked_in_are_walked(folder, tmp_path):
    """As Sphinx does: what stands there is a page too."""
    (tmp_path / "more.md").write_text("# B\n")
    (folder / "linked").symlink_to(tmp_path)
    assert survey(folder) == ([folder / "linked/more.md", folder / "page.md"], {})


@pytest.fixture(scope="module")
def built(small_book):
    """A book in which all of them stand, among the pages and in the package, built twice."""
    book = small_book({})
    for kind in KINDS:
        if kind is not listening:  # the name of a socket must be short
            kind(book.folder / "book")
            kind(book.folder / "attention")
    return book.folder, book.build(), book.build()


@pytest.mark.parametrize("number", [1, 2], ids=["first", "again"])
def test_a_build_says_each_in_a_line_and_makes_the_rest(built, number):
    """In every build until it is mended."""
    folder, (status, said) = built[0], built[number]
    assert status == 1 and "Traceback" not in said
    for place in ("book", "attention"):
        for name in ("pipe.md", "loop", "self.md", "gone.md", "caf\ufffd.md", "\ufffd"):
            lines = [line for line in said.splitlines() if f"/{place}/{name}:1: ERROR: " in line]
            assert len(lines) == 1, (place, name, said)
    assert (folder / "html/good.html").is_file()
    assert not [path for path in (folder / "html").rglob("*") if "loop" in path.name]


@pytest.fixture
def book(folder, monkeypatch):
    """A small repository, for `unchanged` to look at."""
    monkeypatch.setattr(unchanged, "ROOT", folder)
    monkeypatch.setattr(unchanged, "BUILT", folder / "_build")
    monkeypatch.setattr(unchanged, "NOTE", folder / "_build" / "unchanged.json")
    (folder / "_build/html").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_whether_something_has_changed_can_be_told_all_the_same(book, kind):
    """It has: this came. A build that succeeds all the same is noted as any other."""
    assert not unchanged.ask()
    unchanged.note_what_was_asked()
    assert unchanged.ask()
    kind(book)
    assert not unchanged.ask()
    unchanged.note_what_was_asked()
    assert unchanged.ask()


def test_a_question_that_fails_leaves_no_note_that_could_be_believed(book, monkeypatch):
    """Else the build that follows would be noted under the sources of an older one."""
    assert not unchanged.ask()
    unchanged.note_what_was_asked()

    def fail():
        raise RuntimeError("nobody knows why")

    with monkeypatch.context() as broken:
        broken.setattr(unchanged, "sources", fail)
        (book / "page.md").write_text("# Edited\n")
        with pytest.raises(RuntimeError):
            unchanged.ask()
        unchanged.note_what_was_asked()
    assert not unchanged.ask()


def test_what_another_command_has_built_is_noticed(book):
    """`make live` writes the same files; a page may have the same length as before."""
    page = book / "_build/html/page.html"
    page.write_text("one")
    assert not unchanged.ask()
    unchanged.note_what_was_asked()
    page.write_text("two")
    assert not unchanged.ask()
