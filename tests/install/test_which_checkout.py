"""What runs is the code beside the command, wherever a checkout was put."""

import pytest

import install


@pytest.mark.parametrize("name", ["a [2026], «Kurs» é", "x" * 120])
def test_a_copy_runs_its_own_code_before_and_after_make(made, tmp_path, name):
    """Also a copy of the copy, wherever it is put; the original stays as it was."""
    first = made.copied(tmp_path / name)
    assert first.works()
    assert first.make()[0] == 0
    second = first.copied(tmp_path / "again")
    assert second.works() and first.works() and made.works()
    assert first.make() == made.make() == (0, "")


def test_a_moved_checkout_works_on(checkout, tmp_path):
    """The old place is gone, and nothing asks for it."""
    checkout.root = checkout.root.rename(tmp_path / "moved")
    assert checkout.works()
    assert checkout.make()[0] == 0 and checkout.works()
    state = (checkout.root / ".venv/.ready").read_text()
    assert state.startswith(str(checkout.root))


def test_a_linked_checkout_is_the_one_that_it_links_to(made, tmp_path):
    """No environment is made again for another way to the same folder."""
    (tmp_path / "link").symlink_to(made.root)
    assert type(made)(tmp_path / "link", made.archives, made.python).make() == (0, "")


def test_a_command_that_pip_has_fixed_to_a_place_is_loosened(checkout, monkeypatch):
    """Whatever pip wrote there for this or another checkout."""
    command = checkout.root / ".venv/bin/tiny"
    body = command.read_text().split("\n", 3)[3]
    for head in (
        "#!/elsewhere/.venv/bin/python3.11\n",
        "#!/bin/sh\n'''exec' \"/else where/python\" \"$0\" \"$@\"\n' '''\n",
    ):
        command.write_text(head + body)
        monkeypatch.setattr(install, "PYTHON", checkout.root / ".venv/bin/python")
        install._loosen_commands()
        assert checkout.works()
