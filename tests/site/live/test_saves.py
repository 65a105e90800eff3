"""A save of an answer changes the card in the open page, whatever was saved and however."""

import os
import signal
import time

from playwright.sync_api import expect


def test_card_follows_every_save_without_a_reload(page, stub, answers, becomes):
    """Wrong, crashing, endless and right answers each show in place."""
    becomes(page, "not-started")
    place = page.evaluate("scrollY")
    stub.write_text(answers.wrong_axis)
    becomes(page, "failed")
    expect(page.locator(f"{answers.card} .diagnosis")).to_contain_text("sum of a row of weights")
    expect(page.locator(f"{answers.card} table.map").first).to_be_visible()
    stub.write_text(answers.crash)
    becomes(page, "crashed")
    stub.write_text(answers.loop)
    becomes(page, "running")
    stub.write_text(answers.right)  # in the middle of a grading
    becomes(page, "passed")
    assert page.evaluate("window.neverReloaded && scrollY") == place


def test_save_by_renaming_is_noticed(page, stub, answers, becomes):
    """Many editors write another file and rename it."""
    draft = stub.with_name(".soft_lookup.py.swp")
    draft.write_text(answers.right)
    draft.rename(stub)
    becomes(page, "passed")


def test_last_of_two_quick_saves_counts(page, stub, answers, becomes):
    """Fifty milliseconds apart, or half of the file first."""
    stub.write_text(answers.wrong_axis)
    time.sleep(0.03)
    stub.write_text(answers.right)
    becomes(page, "passed")
    stub.write_text(answers.right[: len(answers.right) // 2] + "(")
    becomes(page, "error")
    stub.write_text(answers.right)
    becomes(page, "passed")


def test_save_behind_a_link_is_noticed(page, stub, tmp_path, answers, becomes):
    """Who keeps answers in a repository of their own links to them."""
    mine = tmp_path / "mine.py"
    mine.write_text(answers.wrong_axis)
    stub.unlink()
    stub.symlink_to(mine)
    becomes(page, "failed")
    mine.write_text(answers.right)
    becomes(page, "passed")


def test_grader_that_dies_is_started_again(page, stub, live, answers, becomes):
    """A save after the warm process was killed is graded all the same."""
    stub.write_text(answers.wrong_axis)
    becomes(page, "failed")
    (grader,) = live.helpers("grading.warm")
    os.kill(grader, signal.SIGKILL)
    stub.write_text(answers.right)
    becomes(page, "passed")
