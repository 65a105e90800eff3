"""Draws the card of an exercise as HTML: one template for the built page and the live one.

Text from a submission reaches the page only through this template, which escapes all of it.
"""

import re

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape

from grading import html_pictures, results, results_file


def _slug(text):
    return re.sub(r"\W+", "-", text)


def _command(sentence):
    """A sentence that ends in a command, which is set as code."""
    before, run, command = sentence.partition(", then run: ")
    return escape(before + run) + Markup("<code>{}</code>").format(command) if run else sentence


_templates = Environment(
    loader=PackageLoader("grading", "."), autoescape=select_autoescape(), trim_blocks=False
)
_templates.filters |= {"slug": _slug, "command": _command, **html_pictures.FILTERS}


def html(exercise, running=None):
    """The card of one `results.Exercise`; while it is being graded, `running` says so."""
    return _templates.get_template("card.html").render(exercise=exercise, running=running)


def exam(chapters, machine_made, pages):
    """The table of all exercises: how many mistakes each is asked to catch, and how many it does.

    Args:
        chapters: as `grading.exam.held` returns them.
        machine_made: {exercise's name: its `holes_file.Counts`}.
        pages: {chapter's stem: address of the page that shows its part of the exam}.
    """
    known = {stem: _by_exercise(chapter["outcomes"]) for stem, chapter in chapters.items()}
    template = _templates.get_template("exam.html")
    return template.render(chapters=known, machine_made=machine_made, pages=pages)


def exam_of(chapter, machine_made):
    """One chapter's part of the exam: each known mistake, and what is said to it."""
    template = _templates.get_template("exam_chapter.html")
    return template.render(chapter=_by_exercise(chapter["outcomes"]), machine_made=machine_made)


def _by_exercise(outcomes):
    """[(exercise's name, its outcomes with the check that a learner reads)], in order."""
    found = {}
    for outcome in outcomes:
        diagnosis = results_file.from_record(outcome["exercise"]).diagnosis
        found.setdefault(outcome["exercise"]["name"], []).append(
            outcome
            | {
                "caught": bool(diagnosis and diagnosis.name == outcome["caught_by"]),
                "crashed": bool(diagnosis and diagnosis.state == results.ERROR),
                "observed": diagnosis,
            }
        )
    return list(found.items())


def progress(exercises, pages):
    """The table of all exercises; `pages` is {exercise's name: address of its page}."""
    template = _templates.get_template("progress.html")
    return template.render(exercises=list(exercises), pages=pages)
