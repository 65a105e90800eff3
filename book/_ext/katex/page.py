"""Writes formulas into the page."""

import re
from html import escape, unescape

from docutils import nodes
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from katex.renderer import FormulaError, render
from katex.tex import displayed

logger = logging.getLogger(__name__)

PHONE = 28  # letters of a formula that surely fit beside each other on a phone
TAG = re.compile(r"<[^>]*>")
REACHABLE = ' tabindex="0" role="group" aria-label="A wide formula; it scrolls sideways"'


def visit_inline(self, node):
    self.body.append(f'<span class="formula">{_rendered(self, node, node.astext(), False)}</span>')
    raise nodes.SkipNode


def visit_block(self, node):
    # the start tag carries the id that references point at
    self.body.append(self.starttag(node, "div", CLASS="formula-block"))
    html = _rendered(self, node, displayed(node.astext()), True)
    # What can scroll has to be reachable by keyboard; what cannot is no place to stop.
    reachable = REACHABLE if _letters(html) > PHONE else ""
    self.body.append(f'<div class="formula-scroll"{reachable}>{html}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _rendered(self, node, tex, display):
    macros = tuple(sorted(self.config.katex_macros.items()))
    try:
        return render(tex.strip(), display, macros)
    except FormulaError as error:
        logger.warning(
            "KaTeX cannot read the formula %s: %s", tex, error, location=node, type="katex"
        )
        return f'<code class="formula-error" title="{escape(str(error))}">{escape(tex)}</code>'


def _letters(html):
    """About how many letters the formula shows, all its lines together."""
    shown = html.partition('class="katex-html"')[2]
    return len(re.sub(r"\s", "", unescape(TAG.sub("", shown.partition(">")[2]))))
