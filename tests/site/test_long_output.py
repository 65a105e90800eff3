"""Long output: its beginning stands in the page, the rest `folded` behind a counting summary."""

import io

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from grading.paths import ROOT

PAGE = """# Output

```{{code-cell}}
for line in range(1, {printed} + 1):
    print("line", line)
```

```{{code-cell}}
class Table:
    def __repr__(self):
        return "\\n".join(f"row {{row}}" for row in range(1, {returned} + 1))
Table()
```
"""


def build(folder, printed, returned):
    """The page of a small project, of which two cells write so many lines."""
    (folder / "conf.py").write_text("")
    (folder / "book").mkdir()
    (folder / "book" / "index.md").write_text(PAGE.format(printed=printed, returned=returned))
    settings = {
        "extensions": ["execution", "long_output"],
        "nb_render_text_lexer": "none",
        "html_static_path": [str(ROOT / "book" / "_static")],
        "html_css_files": ["book.css"],
    }
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(
            folder / "book", folder, folder / "html", folder / "trees", "html", settings,
            None, warnings,
        ).build()  # fmt: skip
    assert warnings.getvalue() == ""
    return folder / "html" / "index.html"


def outputs(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser").select(".cell_output")


def lines(pre):
    return pre.get_text().strip().split("\n")


@pytest.fixture(scope="session")  # a page cannot be built once a browser runs
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("long"), printed=41, returned=31)


def test_thirty_lines_stand_whole(tmp_path):
    """Nothing folds that one can take in."""
    for output in outputs(build(tmp_path, printed=30, returned=1)):
        assert not output.details
    assert output.get_text().strip() == "row 1"


@pytest.mark.parametrize("cell, word, count", [(0, "line", 41), (1, "row", 31)])
def test_what_is_longer_shows_its_beginning_and_counts_the_rest(built, cell, word, count):
    """Printed or returned, no line is lost, and none stands twice."""
    output = outputs(built)[cell]
    first, rest = output.select("pre")
    assert lines(first) == [f"{word} {i}" for i in range(1, 13)]
    assert lines(rest) == [f"{word} {i}" for i in range(13, count + 1)]
    assert rest.find_parent("details") and not first.find_parent("details")
    assert output.summary.get_text() == f"{count - 12} more lines"


def test_the_rest_opens_without_a_script_and_stands_on_paper(built, browser):
    """By keyboard; and a print shows all lines, folded or not."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(built.as_uri())
    last = page.get_by_text("line 41")
    expect(last).not_to_be_visible()
    page.emulate_media(media="print")
    expect(last).to_be_visible()
    page.emulate_media(media="screen")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(last).to_be_visible()
    context.close()
