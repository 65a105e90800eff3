"""Questions that grade themselves in the page, without a server and without a script.

A question is a group of radio buttons; the style sheet shows the explanation of the one that is
chosen. The choices stand in a live region, so that a screen reader speaks an explanation when it
appears and not, as a description of the button would be, before the reader has answered.

Where scripts run, `questions.js` keeps the choice in the reader's browser, and `question_list`
shows all of them. A choice is kept under its question's name, which is therefore not a number: that
would be another question's as soon as one is put in before it.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from folded import fold
from numbering import numbered

VERDICTS = {True: "Yes.", False: "Not quite."}


class question(nodes.General, nodes.Element):
    """The children: question_prompt, what else is asked, choices, folded model answers."""


class question_prompt(nodes.General, nodes.TextElement):
    """Inline nodes: the number and the first paragraph."""


class choices(nodes.General, nodes.Element):
    """The choices of a question."""


class choice(nodes.General, nodes.Element):
    """`node["correct"]`; the children: a choice_title and an explanation."""


class choice_title(nodes.General, nodes.TextElement):
    """Inline nodes: one answer."""


class explanation(nodes.General, nodes.Element):
    """Why a choice is right or wrong; it begins with the verdict."""


class Question(SphinxDirective):
    """`{question}`: the prompt, then `{choice}`s, then perhaps a `{model-answer}`."""

    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012

    def run(self):
        if "name" not in self.options:
            raise self.error("question: give it a :name:, under which its answer is kept")
        name = nodes.make_id(self.options["name"])
        self._once_in_the_page(name)
        number = numbered(self.env, "question", name, self.get_location())
        self.env.temp_data["in_question"] = True
        content = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, content)
        self.env.temp_data["in_question"] = False
        answers = [node for node in content.children if isinstance(node, choice)]
        self._check(name, content, answers)
        prompt = question_prompt()
        prompt += nodes.inline("", "", number, classes=["question-number"])
        prompt += [nodes.Text(" "), *content.children[0].children]
        node = question("", prompt, name=name, ids=[name], names=[name])
        self.set_source_info(node)
        self.state.document.note_explicit_target(node)
        after = {"folded--model-answer"}
        rest = [child for child in content.children[1:] if child not in answers]
        node += [child for child in rest if not after & set(child.get("classes", []))]
        for index, answer in enumerate(answers, 1):
            answer["group"], answer["id"] = name, f"{name}-{index}"
        node += choices("", *answers)
        node += [child for child in rest if after & set(child.get("classes", []))]
        return [node]

    def _once_in_the_page(self, name):
        names = self.env.temp_data.setdefault("question_names", set())
        if name in names:
            raise self.error(f"question {name}: another question of this page has this :name:")
        names.add(name)

    def _check(self, name, content, answers):
        right = sum(answer["correct"] for answer in answers)
        if not content.children or not isinstance(content.children[0], nodes.paragraph):
            raise self.error(f"question {name}: begin with a paragraph that asks it")
        if len(answers) < 3:
            raise self.error(f"question {name}: give at least 3 choices; it has {len(answers)}")
        if right != 1:
            raise self.error(f"question {name}: mark one choice :correct:; {right} are marked")


class Choice(SphinxDirective):
    """`{choice} the answer`, with its explanation as the content; the right one is `:correct:`."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"correct": directives.flag}  # noqa: RUF012

    def run(self):
        title, correct = self.arguments[0], "correct" in self.options
        if not self.env.temp_data.get("in_question"):
            raise self.error(f"choice {title!r}: a choice stands inside a question")
        if not self.content:
            raise self.error(f"choice {title!r}: give the explanation that readers see")
        inline, messages = self.state.inline_text(title, self.lineno)
        why = explanation()
        self.state.nested_parse(self.content, self.content_offset, why)
        verdict = nodes.strong("", VERDICTS[correct], classes=["verdict"])
        if isinstance(why.children[0], nodes.paragraph):
            why.children[0].insert(0, [verdict, nodes.Text(" ")])
        else:
            why.insert(0, nodes.paragraph("", "", verdict))
        return [choice("", choice_title("", "", *inline), why, correct=correct), *messages]


class ModelAnswer(SphinxDirective):
    """`{model-answer}`: a written answer, folded."""

    has_content = True

    def run(self):
        self.assert_has_content()
        content = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, content)
        return [fold("A model answer", content.children, "model-answer")]


def _open(tag, closing=None, **attributes):
    """HTML visitors for a node that is one element."""

    def visit(self, node):
        self.body.append(self.starttag(node, tag, "", **attributes))

    def depart(self, node):
        self.body.append(closing or f"</{tag}>\n")

    return visit, depart


def visit_choice(self, node):
    kind = "choice--right" if node["correct"] else "choice--wrong"
    self.body.append(self.starttag(node, "div", CLASS=f"choice {kind}"))
    button = {"ids": [node["id"]]}
    self.body.append(self.emptytag(button, "input", type="radio", name=node["group"]))


def visit_choice_title(self, node):
    self.body.append(self.starttag(node, "label", "", **{"for": node.parent["id"]}))


def _pass(self, node):
    """Other builders than HTML write the children one after the other."""


def _visit_as_paragraph(self, node):
    self.visit_paragraph(node)


def _depart_as_paragraph(self, node):
    self.depart_paragraph(node)


def setup(app):
    app.setup_extension("folded")
    app.setup_extension("numbering")
    app.setup_extension("question_list")
    block, line = (_pass, _pass), (_visit_as_paragraph, _depart_as_paragraph)
    html = {
        question: (_open("fieldset", CLASS="question"), block),
        question_prompt: (_open("legend"), line),
        choices: (_open("div", CLASS="choices", **{"aria-live": "polite"}), block),
        choice: ((visit_choice, _open("div")[1]), block),
        choice_title: ((visit_choice_title, _open("label")[1]), line),
        explanation: (_open("div", CLASS="explanation"), block),
    }
    for node, (visitors, other) in html.items():
        others = dict.fromkeys(("latex", "text", "man", "texinfo"), other)
        app.add_node(node, html=visitors, **others)
    app.add_directive("question", Question)
    app.add_directive("choice", Choice)
    app.add_directive("model-answer", ModelAnswer)
    # raised when a node changes: doctrees of before are then read anew
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
