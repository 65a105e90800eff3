"""Draws the card of an exercise as HTML: one template for the built page and the live one.

Text from a submission reaches the page only through this template, which escapes all of it.
"""

import re

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape


def _slug(text):
    return re.sub(r"\W+", "-", text)


def _command(sentence):
    """A sentence whose `make …` part is set as code."""
    before, make, command = sentence.partition("make ")
    return escape(before) + Markup("<code>{}</code>").format(make + command) if make else sentence


_templates = Environment(
    loader=PackageLoader("grading", "."), autoescape=select_autoescape(), trim_blocks=False
)
_templates.filters |= {"slug": _slug, "command": _command}


def html(exercise, running=None):
    """The card of one `results.Exercise`; while it is being graded, `running` says so."""
    return _templates.get_template("card.html").render(exercise=exercise, running=running)


def progress(exercises, pages):
    """The table of all exercises; `pages` is {exercise's name: address of its page}."""
    template = _templates.get_template("progress.html")
    return template.render(exercises=list(exercises), pages=pages)
