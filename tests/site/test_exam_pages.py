"""The exam of the grader in the site: a table of all exercises, and a page for each chapter."""

import os
from types import SimpleNamespace

import pytest
from docutils import nodes

import exam_pages
from built import parsed
from grading import exam

HELD = exam.held()


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("stem", HELD)
def test_a_chapters_page_tells_every_mistake_and_what_is_said_to_it(stem):
    """A summary to open for each, with the words that its learner reads."""
    page = parsed(exam_pages.name(stem))
    told = [squeezed(summary.get_text()) for summary in page.select(".exam summary")]
    for outcome in HELD[stem]["outcomes"]:
        if outcome["caught_by"]:
            assert any(line.startswith(squeezed(outcome["what"])) for line in told), outcome["what"]


def test_the_table_counts_every_known_mistake_and_leads_to_it():
    """Each row names an exercise, and its link ends at the section about it."""
    rows = parsed("grader_exam").select(".exam-totals tbody tr")
    mistakes = sum(bool(o["caught_by"]) for c in HELD.values() for o in c["outcomes"])
    assert sum(int(row.select("td")[0].text) for row in rows) == mistakes > 700
    for row in rows:
        page, section = row.select_one("a")["href"].split("#")
        heading = parsed(page.removesuffix(".html")).find(id=section).h2
        assert heading.text == row.select_one("a").text


@pytest.fixture
def app(tmp_path):
    """A site whose table was written after `exam_old`, and before `exam_new`."""
    for time, page in enumerate(("exam_old", "table", "exam_new")):
        (tmp_path / page).touch()
        os.utime(tmp_path / page, (time, time))
    titles = {page: nodes.title("", page) for page in ("table", "old", "new", "none_yet")}
    builder = SimpleNamespace(
        get_outfilename=lambda page: tmp_path / page, get_relative_uri=lambda page, to: to
    )
    metadata = {page: {"exercises": ["it"]} for page in ("old", "new", "none_yet", "not_held")}
    metadata["table"] = {"overviews": ["exam"]}
    env = SimpleNamespace(metadata=metadata, titles=titles)
    return SimpleNamespace(builder=builder, env=env)


def test_what_is_older_than_the_table_is_written_anew(app, monkeypatch):
    """The table is written when the exam, its drawing, or the site's frame has changed."""
    chapters = ("old", "new", "none_yet", "of_no_page")
    held = {stem: {"inputs": "", "outcomes": []} for stem in chapters}
    monkeypatch.setattr(exam, "held", lambda: held)
    assert [page for page, *_ in exam_pages.collect(app)] == ["exam_old", "exam_none_yet"]
