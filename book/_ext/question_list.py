"""The list of all questions by chapter; `questions.js` writes beside each what the reader chose.

The list is drawn while its page is written, from what is kept of each page that has been read. So a
new question rewrites the list's page and does not read it again.
"""

from textwrap import shorten

from docutils import nodes
from jinja2 import Environment
from sphinx.util.docutils import SphinxDirective

from questions import choice, question

#: Without a script, or where the browser keeps nothing, only what is not `when-kept` shows.
TEMPLATE = Environment(autoescape=True, trim_blocks=True).from_string("""\
<div class="question-list">
<p class="not-kept">Your answers show here if scripts run and the browser keeps them.</p>
<div class="pst-scrollable-table-container">
<table class="progress">
<thead><tr><th scope="col">Question</th><th scope="col" class="when-kept">State</th></tr></thead>
{% for title, questions in chapters %}
<tbody>
<tr><th scope="rowgroup">{{ title }}</th><td class="when-kept"><span class="right-answers">0\
</span> of {{ questions | length }} right</td></tr>
{% for question in questions %}
<tr data-question="{{ question.name }}" data-right="{{ question.right }}">\
<td><a href="{{ address(question) }}">{{ question.title }}</a> {{ question.prompt }}</td>\
<td class="when-kept"><span class="card-state">not answered</span></td></tr>
{% endfor %}
</tbody>
{% endfor %}
<tfoot><tr><th scope="row">All</th><td class="when-kept"><span class="right-answers">0</span> of \
{{ chapters | sum(attribute="1", start=[]) | length }} right</td></tr></tfoot>
</table>
</div>
<div class="when-kept">
<button type="button" class="forget">Forget my answers</button> <span role="status"></span>
<dialog aria-labelledby="forget-answers"><form method="dialog">
<p id="forget-answers">Forget your answers to all questions? Nothing brings them back.</p>
<button autofocus>Keep them</button> <button class="forget-all">Forget them</button>
</form></dialog>
</div>
</div>
""")


class question_list(nodes.General, nodes.Element):
    """Stands for the list, which is drawn while its page is written."""


class QuestionList(SphinxDirective):
    """`{question-list}`: every question with the state of the reader's answer."""

    def run(self):
        self.env.metadata[self.env.docname]["question_list"] = []  # not written yet
        return [question_list()]


def collect(app, doctree):
    """Keep of each question how it begins, and which choice is right, counted from 1."""
    noted = {}
    for node in doctree.findall(question):
        right = [answer["correct"] for answer in node.findall(choice)].index(True) + 1
        begins = shorten(node[0].astext(), 100, placeholder=" …")
        noted[node["name"]] = {"prompt": begins, "right": right}
    if noted:
        app.env.metadata[app.env.docname]["questions"] = noted


def visit_html(self, node):
    def address(question):
        page = self.builder.get_relative_uri(self.builder.current_docname, question["page"])
        return f"{page}#{question['name']}"

    self.body.append(TEMPLATE.render(chapters=_chapters(self.builder.env), address=address))
    raise nodes.SkipNode


def _skip(self, node):
    """Only in a browser is there anything to show."""
    raise nodes.SkipNode


def _chapters(env):
    """[(title, questions)] in the order of the chapters, then of other pages that have some."""
    domain = env.get_domain("numbering")
    numbers = domain.chapters()
    pages = [page for page, data in env.metadata.items() if data.get("questions")]
    chapters = []
    for page in sorted(pages, key=lambda page: (numbers.get(page, len(env.all_docs)), page)):
        number = f"{numbers[page]}{env.config.html_secnumber_suffix}" if page in numbers else ""
        questions = [
            {"page": page, "name": name, "title": domain.title(name), **noted}
            for name, noted in env.metadata[page]["questions"].items()
        ]
        chapters.append((number + env.titles[page].astext(), questions))
    return chapters


def pages_to_rewrite(app, env):
    """The pages whose list differs from that with which they were last written."""
    now = _chapters(env)
    stale = [page for page, data in env.metadata.items() if data.get("question_list", now) != now]
    for page in stale:
        env.metadata[page]["question_list"] = now
    return stale


def setup(app):
    app.setup_extension("numbering")
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (_skip, None))
    app.add_node(question_list, html=(visit_html, None), **others)
    app.add_directive("question-list", QuestionList)
    app.connect("doctree-read", collect)
    app.connect("env-updated", pages_to_rewrite)
    # raised when a node or what is kept of a page changes: doctrees of before are then read anew
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
