"""What `install` calls optional: had where it can be had, told of where it cannot."""

import pytest

NOTICE = "It is missing: "


@pytest.fixture
def elsewhere(tmp_path):
    """A folder where pip does not look yet."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


@pytest.fixture
def without(checkout, elsewhere):
    """A checkout that lists films, whose archive is elsewhere."""
    checkout.lists_too("films_data", elsewhere, "# optional: films, 3 MB. MIT")
    return checkout


def has(checkout):
    python = str(checkout.root / ".venv/bin/python")
    return checkout.run(python, "-m", "pip", "show", "-q", "films_data")[0] == 0


def test_what_cannot_be_had_is_told_and_all_else_works(without):
    """Its name, its size, pip's reason, and how to get it."""
    status, said = without.make()
    assert status == 0 and without.works() and not has(without)
    for words in ("films, 3 MB", NOTICE, "No matching distribution", "films_data-1.0-py3-none"):
        assert words in said


def test_the_next_make_tries_that_alone_again(without, elsewhere):
    """And once it is there, nothing."""
    without.make()
    status, said = without.make()
    assert status == 0 and NOTICE in said and "up to date" not in said
    status, said = without.make(PIP_FIND_LINKS=f"{without.archives} {elsewhere}")
    assert status == 0 and has(without) and NOTICE not in said and "up to date" not in said
    assert without.make() == (0, "")


def test_who_asks_for_a_grade_does_not_wait_for_it(without):
    """It is not tried and not told again."""
    without.make()
    assert without.make(AS_IT_IS="--as-it-is") == (0, "")


def test_another_archive_of_that_name_is_refused(without, elsewhere):
    """Its hash is not the one that is listed."""
    archive = elsewhere / "films_data-1.0-py3-none-any.whl"
    archive.write_bytes(archive.read_bytes() + b"more")
    status, said = without.make(PIP_FIND_LINKS=f"{without.archives} {elsewhere}")
    assert status == 0 and NOTICE in said and "HASHES" in said.upper() and not has(without)
