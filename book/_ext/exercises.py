"""Exercises in the page: the statement, the stub, the card with the result, hints, the solution.

The directive leaves a placeholder where the card goes, and a post-transform fills it while the
page is written. A new grading therefore rewrites the pages that show it and re-reads none.
"""

import hashlib
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from folded import fold
from grading import card, exam, results_file
from grading.paths import RESULTS, ROOT, STUBS
from grading.reset import segment
from import_closure import defining_file

logger = logging.getLogger(__name__)
DIFFICULTY = {1: "easy", 2: "medium", 3: "hard"}


class exercise_card(nodes.General, nodes.Element):
    """Stands for the card of `node["exercise"]`."""


class overview(nodes.General, nodes.Element):
    """Stands for a table over all exercises: `node["kind"]` is "progress" or "exam"."""


class Exercise(SphinxDirective):
    """`{exercise} name`: the content is the statement, with `{hint}` directives at its end."""

    required_arguments = 1
    has_content = True
    option_spec = {"difficulty": int, "minutes": directives.positive_int}  # noqa: RUF012

    def run(self):
        name = self.arguments[0]
        stub = STUBS / f"{Path(self.env.docname).name}.py"
        difficulty = self.options.get("difficulty")
        if difficulty not in DIFFICULTY or "minutes" not in self.options:
            raise self.error(f"exercise {name}: give :difficulty: 1, 2 or 3 and :minutes:")
        box = nodes.container(classes=["exercise"], ids=[f"exercise-{name}"])
        box += self._title(name, difficulty, self.options["minutes"])
        content = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, content)
        hints = [node for node in content.children if "hint" in node.get("classes", [])]
        box += [node for node in content.children if node not in hints]
        box += self._stub(stub, name)
        box += exercise_card(exercise=name)
        for number, hint in enumerate(hints, 1):
            box += fold(f"Hint {number} of {len(hints)}", hint.children, "hint")
        box += fold("Solution", [self._solution(name)], "solution")
        self.env.metadata[self.env.docname].setdefault("exercises", []).append(name)
        return [box]

    def _title(self, name, difficulty, minutes):
        title = nodes.rubric(classes=["exercise-title"], **{"heading-level": 3})
        title += [nodes.Text("Exercise: "), nodes.literal(text=name)]
        dots = "●" * difficulty + "○" * (3 - difficulty)
        label = f'<span role="img" aria-label="{DIFFICULTY[difficulty]}">{dots}</span>'
        title += nodes.raw("", f'<span class="effort">{label} {minutes} min</span>', format="html")
        return title

    def _stub(self, path, name):
        """The learner's function as it stands in their file, whatever state that is in."""
        self.env.note_dependency(str(path))
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):  # the card says what is wrong
            source = ""
        label = nodes.paragraph("", "", nodes.literal(text=str(path.relative_to(ROOT))))
        code = _literal(_cut(source, name) or source)
        return nodes.container("", label, code, classes=["stub"])

    def _solution(self, name):
        """The reference's source, cut from its file, never retyped."""
        try:
            path = defining_file("attention", name, ROOT)
        except ValueError as error:
            raise self.error(f"exercise {name}: {error}") from error
        self.env.note_dependency(str(path))
        return _literal(_cut(path.read_text(encoding="utf-8"), name))


def _cut(source, name):
    """The source of one top-level function or class; None if there is none, or no Python."""
    place = segment(source, name)
    return place and "\n".join(source.splitlines()[slice(*place)])


def _literal(source):
    return nodes.literal_block(source, source, language="python")


class Hint(SphinxDirective):
    """`{hint}` inside `{exercise}`: folded, numbered by the exercise."""

    has_content = True

    def run(self):
        hint = nodes.container(classes=["hint"])
        self.state.nested_parse(self.content, self.content_offset, hint)
        return [hint]


class Overview(SphinxDirective):
    """`{progress}`: every exercise with its state. `{exam}`: the grader's exam."""

    def run(self):
        self.env.metadata[self.env.docname].setdefault("overviews", []).append(self.name)
        return [overview(kind=self.name)]


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
            pages = {
                name: self.app.builder.get_relative_uri(self.env.docname, page)
                for page, data in self.env.metadata.items()
                for name in data.get("exercises", [])
            }
            table = OVERVIEWS[placeholder["kind"]](graded, pages)
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


OVERVIEWS = {
    "progress": lambda graded, pages: card.progress(graded.values(), pages),
    "exam": lambda graded, pages: card.exam(exam.held()),
}


def pages_to_rewrite(app, env):
    """The pages whose cards or tables differ from those they were last written with."""
    graded = _graded()
    stale = set()
    for page, data in env.metadata.items():
        drawn = {
            name: card.html(graded[name]) for name in data.get("exercises", []) if name in graded
        }
        drawn |= {kind: OVERVIEWS[kind](graded, {}) for kind in data.get("overviews", [])}
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
    app.setup_extension("folded")
    app.add_node(exercise_card)
    app.add_node(overview)
    app.add_directive("exercise", Exercise)
    app.add_directive("hint", Hint, override=True)
    app.add_directive("progress", Overview)
    app.add_directive("exam", Overview)
    app.add_post_transform(FillCards)
    app.connect("env-updated", pages_to_rewrite)
    # raised when a node or what is kept of a page changes: doctrees of before are then read anew
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
