"""Puts the newest results where the pages have left a place for them.

`exercises` leaves placeholder nodes, and a post-transform fills them while the page is written. A
new grading therefore rewrites the pages that show it and re-reads none.
"""

import hashlib

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

import exam_pages
from grading import card, exam, holes_file, results_file
from grading.paths import EXAM, GRADER, HOLES, RESULTS, SAME_FUNCTION
from import_closure import digest

logger = logging.getLogger(__name__)


class exercise_card(nodes.General, nodes.Element):
    """Stands for the card of `node["exercise"]`."""


class overview(nodes.General, nodes.Element):
    """Stands for a table over all exercises: `node["kind"]` is "progress" or "exam"."""


class FillCards(SphinxPostTransform):
    """Puts the newest results where the placeholders stand."""

    default_priority = 50

    def run(self, **kwargs):
        graded = _graded()
        for placeholder in self.document.findall(exercise_card):
            exercise = graded.get(placeholder["exercise"])
            if exercise is None:
                self._complain(placeholder, graded)
                continue
            placeholder.replace_self(nodes.raw("", card.html(exercise), format="html"))
        for placeholder in self.document.findall(overview):
            table = OVERVIEWS[placeholder["kind"]](self, graded)
            placeholder.replace_self(nodes.raw("", table, format="html"))

    def _complain(self, placeholder, graded):
        name = placeholder["exercise"]
        remedy = (
            f"the graded exercises are {', '.join(graded)}"
            if graded
            else "grade first: python -m grading --brief"
        )
        logger.warning("exercise %s has no result: %s", name, remedy, location=placeholder)
        placeholder.replace_self(nodes.paragraph("", "This exercise has not been graded."))

    def progress(self, graded):
        pages = {
            name: self._address(page)
            for page, data in self.env.metadata.items()
            for name in data.get("exercises", [])
        }
        return card.progress(graded.values(), pages)

    def exam(self, graded):
        chapters = exam.held()
        pages = {stem: self._address(exam_pages.name(stem)) for stem in chapters}
        return card.exam(chapters, holes_file.counts(holes_file.read()), pages)

    def _address(self, page):
        return self.app.builder.get_relative_uri(self.env.docname, page)


OVERVIEWS = {"progress": FillCards.progress, "exam": FillCards.exam}

SHOWN = {
    "progress": lambda graded: card.progress(graded.values(), {}),
    # drawing hundreds of answers takes longer than all else that is asked here
    "exam": lambda graded: digest(
        p for p in (EXAM, HOLES, SAME_FUNCTION, *GRADER.glob("*.*")) if p.is_file()
    ),
}
"""What tells whether a table has changed."""


def pages_to_rewrite(app, env):
    """The pages whose cards or tables differ from those they were last written with."""
    graded = _graded()
    stale = set()
    for page, data in env.metadata.items():
        drawn = {
            name: card.html(graded[name]) for name in data.get("exercises", []) if name in graded
        }
        drawn |= {kind: SHOWN[kind](graded) for kind in data.get("overviews", [])}
        now = {name: hashlib.sha256(html.encode()).hexdigest() for name, html in drawn.items()}
        if data.get("drawn", {}) != now:
            data["drawn"] = now
            stale.add(page)
    return sorted(stale)


def _graded():
    """{name: results.Exercise} of the last grading; empty before the first."""
    try:
        exercises, _ = results_file.read(RESULTS)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ExtensionError(str(error)) from error
    return {exercise.name: exercise for exercise in exercises}


def setup(app):
    app.add_node(exercise_card)
    app.add_node(overview)
    app.add_post_transform(FillCards)
    app.connect("env-updated", pages_to_rewrite)
    app.connect("html-collect-pages", exam_pages.collect)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
