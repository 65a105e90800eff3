"""The pages of the grader's exam, one a chapter: all mistakes on one were too much for a phone.

They have no source of their own: `collect` draws them from the exam's outcome, whenever the page
that has the table of all, and leads to them, was written.
"""

from pathlib import Path

from markupsafe import escape

from grading import card, exam, holes_file


def name(stem):
    """The page of a chapter's exam."""
    return f"exam_{stem}"


def collect(app):
    """Yields (name, context, template) of the pages that are older than the one with the table."""
    kept = app.env.metadata.items()
    for table in [page for page, data in kept if "exam" in data.get("overviews", [])]:
        stems = [page for page, data in kept if data.get("exercises")]
        stale = [stem for stem in stems if _written(app, name(stem)) < _written(app, table)]
        if not stale:  # as after most edits: then nothing is read
            continue
        held, machine_made = exam.held(), holes_file.counts(holes_file.read())
        for stem in stale:
            if stem in held:
                context = _context(app, table, stem, held[stem], machine_made)
                yield name(stem), context, "page.html"


def _context(app, table, stem, chapter, machine_made):
    overview, chapter_title = (escape(app.env.titles[page].astext()) for page in (table, stem))
    title = f"{overview}: {chapter_title}"
    back = app.builder.get_relative_uri(name(stem), table)
    body = (
        f'<h1>{title}</h1><p>One chapter of the exam. <a href="{back}">{overview}</a> says what '
        "it is, and has the table of all.</p>" + card.exam_of(chapter, machine_made)
    )
    return {"title": title, "body": body, "parents": [{"link": back, "title": overview}]}


def _written(app, page):
    """When a page was written last; 0 if it never was."""
    path = Path(app.builder.get_outfilename(page))
    return path.stat().st_mtime_ns if path.exists() else 0
