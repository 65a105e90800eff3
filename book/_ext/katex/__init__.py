r"""Mathematics rendered while building: the page carries HTML and MathML, and no script.

KaTeX comes with a package (`files`) and runs in V8 (`mini-racer`), so neither node nor a network is
needed to build, and no other host to read. A formula that KaTeX cannot read is a warning with its
page, its line and KaTeX's message.

Setting in conf.py: `katex_macros`, such as `{r"\softmax": r"\operatorname{softmax}"}`.
"""

from pathlib import Path

from sphinx.errors import ExtensionError

from katex import files, page


def setup(app):
    app.add_config_value("katex_macros", {}, "html", dict)
    app.add_config_value("katex_release", files.release(), "html", str)
    app.add_html_math_renderer("katex", (page.visit_inline, None), (page.visit_block, None))
    app.connect("builder-inited", _bring)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _bring(app):
    """Have all of KaTeX's files at hand, or say before any page is read what is wrong with them."""
    if app.builder.format != "html":
        return
    try:
        files.find("katex.min.js")
        files.copy(Path(app.outdir) / "_static" / "katex")
    except (OSError, ValueError) as error:
        raise ExtensionError(f"formulas cannot be set: {error}") from None
    app.add_css_file("katex/katex.min.css")
