"""What an answer prints stands on its card: the first lines, from where they help."""

import io

import pytest
from bs4 import BeautifulSoup
from rich.console import Console

from bad_answers import RIGHT, body, grade
from grading import card, grader, printed, results_file, terminal
from grading.collect import with_catalog
from grading.limits import Limits
from grading.results import FAILED, PASSED, Check, Exercise

EVIL = "<b>[red]\x1b[31mred\x1b]0;title\x07 \u202eback\r50 %\r100 %"


def exercise(**output):
    """Three checks, the second of which failed; each prints what is asked for."""
    checks = [
        Check(name, name.title(), 1, state=state, output=output.get(name, ""))
        for name, state in (("one", PASSED), ("two", FAILED), ("three", PASSED))
    ]
    return Exercise("it", "stem", "file.py", checks, output=output.get("loading", ""))


def on_page(exercise):
    page = BeautifulSoup(card.html(exercise), "html.parser")
    return [(p.text, p.find_next_sibling("pre").text) for p in page.select("p.printed")]


def in_terminal(exercise):
    console = Console(file=io.StringIO(), width=80)
    terminal.details(console, exercise)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({}, []),
        ({"one": "a", "two": "b"}, [("Printed during “Two”:", "b")]),
        ({"one": "a", "three": "c"}, [("Printed during “One”:", "a")]),
        (
            {"loading": "l", "two": "b"},
            [("Printed while your file was loaded:", "l"), ("Printed during “Two”:", "b")],
        ),
    ],
)
def test_lines_of_the_check_at_hand_are_shown(output, shown):
    """Where that printed none, the first ones; in the page and in the terminal alike."""
    assert on_page(exercise(**output)) == shown
    printed_there = in_terminal(exercise(**output))
    assert all(label in printed_there and text in printed_there for label, text in shown)
    assert bool(shown) == ("Printed" in printed_there)
    record = results_file.as_record(exercise(**output))
    assert results_file.from_record(record) == exercise(**output)


def test_what_is_printed_is_data():
    """No markup, no control characters; a bar that overwrites itself becomes lines."""
    text = printed.first_lines(EVIL.encode() + b"\xff")
    html = card.html(exercise(two=text))
    assert "<b>" not in html and "&lt;b&gt;[red]red" in html
    for shown in (html, in_terminal(exercise(two=text))):
        assert not set(shown) & set("\x1b\x07\r\u202e")
    assert text.splitlines()[1:] == ["50 %", "100 %\ufffd"]


def test_only_the_first_lines_are_kept():
    """And it says how many more there are."""
    lines = printed.first_lines(b"line\n" * 500).splitlines()
    assert len(lines) == 11 and lines[-1] == "… (490 more lines)"
    assert len(printed.first_lines(b"x" * 100_000)) < 1300


# name: (an answer, the part of its card that shows what it printed)
PRINT = 'print("shape", *scores.shape)'
ANSWERS = {
    "fails in a later check": (
        body(PRINT, "e = (scores - scores.amax(-1, True)).exp()", "return e / e.sum(0)"),
        "Printed during “Each row of weights sums to one.”: shape",
    ),
    "loops": (body(PRINT, "while True: pass"), "“The weights have the shape of the scores.”:"),
    "floods": (body("while True: print('again')"), "more lines)"),
    "dies": (body(PRINT, "os._exit(1)"), "shape 2 3 4"),
    "cannot be loaded": (f"print('so far')\n{RIGHT}\n1 / 0\n", "was loaded: so far"),
    "stops for a debugger": (
        body(PRINT, "breakpoint()"),
        "run the file by hand, where it works: .venv/bin/python -i",
    ),
    "is begun": (body(PRINT, "raise NotImplementedError"), "shape 2 3 4"),
    "speaks in the grader's way": (
        body("print('\\0 test_softmax_values'); print('mine')", "return scores"),
        "mine",
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")

    def all_of_them(catalog):
        grader.warm_up()
        found = {}
        for name, (source, _) in ANSWERS.items():
            (folder / f"{name}.py").write_text(source)
            found[name] = grade(catalog, folder / f"{name}.py", Limits(seconds=1))
        return found

    return with_catalog(all_of_them, ["soft_lookup"])


@pytest.mark.parametrize("name", ANSWERS)
def test_card_shows_what_an_answer_printed(name, graded):
    """Also one that does not come to its end."""
    assert ANSWERS[name][1] in " ".join(in_terminal(graded[name]).split())
