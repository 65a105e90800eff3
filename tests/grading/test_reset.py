"""`--reset` gives a stub back and loses nothing that was typed."""

import subprocess

import pytest

from grading import __main__ as command_line
from grading import reset

STUBS = """import torch


def first(x):
    raise NotImplementedError


def second(x):
    raise NotImplementedError
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with two stubs, committed."""
    monkeypatch.setattr(reset, "ROOT", tmp_path)
    file = tmp_path / "chapter.py"
    file.write_text(STUBS)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "stubs"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    return file


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
