"""The audit: what it complains of, what it keeps, and the table that the book draws of that."""

import copy
import importlib
import json
import subprocess
import sys

import pytest

from figures import audited
from figures.audited import Audited
from grading.paths import ROOT

RECORD = ROOT / "book" / "audit.json"
SCORES = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
PAGE = {
    "weight": {
        "text": 30_000,
        "style": 20_000,
        "scripts": 9_000,
        "fonts": 1_000,
        "figures": 50_000,
    },
    "hosts": [],
    "barriers": {},
    "overflows": [],
    "errors": [],
    "undescribed": [],
    "mobile": {"scores": SCORES, "failed": []},
    "desktop": {"scores": SCORES | {"performance": 100}, "failed": []},
}


@pytest.fixture
def page():
    return copy.deepcopy(PAGE)


@pytest.fixture
def complaints(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "bench" / "audit")
    spec = importlib.util.spec_from_file_location("audit", ROOT / "bench" / "audit" / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.complaints


def test_a_page_at_its_limits_is_not_complained_of(complaints, page):
    """The weight is without the figures; marks may stand at what is asked."""
    page["weight"]["text"] = 220_000
    page["mobile"]["scores"]["performance"] = 90
    assert complaints(page) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("weight", "text"), 220_001, "weighs 250 KB without its figures, over 250"),
        (("hosts",), ["fonts.example"], "asks another host: fonts.example"),
        (("overflows",), ["320 px"], "is wider than the screen at 320 px"),
        (("errors",), ["x is null"], "error in the console: x is null"),
        (("undescribed",), ["<img>"], "has a picture without a description: <img>"),
        (("barriers",), {"label at p": ["390 px, dark"]}, "axe: label at p (390 px, dark)"),
        (("mobile", "scores", "performance"), 89, "Lighthouse, mobile: performance 89, under 90"),
        (("desktop", "scores", "seo"), 99, "Lighthouse, desktop: seo 99, under 100"),
    ],
)
def test_what_a_reader_would_complain_about_is_said(complaints, page, path, value, said):
    """One thing worse than its limit, in the words that `make audit` prints."""
    place = page
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert complaints(page) == [said]


def test_what_the_book_shows_reaches_every_limit(complaints):
    """What was kept of the last audit holds to the limits of today."""
    pages = json.loads(RECORD.read_text("utf-8"))["pages"]
    assert {name: complaints(page) for name, page in pages.items()} == {name: [] for name in pages}


@pytest.mark.parametrize("more", [["--quick"], ["masks"]])
def test_a_part_of_an_audit_is_not_kept(more):
    """The page would show it as if it were the whole."""
    run = [sys.executable, str(ROOT / "bench" / "audit"), "--save", *more]
    refused = subprocess.run(run, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "--save records what a whole audit has found" in refused.stderr


def written(tmp_path, pages):
    path = tmp_path / "audit.json"
    record = {"schema": audited.SCHEMA, "date": "2026-02-03", "versions": {"axe-core": "9"}}
    path.write_text(json.dumps(record | {"pages": pages}))
    return Audited(path)


def test_the_table_has_a_row_for_each_page(tmp_path, page):
    """Weights in KB, counts of what should not be there, marks of both forms."""
    page["errors"] = ["x is null"]
    lines = written(tmp_path, {"masks": page}).table().replace(audited.KEEP, " ").splitlines()
    assert len(lines) == 3 and {line.count("|") for line in lines} == {11}
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells[:3] == ["`masks`", "60", "50"] and cells[3:8] == ["0", "0", "0", "1", "0"]
    assert cells[8:] == ["97 100 100 100", "100 100 100 100"]


def test_the_verdict_tells_the_worst(tmp_path, page):
    """Of all pages: the heaviest, the slowest, and whether anything else was found."""
    heavy = copy.deepcopy(page)
    heavy["weight"]["scripts"] += 40_000
    heavy["mobile"]["scores"]["performance"] = 91
    book = written(tmp_path, {"masks": page, "gpt": heavy})
    words = book.verdict().replace(audited.KEEP, " ")
    assert words.startswith("2 pages. The heaviest, `gpt`, weighs 100 KB without")
    assert "91 on a phone and 100 on a desktop" in words and words.endswith("words: none.")
    assert book.conditions() == "Audited on 2026-02-03, with axe-core 9."


def test_no_audit_is_said(tmp_path):
    """A sentence, not an error."""
    nothing = Audited(tmp_path / "none.json")
    assert "Not audited yet" in nothing.verdict()
    assert nothing.table() == nothing.conditions() == ""


def test_an_audit_of_another_schema_is_refused(tmp_path):
    """It would be misread."""
    path = tmp_path / "old.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"old\.json has schema None, wanted 1"):
        Audited(path)
