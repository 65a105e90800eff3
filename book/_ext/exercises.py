"""Exercises in the page: the statement, the stub, the card with the result, hints, the solution.

The cards themselves, and the tables of all exercises, are put in by `cards`.
"""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from cards import exercise_card, overview
from folded import fold
from grading.paths import ROOT, STUBS
from import_closure import defining_file
from numbering import numbered
from sources import cut, read_source

DIFFICULTY = {1: "easy", 2: "medium", 3: "hard"}


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
        minutes = self.options["minutes"]
        box = nodes.container(classes=["exercise"], ids=[f"exercise-{name}"], minutes=minutes)
        box += self._title(name, difficulty, minutes)
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
        title += numbered(self.env, "exercise", f"exercise-{name}", self.get_location())
        title += [nodes.Text(": "), nodes.literal(text=name)]
        dots = "●" * difficulty + "○" * (3 - difficulty)
        label = f'<span role="img" aria-label="{DIFFICULTY[difficulty]}">{dots}</span>'
        title += nodes.raw("", f'<span class="effort">{label} {minutes} min</span>', format="html")
        return title

    def _stub(self, path, name):
        """The learner's function as it stands in their file, whatever state that is in."""
        self.env.note_dependency(str(path))
        try:
            source = read_source(path)
        except (OSError, SyntaxError):  # the card says what is wrong
            source = ""
        label = nodes.paragraph("", "", nodes.literal(text=str(path.relative_to(ROOT))))
        code = _literal(cut(source, name) or source)
        return nodes.container("", label, code, classes=["stub"])

    def _solution(self, name):
        """The reference's source, cut from its file, never retyped."""
        try:
            path = defining_file("attention", name, ROOT)
        except ValueError as error:
            raise self.error(f"exercise {name}: {error}") from error
        self.env.note_dependency(str(path))
        return _literal(cut(read_source(path), name))


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


def setup(app):
    app.setup_extension("folded")
    app.setup_extension("cards")
    app.setup_extension("numbering")
    app.add_directive("exercise", Exercise)
    app.add_directive("hint", Hint, override=True)
    app.add_directive("progress", Overview)
    app.add_directive("exam", Overview)
    # raised when a node or what is kept of a page changes: doctrees of before are then read anew
    return {"env_version": 4, "parallel_read_safe": True, "parallel_write_safe": True}
