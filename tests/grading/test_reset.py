"""`--reset` gives a stub back and loses nothing that was typed."""

import subprocess

import pytest

from grading import command_line, reset

STUBS = """import torch


def first(x):
    raise NotImplementedError


def second(x):
    raise NotImplementedError
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with two stubs, committed."""
    return committed(tmp_path, tmp_path, monkeypatch)


def committed(repository, root, monkeypatch, stubs=None):
    monkeypatch.setattr(reset, "ROOT", root)
    root.mkdir(exist_ok=True, parents=True)
    (root / "chapter.py").write_bytes(stubs or STUBS.encode())
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "stubs"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
    return root / "chapter.py"


def test_two_resets_in_one_second_keep_two_backups(file):
    """The second must not be written over the first."""
    answer = STUBS.replace("raise NotImplementedError", "return 'mine'")
    file.write_text(answer)
    one, two = reset.reset("first", file), reset.reset("second", file)
    assert one != two and one.read_text() == answer and "return 'mine'" in two.read_text()
    assert file.read_text() == STUBS


@pytest.mark.parametrize(
    "other",
    [
        "# a form feed: \x0c and a separator: \u2028\n".encode(),
        b"# windows\r\nx = 1\r\n",
    ],
)
def test_rest_of_the_file_stays_byte_by_byte(file, other):
    """Whatever line ends and characters it has."""
    file.write_bytes(other + STUBS.replace("raise NotImplementedError", "return 'é'", 1).encode())
    reset.reset("first", file)
    assert file.read_bytes() == other + STUBS.encode()


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("other", "encoding", "end"),
    [
        (MARK + b"# a mark\n", "utf-8", "\n"),
        (MARK + b"# a mark, and windows\r\n", "utf-8", "\r\n"),
        (b"# coding: latin-1\n", "latin-1", "\n"),
        (b"# coding: cp1252\r\n", "cp1252", "\r\n"),
        (b"# an old mac\r", "utf-8", "\r"),
    ],
)
def test_stub_gets_the_encoding_and_line_ends_of_the_file(file, other, encoding, end):
    """As the editor that wrote it expects, and its mark stays."""
    mine = STUBS.replace("raise NotImplementedError", "return 'é'")
    file.write_bytes(other + mine.replace("\n", end).encode(encoding))
    reset.reset("second", file)
    assert file.read_bytes() == other + (
        STUBS.replace("raise NotImplementedError", "return 'é'", 1)
        .replace("\n", end)
        .encode(encoding)
    )


def test_stub_that_declares_an_encoding_comes_back_in_it(tmp_path, monkeypatch):
    """Whether the file is gone, or of another encoding."""
    stubs = b"# coding: latin-1\n" + STUBS.replace("(x):", "(x):\n    'caf\xe9'").encode("latin-1")
    file = committed(tmp_path, tmp_path, monkeypatch, stubs)
    file.unlink()
    reset.reset("first", file)
    assert file.read_bytes() == stubs
    file.write_text("def first(x):\n    return x\n", encoding="utf-8")
    reset.reset("first", file)
    assert file.read_text(encoding="utf-8").startswith("def first(x):\n    'café'\n    raise")


@pytest.mark.parametrize("content", [b"def first(:\n", b"x = '\xff'\n", b"", b"-" * 99999])
def test_file_that_is_no_python_is_left_alone(file, content):
    """And the learner is told what to do."""
    file.write_bytes(content)
    with pytest.raises(reset.CannotReset, match="rename it"):
        reset.reset("first", file)
    assert file.read_bytes() == content and not list(file.parent.glob("*.bak"))


def test_missing_file_comes_back(file):
    """There is nothing to back up."""
    file.unlink()
    assert reset.reset("first", file) is None
    assert file.read_text() == STUBS


@pytest.mark.parametrize("name", ["book", "course [2026] é", "a::b"])
def test_book_may_be_a_folder_of_another_repository(name, tmp_path, monkeypatch):
    """Whatever the folder is called."""
    file = committed(tmp_path, tmp_path / "courses" / name, monkeypatch)
    file.write_text(STUBS.replace("raise NotImplementedError", "return 'mine'"))
    reset.reset("first", file)
    assert "return 'mine'" in file.read_text() and "raise NotImplementedError" in file.read_text()


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_git_is_asked_about_the_book_alone(variable, file, tmp_path_factory, monkeypatch):
    """Whichever repository a hook, or the reader's shell, has set."""
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["git", "init", "-q"], cwd=other, check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv(variable, str(other / ".git"))
    file.unlink()
    reset.reset("first", file)
    assert file.read_text() == STUBS


def test_repository_of_another_owner_gets_gits_remedy_alone(file, monkeypatch):
    """It has a history, and git says what to do."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(reset.CannotReset) as caught:
        reset.reset("first", file)
    assert "git config --global --add safe.directory" in str(caught.value)
    assert "has none" not in str(caught.value)


def test_folder_without_a_history_is_told(tmp_path, monkeypatch):
    """As one that was downloaded without git."""
    monkeypatch.setattr(reset, "ROOT", tmp_path)
    with pytest.raises(reset.CannotReset, match="git's history, and this folder has none"):
        reset.reset("first", tmp_path / "chapter.py")


def test_machine_without_git_is_told(file, monkeypatch):
    """The stubs come from its history."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(reset.CannotReset, match="install git"):
        reset.reset("first", file)


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), ("Yes ", True), ("", False)])
def test_only_yes_is_yes(typed, agreed, monkeypatch):
    """In capitals, too."""
    monkeypatch.setattr("builtins.input", lambda _: typed)
    assert command_line._agreed("?") is agreed


def test_nobody_there_is_no(monkeypatch):
    """As when standard input is closed."""

    def closed(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    assert command_line._agreed("?") is False
