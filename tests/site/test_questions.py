"""Questions: the HTML that grades itself, and what an author may not write."""

import io

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

PAGE = """# A page

[see](#why-scale)

::::{question}
:name: why-scale
Why divide by $d$?

More is asked.

:::{choice} Because of `x`
A reason.
:::
:::{choice} To keep $v$ **small**
:correct:
The evidence.
:::
:::{choice} For speed
```
a block
```
:::

:::{model-answer}
The whole answer.
:::
::::

::::{question}
:name: another
Another?

:::{choice} One
1
:::
:::{choice} Two
:correct:
2
:::
:::{choice} Three
3
:::
::::
"""


@pytest.fixture
def build(tmp_path):
    """Build a page; returns what was written, and the warnings."""

    def build(text, builder="html"):
        (tmp_path / "index.md").write_text(text)
        settings = {
            "extensions": ["myst_parser", "questions"],
            "myst_enable_extensions": ["colon_fence", "dollarmath"],
        }
        warnings = io.StringIO()
        with docutils_namespace():
            out = tmp_path / builder
            app = Sphinx(
                tmp_path, None, out, tmp_path / "trees", builder, settings, None, warnings, True
            )
            app.build()
        suffix = {"html": "html", "text": "txt"}[builder]
        return (out / f"index.{suffix}").read_text(), warnings.getvalue()

    return build


def test_a_question_is_a_group_of_labelled_radio_buttons(build):
    """One fieldset with a legend; one name for the group; a label and a reason for each button."""
    html, warnings = build(PAGE)
    assert warnings == ""
    box = BeautifulSoup(html, "html.parser").select_one("fieldset.question#why-scale")
    assert box.legend.get_text().startswith("Question 1 Why divide by")
    assert box.legend.find("p") is None
    buttons = box.select(".choice > input[type=radio]")
    assert {button["name"] for button in buttons} == {"why-scale"}
    assert len({button["id"] for button in buttons}) == 3
    for button in buttons:
        assert button.find_next_sibling()["for"] == button["id"]
        assert "explanation" in button.find_next_siblings()[1]["class"]
    kinds = [item["class"][1] for item in box.select(".choice")]
    assert kinds == ["choice--wrong", "choice--right", "choice--wrong"]
    assert box.select_one("details > summary").text == "A model answer"
    assert box.select_one(".choices")["aria-live"] == "polite"
    assert "script" not in str(box)


def test_titles_take_markup_and_explanations_begin_with_the_verdict(build):
    """Mathematics, code and bold in a choice; the verdict is in the text, not in the style."""
    box = BeautifulSoup(build(PAGE)[0], "html.parser").select_one("#why-scale")
    labels = box.select("label")
    assert labels[0].code.text == "x"
    assert labels[1].select_one(".math") and labels[1].strong.text == "small"
    verdicts = [item.select_one(".verdict").text for item in box.select(".explanation")]
    assert verdicts == ["Not quite.", "Yes.", "Not quite."]
    assert box.select_one(".explanation p").text == "Not quite. A reason."


def test_questions_are_numbered_and_can_be_linked(build):
    """The second is Question 2; a link to a name finds the fieldset."""
    page = BeautifulSoup(build(PAGE)[0], "html.parser")
    numbers = [item.text for item in page.select(".question-number")]
    assert numbers == ["Question 1", "Question 2"]
    assert page.find("a", string="see")["href"] == "#why-scale"


def test_other_builders_write_the_same_text(build):
    """The text builder gives prompt, choices and reasons in order."""
    text, warnings = build(PAGE, "text")
    assert warnings == ""
    wanted = ["Question 1", "Because of", "A reason.", "small", "The evidence.", "A model answer"]
    places = [text.index(words) for words in wanted]
    assert places == sorted(places)


def with_choices(*choices, name="q"):
    body = "\n".join(f":::{{choice}} {title}\n{text}\n:::" for title, text in choices)
    return f"# T\n\n::::{{question}}\n:name: {name}\nWhat?\n\n{body}\n::::\n"


RIGHT, WRONG = ("a", ":correct:\nyes"), ("b", "no")
BROKEN = {
    "give it a :name:": with_choices(RIGHT, WRONG, WRONG).replace(":name: q\n", ""),
    "mark one choice :correct:; 0 are marked": with_choices(WRONG, WRONG, WRONG),
    "mark one choice :correct:; 2 are marked": with_choices(RIGHT, RIGHT, WRONG),
    "at least 3 choices; it has 2": with_choices(RIGHT, WRONG),
    "give the explanation": with_choices(RIGHT, WRONG, WRONG, ("c", "")),
    "another question of this page": with_choices(RIGHT, WRONG, WRONG) * 2,
    "begin with a paragraph": with_choices(RIGHT, WRONG, WRONG).replace("What?", "```\nx\n```"),
    "stands inside a question": "# T\n\n:::{choice} a\nb\n:::\n",
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_question_is_an_error_with_its_line(build, rule):
    """The message names the rule, the page and the line."""
    warnings = build(BROKEN[rule])[1]
    assert rule in warnings
    assert "index.md:" in warnings and "ERROR" in warnings
