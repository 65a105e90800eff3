"""Weights are converted once, whoever asks and how many ask at once."""

import multiprocessing
import os
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from attention.models import converted as module
from attention.models.converted import converted, models_folder


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A file of three numbers, and a checkout to keep what is made of it."""
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "install.py").write_text("")
    (tmp_path / "numbers.txt").write_text("1 2 3")
    return tmp_path / "numbers.txt"


def read(path):
    """A reader; how often it was called is counted in files."""
    (path.parent / f"called-{os.getpid()}-{len(list(path.parent.iterdir()))}").touch()
    numbers = [float(word) for word in path.read_text().split()]
    return {"numbers": torch.tensor(numbers)}, {"name": "Zahlen ½"}


def calls(source):
    return len(list(source.parent.glob("called-*")))


def test_it_is_made_once_and_holds_what_was_read(source):
    """Tensors and texts; the second call reads nothing."""
    path = converted(source, read)
    assert path == converted(source, read) and calls(source) == 1
    assert path.parent == source.parent / "_build/models"
    with safe_open(path, "pt") as file:
        assert file.get_tensor("numbers").tolist() == [1, 2, 3]
        assert file.metadata() == {"name": "Zahlen ½"}


def test_another_source_or_another_reader_makes_another_file(source, tmp_path):
    """What was made of the one before is not shown for it."""
    first = converted(source, read)
    source.write_text("1 2 4")
    second = converted(source, read)
    (tmp_path / "own.py").write_text("import torch\ndef read(path): return {}, {}\n")
    space = {}
    code = compile((tmp_path / "own.py").read_text(), tmp_path / "own.py", "exec")
    exec(code, space)
    assert len({first, second, converted(source, space["read"])}) == 3


def test_nothing_is_kept_of_a_reader_that_fails(source):
    """The next call tries again."""
    source.write_text("one")
    for _ in range(2):
        with pytest.raises(ValueError, match="one"):
            converted(source, read)
    assert not list(models_folder().glob("*")) and calls(source) == 2


def test_two_at_once_both_get_the_whole_file(source):
    """Each makes it, and the later one takes the place of the other."""
    fork = multiprocessing.get_context("fork")
    with fork.Pool(2) as pool:
        paths = pool.starmap(converted, [(source, read)] * 4)
    assert len(set(paths)) == 1
    assert [path.name for path in models_folder().iterdir()] == [paths[0].name]


def test_an_installed_package_keeps_it_in_the_users_cache(monkeypatch, tmp_path):
    """Where there is no checkout, nothing is written beside the package."""
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert models_folder() == tmp_path / "cache/attention-book/models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert models_folder() == tmp_path / ".cache/attention-book/models"
