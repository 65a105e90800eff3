"""Which Pythons, and which versions of everything else."""

import re
import tomllib
from importlib.metadata import distributions

import pytest

import install
from grading.paths import ROOT


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_a_python_that_was_not_tried_is_refused_in_a_sentence(monkeypatch, version):
    """Before anything is removed or made."""
    monkeypatch.setattr(install.sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"was tried with Python 3\.11 to 3\.13; .* make PYTHON="):
        install._make_anew("it is missing")


def test_the_range_of_pythons_is_said_once_more_and_the_same():
    """For pip, which reads pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (_, oldest), (major, after) = install.OLDEST, (install.NEWEST[0], install.NEWEST[1] + 1)
    assert project["requires-python"] == f">={major}.{oldest},<{major}.{after}"


def test_no_version_is_left_to_chance():
    """All that is installed is pinned, but for what torch itself pins or is made of."""
    pinned = set(re.findall(r"^([\w.-]+)==", install.CONSTRAINTS.read_text(), re.MULTILINE))
    pinned |= set(re.findall(r"^([\w.-]+)==", install.DATA.read_text(), re.MULTILINE))
    plain = {re.sub(r"[-_.]+", "-", name).lower() for name in pinned}
    found = {re.sub(r"[-_.]+", "-", each.name).lower() for each in distributions()}
    others = re.compile(r"pip|triton|nvidia-.*|cuda-.*|attention-book")
    assert {name for name in found - plain if not others.fullmatch(name)} == set()
