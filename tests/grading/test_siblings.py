"""An answer that calls another exercise's function is told first that that one is at fault."""

import io
import os
from functools import partial
from types import SimpleNamespace

import pytest
from rich.console import Console

from grading import asked, grader, results, siblings, warm
from grading.collect import with_catalog
from sources import cut

SAYS = "`{}`, which your answer calls, fails its own checks: look there first.\n\n"
SOFTMAX = (
    "import torch\n"
    "def softmax(scores):\n"
    "    e = (scores - scores.amax(-1, keepdim=True)).exp()\n"
    "    return e / e.sum(-1, keepdim=True)\n"
)
WRONG = SOFTMAX.replace("e.sum(-1", "e.sum(0")
LOOKUP = "def soft_lookup(query, key, value):\n    return {}(query @ key.mT) @ value\n"
UNWRITTEN = "def softmax(scores):\n    raise NotImplementedError\n"
SELF = """
import torch
from torch import nn
{}
class SelfAttention(nn.Module):
    def __init__(self, d_model, head_dim):
        super().__init__()
        self.query, self.key, self.value = (
            nn.Linear(d_model, head_dim, bias=False) for _ in range(3)
        )
    def forward(self, x, mask=None):
        return {}(self.query(x), self.key(x), self.value(x), mask)
"""
NO_ROOT = "def scaled_dot_product_attention(query, key, value, mask=None):\n"
NO_ROOT += "    return (query @ key.mT).softmax(-1) @ value\n"

# name: (the files, the exercise, the sibling that its card must name)
ANSWERS = {
    "from the same file": ({"soft_lookup": WRONG + LOOKUP.format("softmax")}, "soft_lookup",
                           "softmax"),
    "through a helper": (
        {"soft_lookup": WRONG + "def shares(s): return softmax(s)\n" + LOOKUP.format("shares")},
        "soft_lookup", "softmax"),
    "that is right": (
        {"soft_lookup": SOFTMAX + LOOKUP.format("softmax").replace("key.mT", "key.mT / 2")},
        "soft_lookup", None),
    "that it does not call": ({"soft_lookup": WRONG + LOOKUP.format("torch.exp")}, "soft_lookup",
                              None),
    "that is not written": ({"soft_lookup": UNWRITTEN + LOOKUP.format("softmax")}, "soft_lookup",
                            None),
    "that calls it back": (
        {"soft_lookup": "def softmax(s): return soft_lookup(s, s, s)\n" + LOOKUP.format("softmax")},
        "soft_lookup", "softmax"),
    "from another file": (
        {"scoring": NO_ROOT,
         "self_attention": SELF.format("from scoring import scaled_dot_product_attention as f",
                                       "f")},
        "SelfAttention", "scaled_dot_product_attention"),
    "as a part of another file": (
        {"scoring": NO_ROOT,
         "self_attention": SELF.format("import scoring", "scoring.scaled_dot_product_attention")},
        "SelfAttention", "scaled_dot_product_attention"),
    "with everything in another file": (
        {"scoring": NO_ROOT,
         "self_attention": SELF.format("from scoring import *", "scaled_dot_product_attention")},
        "SelfAttention", "scaled_dot_product_attention"),
    "through a file beside": (
        {"scoring": NO_ROOT, "helpers": "from scoring import scaled_dot_product_attention as g\n",
         "self_attention": SELF.format("from helpers import g", "g")},
        "SelfAttention", "scaled_dot_product_attention"),
    "that calls another at fault": (
        {"soft_lookup": WRONG,
         "scoring": "from soft_lookup import softmax\n" + NO_ROOT.replace(
             "(query @ key.mT).softmax(-1)", "softmax(query @ key.mT)"),
         "self_attention": SELF.format("import scoring", "scoring.scaled_dot_product_attention")},
        "SelfAttention", "softmax"),
    "of the package": (
        {"self_attention": SELF.format("from attention import scaled_dot_product_attention as f",
                                       "f").replace("(x), self.value", "(2 * x), self.value")},
        "SelfAttention", None),
}  # fmt: skip


def save(folder, files):
    folder.mkdir(exist_ok=True)
    for stem, text in files.items():
        (folder / f"{stem}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Each answer's exercise as the command line grades it, alone."""
    top = tmp_path_factory.mktemp("answers")

    def all_of_them(catalog):
        grader.warm_up()
        found = {}
        for number, (case, (files, name, _)) in enumerate(ANSWERS.items()):
            found[case] = asked._grading(catalog, save(top / str(number), files))(name)
        return found

    return with_catalog(all_of_them)


@pytest.mark.parametrize("case", ANSWERS)
def test_sibling_at_fault_is_named_first(case, graded):
    """And the hint, which is about the caller, is not shown."""
    diagnosis, culprit = graded[case].diagnosis, ANSWERS[case][2]
    assert diagnosis.state in (results.FAILED, results.ERROR), diagnosis
    assert diagnosis.message.startswith(SAYS.format(culprit)) == bool(culprit), diagnosis
    assert ("look there first" in diagnosis.message) == bool(culprit), diagnosis
    assert not (culprit and diagnosis.hint)


def test_unwritten_sibling_is_told_as_before(graded):
    assert (
        "calls `softmax`, which is not written" in graded["that is not written"].diagnosis.message
    )


def test_command_line_says_so(tmp_path):
    """Where the caller alone is asked for, and where all of a chapter is."""
    save(tmp_path, ANSWERS["from the same file"][0])
    for names in (["soft_lookup"], []):
        console = Console(file=io.StringIO())
        everything, _ = asked.grade(console, names, tmp_path, {})
        (lookup,) = (e for e in everything if e.name == "soft_lookup")
        assert lookup.diagnosis.message.startswith(SAYS.format("softmax"))


def test_live_grader_says_so_and_tells_each_exercise_once(tmp_path, monkeypatch):
    """The caller was edited, so it goes first; its sibling is graded within its turn."""
    save(tmp_path, {"soft_lookup": WRONG + LOOKUP.format("softmax")})
    told = []
    monkeypatch.setattr(warm, "tell", told.append)
    requests = SimpleNamespace(pipe=os.pipe()[0], waiting=[], arrive=lambda: None)
    seen = {"softmax": cut(WRONG, "softmax")}
    with_catalog(
        lambda catalog: warm.grade_stem(catalog, requests, "soft_lookup", tmp_path, seen),
        ["soft_lookup"],
    )
    done = [line["exercise"] for line in told if line.get("done")]
    assert [exercise["name"] for exercise in done] == ["soft_lookup", "softmax"]
    messages = [check["message"] for check in done[0]["checks"]]
    assert sum(message.startswith(SAYS.format("softmax")) for message in messages) == 1


def test_right_answer_pays_for_nothing(tmp_path):
    """Only one that fails has its siblings graded."""
    folder = save(tmp_path / "answers", {"soft_lookup": SOFTMAX + LOOKUP.format("softmax")})
    asked_for = []

    def grade(name, state):
        asked_for.append(name)
        return results.Exercise(name, "soft_lookup", "", [results.Check("a", "A", 1, state=state)])

    exercises = dict.fromkeys(["softmax", "soft_lookup"], "soft_lookup")
    for state, wanted in ((results.PASSED, 1), (results.FAILED, 2)):
        asked_for.clear()
        graded = partial(grade, state=state)
        siblings.naming_culprits(graded, exercises, folder)("soft_lookup")
        assert len(asked_for) == wanted
