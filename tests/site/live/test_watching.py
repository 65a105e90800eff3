"""The watcher notices every save, whatever the system tells of it, and outlives every failure."""

import asyncio
import os

import pytest
from anyio.from_thread import start_blocking_portal

from live import watching
from live.watching import Watcher


@pytest.fixture
def folder(tmp_path):
    """What is watched: a file, and another that stands elsewhere behind a link."""
    watched = tmp_path / "watched"
    for place in (watched, tmp_path / "elsewhere"):
        place.mkdir()
        (place / "answer.py").write_text("0")
    return watched


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A look ten times a second."""
    monkeypatch.setattr(watching, "EVERY", 0.1)


@pytest.fixture
def deaf(monkeypatch):
    """A system that tells nothing: its notifiers are used up."""

    async def awatch(*places, **options):
        raise OSError("Too many open files")
        yield

    monkeypatch.setattr(watching.watchfiles, "awatch", awatch)


def follow(folder, story, saved=None):
    """Run a story beside a watcher; what it is given waits for the next files that are told of.

    Returns the sentences on what has failed.
    """
    failed = []

    async def run():
        told = asyncio.Queue()

        def hear(paths):
            (saved or (lambda paths: None))(paths)
            told.put_nowait({os.path.relpath(path, folder) for path in paths})

        watcher = Watcher([folder], hear, failed.append)
        watching_on = asyncio.create_task(watcher.run())
        await story(told.get, failed)
        watching_on.cancel()
        await asyncio.gather(watching_on, return_exceptions=True)
        assert told.empty(), "a save was told twice"

    with start_blocking_portal() as loop:  # a browser leaves one in this thread
        loop.call(run)
    return failed


def rewritten(folder):
    (folder / "answer.py").write_text("1")


def renamed(folder):
    draft = folder / ".answer.py.swp"
    draft.write_text("1")
    draft.rename(folder / "answer.py")


def removed(folder):
    (folder / "answer.py").unlink()


def saved_within_the_same_second(folder):
    file = folder / "answer.py"
    seconds = os.stat(file).st_mtime_ns // 10**9 * 10**9
    file.write_text("1")
    os.utime(file, ns=(seconds + 1, seconds + 1))


WAYS = [rewritten, renamed, removed, saved_within_the_same_second]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("told_by", ["the system", "a look"])
def test_save_is_told_once(folder, way, told_by, monkeypatch, request):
    """By the system, or by a look alone."""
    if told_by == "a look":
        request.getfixturevalue("deaf")

    async def story(told, failed):
        way(folder)
        assert await told() == {"answer.py"}
        await asyncio.sleep(0.5)  # some looks later, still once

    assert len(follow(folder, story)) == (told_by == "a look")


def test_system_tells_before_any_look(folder, monkeypatch):
    """A reader does not wait for the next look."""
    monkeypatch.setattr(watching, "EVERY", 3600)

    async def story(told, failed):
        next_one = asyncio.create_task(told())
        while not next_one.done():  # the system may not listen yet
            renamed(folder)
            await asyncio.sleep(0.5)
        assert next_one.result() == {"answer.py"}

    assert follow(folder, story) == []


def to_a_file(folder):
    (folder / "linked.py").symlink_to(folder.parent / "elsewhere" / "answer.py")
    return "linked.py"


def through_another_link(folder):
    (folder.parent / "between.py").symlink_to(folder.parent / "elsewhere" / "answer.py")
    (folder / "linked.py").symlink_to(folder.parent / "between.py")
    return "linked.py"


def to_a_folder(folder):
    (folder / "mine").symlink_to(folder.parent / "elsewhere")
    return "mine/answer.py"


def beside_a_circle(folder):
    (folder / "round").symlink_to(folder.parent)
    (folder / "itself.py").symlink_to("itself.py")
    return to_a_file(folder)


LINKS = [to_a_file, through_another_link, to_a_folder, beside_a_circle]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("link", LINKS)
def test_save_behind_a_link_is_told(folder, link, way):
    """An answer may stand in a repository of the reader's own."""
    name = link(folder)

    async def story(told, failed):
        way(folder.parent / "elsewhere")
        assert name in await told()

    assert follow(folder, story) == []


def test_link_that_leads_elsewhere_now_is_told(folder):
    """And so is one whose target comes into being."""
    (folder / "linked.py").symlink_to(folder.parent / "later.py")

    async def story(told, failed):
        (folder.parent / "later.py").write_text("1")
        assert await told() == {"linked.py"}
        (folder / "linked.py").unlink()
        (folder / "linked.py").symlink_to(folder.parent / "elsewhere" / "answer.py")
        assert await told() == {"linked.py"}

    follow(folder, story)


def test_what_editors_leave_is_no_save(folder):
    """Drafts, copies and locks."""

    async def story(told, failed):
        for name in ("answer.py~", "#answer.py#", "4913", ".answer.py.swp", ".#answer.py", "a.pyc"):
            (folder / name).write_text("1")
        rewritten(folder)
        assert await told() == {"answer.py"}

    follow(folder, story)


def test_deaf_system_is_told_of_in_one_sentence(folder, deaf):
    """What is not watched, why, and what follows."""

    async def story(told, failed):
        for text in ("1", "2"):
            (folder / "answer.py").write_text(text)
            await told()

    (said,) = follow(folder, story)
    assert said.count("\n") == 0 and "Too many open files" in said and "watched" in said


def test_failure_of_what_follows_a_save_is_told(folder):
    """The next save is told as ever."""
    failures = iter([ZeroDivisionError("of the test")])

    def saved(paths):
        for failure in failures:
            raise failure

    async def story(told, failed):
        rewritten(folder)
        while not failed:
            await asyncio.sleep(0.05)
        removed(folder)
        await told()

    (said,) = follow(folder, story, saved)
    assert "ZeroDivisionError: of the test" in said and "answer.py" in said
    assert "test_watching.py:" in said


def test_look_that_fails_is_told_once(folder, deaf, monkeypatch):
    """Not every second, and looking goes on."""
    stamps, failures = watching.stamps, iter([MemoryError("of the test")] * 3)

    async def story(told, failed):
        def failing(places):
            for failure in failures:
                raise failure
            return stamps(places)

        monkeypatch.setattr(watching, "stamps", failing)
        rewritten(folder)
        await told()

    said = [sentence for sentence in follow(folder, story) if "of the test" in sentence]
    assert len(said) == 1
