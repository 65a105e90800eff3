r"""Mathematics rendered while building: the page carries HTML and MathML, and no script.

KaTeX runs in V8 (`mini-racer`), so neither node nor a network is needed to build, and no other host
to read. A formula that KaTeX cannot read is a warning with its page, its line and KaTeX's message.

Setting in conf.py: `katex_macros`, such as `{r"\softmax": r"\operatorname{softmax}"}`.
"""

from pathlib import Path

from katex import page

STATIC = Path(__file__).parent / "vendor" / "static"


def setup(app):
    app.add_config_value("katex_macros", {}, "html", dict)
    app.add_html_math_renderer("katex", (page.visit_inline, None), (page.visit_block, None))
    app.connect("builder-inited", _copy_style_sheet)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _copy_style_sheet(app):
    app.config.html_static_path.append(str(STATIC))
    app.add_css_file("katex/katex.min.css")
