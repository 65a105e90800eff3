"""The environment is whole (`installed`), or said not to be, whatever the reader has set."""

import re
import shutil
import sys
import venv

import pytest


def test_it_is_made_once(made):
    """Then nothing is done and nothing said; and all of it works."""
    assert made.works()
    assert made.make() == (0, "")


def without_pip(root):
    shutil.rmtree(root / ".venv")
    venv.create(root / ".venv", with_pip=False, symlinks=True)


def python_gone(root):
    for link in (root / ".venv/bin").glob("python*"):
        link.unlink()
        link.symlink_to("/gone/python")


def folder_gone(root):
    shutil.rmtree(root / ".venv")
    (root / ".venv").symlink_to("/gone/venv")


def no_settings(root):
    (root / ".venv/pyvenv.cfg").unlink()  # its Python is then the system's


BROKEN = {f.__name__: f for f in (without_pip, python_gone, folder_gone, no_settings)}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_an_environment_that_cannot_be_used_is_made_anew(checkout, damage):
    """With a line that says so."""
    damage(checkout.root)
    status, said = checkout.make()
    assert status == 0 and "Making .venv anew: " in said, said
    assert checkout.works() and checkout.make() == (0, "")


@pytest.mark.parametrize("lost", ["lib/*/site-packages/tinier.py", "lib/*/site-packages/tiny-*"])
def test_an_installation_that_was_cut_off_is_not_taken_for_whole(checkout, lost):
    """It is made whole, or a line says what to do."""
    (checkout.root / ".venv/.ready").unlink()
    for path in (checkout.root / ".venv").glob(lost):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    status, said = checkout.make()
    if status:
        assert "The environment is broken. Remove it, and try again: rm -r .venv" in said
        assert not (checkout.root / ".venv/.ready").exists()
    else:
        assert checkout.works()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("broken", "broken cannot be imported: ImportError: a library of the system is missing"),
        ("nowhere", "The environment .venv is not complete; pip's reason stands above"),
    ],
)
def test_what_does_not_work_is_never_called_ready(checkout, name, line):
    """A library that is there and broken; one that is not to be had."""
    checkout.needs(name)
    for _ in range(2):
        status, said = checkout.make()
        assert status and line in said
        assert not (checkout.root / ".venv/.ready").exists()


def test_another_version_of_python_is_taken_where_it_is_named(checkout):
    """An environment of before is made anew for it, and kept where none is named."""
    settings = checkout.root / ".venv/pyvenv.cfg"
    settings.write_text(re.sub(r"(version\S* = )[\d.]+", r"\g<1>3.1.4", settings.read_text()))
    kept = checkout.run("make", ".venv/.ready", PYTHON=sys.executable)
    assert kept[0] == 0 and "anew" not in kept[1]
    status, said = checkout.make()
    assert status == 0 and "Making .venv anew: another version of Python is asked for" in said
    assert checkout.works() and checkout.make() == (0, "")


def test_a_folder_that_others_use_is_not_emptied(checkout, tmp_path):
    """A link to an environment that cannot be used: whose it is only the reader knows."""
    without_pip(checkout.root)
    (checkout.root / ".venv").rename(tmp_path / "shared")
    (checkout.root / ".venv").symlink_to(tmp_path / "shared")
    status, said = checkout.make()
    assert status and ".venv is not a folder of its own, and it has no pip; remove it" in said
    assert (tmp_path / "shared/bin/python").exists()


SETTINGS = {
    "pip": {
        "PIP_USER": "1",
        "PIP_NO_DEPS": "1",
        "PIP_TARGET": "elsewhere",
        "PIP_DRY_RUN": "1",
        "PIP_REQUIRE_HASHES": "1",
    },
    "Python": {
        "PYTHONHOME": "/nowhere",
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PYTHONSTARTUP": "/nowhere.py",
        "PYTHONPATH": "not-the-book",
    },
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_no_setting_of_the_reader_spoils_it(checkout, kind):
    """Of Python or of pip; where packages come from is the reader's to say, as here."""
    checkout.python = sys.executable  # nor what Python's own `venv` does, which installs pip
    checkout.write("not-the-book/grading.py", "raise SystemExit('not the book')\n")
    shutil.rmtree(checkout.root / ".venv")
    status, said = checkout.make(**SETTINGS[kind])
    assert status == 0, said
    assert checkout.works()


def test_a_settings_file_of_pip_counts_for_where_alone(checkout, tmp_path):
    """`no-deps` there is not obeyed, and the folder of archives is."""
    (tmp_path / "pip.conf").write_text(
        f"[global]\nfind-links = {checkout.archives}\n[install]\nno-deps = true\nuser = true\n"
    )
    shutil.rmtree(checkout.root / ".venv")
    status, said = checkout.make(PIP_CONFIG_FILE=str(tmp_path / "pip.conf"), PIP_FIND_LINKS="")
    assert status == 0, said
    assert checkout.works()
