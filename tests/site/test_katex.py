"""Formulas: rendered while building, numbered like their references, and mistakes are found."""

import io
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from katex import files

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"
CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["katex", "myst_parser"]
myst_enable_extensions = ["dollarmath", "amsmath"]
katex_macros = {{r"\\softmax": r"\\operatorname{{softmax}}"}}
html_theme = "basic"
"""
PAGE = r"""
# A page

Inline $\softmax(x_i) < 1$.

$$
a = b
$$ (first)

$$
\sum_i c_i = d
$$ (second)

See {eq}`second`.
"""


@pytest.fixture
def build(tmp_path):
    """Returns a function that builds pages and gives back (pages as soup, warnings, output)."""

    def run(parallel=1, **pages):
        source, out = tmp_path / "source", tmp_path / "out"
        source.mkdir(exist_ok=True)
        for name, text in {"conf.py": CONF, **{f"{p}.md": pages[p] for p in pages}}.items():
            if not (source / name).exists():
                (source / name).write_text(text)
        warnings = io.StringIO()
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                source, source, out, out / ".doctrees", "html",
                status=None, warning=warnings, parallel=parallel,
            )  # fmt: skip
            app.build()
        soups = {
            name: BeautifulSoup((out / f"{name}.html").read_text(), "html.parser") for name in pages
        }
        found = re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())
        return soups, found, out

    return run


def tex_of(formula):
    return formula.find("annotation", encoding="application/x-tex").text


def test_a_formula_is_html_for_the_eye_and_mathml_for_the_ear(build):
    pages, warnings, _ = build(index=PAGE)
    inline = pages["index"].find(class_="formula")
    assert not warnings
    assert inline.find("math") and inline.find(class_="katex-html")["aria-hidden"] == "true"
    assert tex_of(inline) == r"\softmax(x_i) < 1"
    assert "softmax" in inline.find(class_="katex-html").text


def test_numbers_agree_with_references(build):
    pages, _, _ = build(index=PAGE)
    numbers = [number.contents[0] for number in pages["index"].find_all(class_="eqno")]
    reference = pages["index"].find("a", class_="reference", href="#equation-second")
    assert numbers == ["(1)", "(2)"]
    assert reference.text == "(2)"
    assert pages["index"].find(id="equation-second").find(class_="eqno").contents[0] == "(2)"


def test_the_site_carries_fonts_and_style_sheet_but_no_script(build):
    _, _, out = build(index=PAGE)
    carried = {path.suffix for path in (out / "_static/katex").rglob("*") if path.is_file()}
    assert carried == {".css", ".woff2", ""}  # "" is the licence
    css = (out / "_static/katex/katex.min.css").read_text()
    fonts = re.findall(r"url\(([^)]*)\)", css)
    assert len(fonts) > 10
    for url in fonts:
        assert (out / "_static/katex" / url).exists()


@pytest.mark.parametrize("name", ["katex.min.js", "katex.min.css", "fonts/KaTeX_Main-Bold.woff2"])
def test_a_file_of_katex_that_is_not_as_it_came_ends_the_build_at_once(build, monkeypatch, name):
    """With the words of whoever finds it: what is wrong, and how to install it again."""

    def find(asked):
        if asked == name:
            raise ValueError(f"{asked} is not the one that came")
        return found(asked)

    found = files.find
    monkeypatch.setattr(files, "find", find)
    with pytest.raises(ExtensionError, match=f"formulas cannot be set: {name} is not the one"):
        build(index=PAGE)


def test_another_release_of_katex_writes_every_page_again(build, monkeypatch):
    """Formulas stand in the pages."""
    build(index=PAGE)
    _, _, out = build(index=PAGE)
    before = (out / "index.html").stat().st_mtime_ns
    build(index=PAGE)
    assert (out / "index.html").stat().st_mtime_ns == before
    monkeypatch.setattr(files, "release", lambda: "another 1.0")
    build(index=PAGE)
    assert (out / "index.html").stat().st_mtime_ns != before


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a \\ b", r"\begin{gathered}a \\ b\end{gathered}"),
        (r"a &= b \\ &= c", r"\begin{aligned}a &= b \\ &= c\end{aligned}"),
        ("\\begin{pmatrix}1 \\\\ 2\\end{pmatrix}", "\\begin{pmatrix}1 \\\\ 2\\end{pmatrix}"),
    ],
)
def test_lines_stand_below_each_other(build, written, read):
    pages, warnings, _ = build(index=f"# A\n\n$$\n{written}\n$$\n")
    assert not warnings
    assert tex_of(pages["index"].find(class_="formula-block")) == read


def test_katex_does_not_number_by_itself(build):
    align = "\\begin{align}\na &= b \\\\\n&= c\n\\end{align}"
    pages, warnings, _ = build(index=f"# A\n\n{align}\n")
    assert not warnings
    assert r"\begin{align*}" in tex_of(pages["index"].find(class_="formula-block"))
    assert not pages["index"].find(class_="eqn-num")


def test_a_wide_formula_scrolls_and_can_be_reached(build):
    wide = " + ".join(f"x_{{{i}}}" for i in range(30))
    pages, _, _ = build(index=f"# A\n\n$$\n{wide}\n$$\n\n$$\na\n$$\n")
    boxes = pages["index"].find_all(class_="formula-scroll")
    assert (boxes[0]["tabindex"], boxes[0]["role"]) == ("0", "group") and boxes[0]["aria-label"]
    assert not boxes[1].has_attr("tabindex")


def test_a_mistake_is_a_warning_with_its_line_its_formula_and_the_reason(build):
    pages, warnings, _ = build(index="# A\n\nGood $x$.\n\nBad: $\\frac{<b>}$.\n")
    assert re.search(r"index\.md:5: WARNING: KaTeX cannot read the formula \\frac\{<b>\}", warnings)
    assert "Unexpected end of input" in warnings
    shown = pages["index"].find(class_="formula-error")
    assert shown.text == r"\frac{<b>}" and "Unexpected end of input" in shown["title"]


def test_an_unknown_command_is_a_mistake(build):
    _, warnings, _ = build(index="# A\n\n$$\n\\softmaxx(x)\n$$\n")
    assert r"Undefined control sequence: \softmaxx" in warnings


def test_pages_written_side_by_side_have_their_formulas(build):
    """A process that Sphinx forks while writing has to start KaTeX anew."""
    toctree = "\n```{toctree}\n" + "\n".join(f"p{i}" for i in range(12)) + "\n```\n"
    others = {f"p{i}": f"# Page {i}\n\n$x_{{{i}}}$\n" for i in range(12)}
    pages, warnings, _ = build(parallel=2, index=PAGE + toctree, **others)
    assert not warnings
    for i in range(12):
        assert tex_of(pages[f"p{i}"].find(class_="formula")) == f"x_{{{i}}}"
