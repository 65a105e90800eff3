"""A check that asks for gradients says where none arrives, and asks where it was cut off."""

from types import SimpleNamespace

import pytest
import torch

import attention
from grading import grader
from grading.checks import gradients
from grading.collect import with_catalog
from grading.failure import Failure


@torch.no_grad()
def under_no_grad(x, w):
    return x @ w


def written_to(x, w):
    e = x.exp()
    result = e @ w
    e += 1
    return result


# name: (an answer, words of what is said)
CUT = {
    "detached": (lambda x, w: (x @ w).detach(), "arrives at x and w: the result does not know"),
    "under no_grad": (under_no_grad, "arrives at x and w: the result does not know"),
    "made anew": (lambda x, w: torch.tensor((x @ w).tolist()), "arrives at x and w"),
    "one detached": (lambda x, w: x.detach() @ w, "arrives at x: .* from x to the result"),
    "one through .data": (lambda x, w: x @ w.data, "arrives at w: .* from w to the result"),
    "one rounded": (lambda x, w: x @ w.round(), "arrives at w: .* was it cut off?"),
    "one frozen": (lambda x, w: x @ w.requires_grad_(False), "arrives at w: "),
    "one not used": (lambda x, w: x.sum(), "arrives at w: "),
    "written to": (written_to, "no way back from the result .*: .*modified by an inplace"),
    "no tensor": (lambda x, w: (x @ w).tolist(), "Expected a tensor to take .*, got a list"),
    "nothing": (lambda x, w: None, "Expected a tensor to take .*, got None"),
}


def inputs():
    return {name: torch.randn(3, 3, requires_grad=True) for name in ("x", "w")}


@pytest.mark.parametrize("name", CUT)
def test_cut_is_told_in_words(name):
    """Whatever it was cut with."""
    answer, words = CUT[name]
    sources = inputs()
    with pytest.raises(Failure, match=words):
        gradients(answer(*sources.values()), sources)


def test_gradients_come_as_pytorch_computes_them():
    """Of the mixture that is asked for; the inputs' own .grad stays."""
    sources, upstream = inputs(), torch.randn(3, 3)
    found = gradients(sources["x"] @ sources["w"], sources, upstream)
    torch.testing.assert_close(found["x"], upstream @ sources["w"].T)
    torch.testing.assert_close(found["w"], sources["x"].T @ upstream)
    assert sources["x"].grad is None


def cut(answer):
    """The book's own, cut off from its inputs at the very end."""
    if not isinstance(answer, type):
        return lambda *given, **options: answer(*given, **options).detach()

    class Cut(answer):
        def forward(self, *given, **options):
            return super().forward(*given, **options).detach()

    return Cut


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("efficiency", "tiled_attention"),
        ("multi_head", "MultiHeadAttention"),
        ("scoring", "scaled_dot_product_attention"),
        ("self_attention", "SelfAttention"),
        ("transformer", "EncoderBlock"),
    ],
)
def test_every_check_of_gradients_asks_so(stem, name):
    """Instead of PyTorch's own words for what is missing."""
    subject = SimpleNamespace(**{name: cut(getattr(attention, name))})

    def once(catalog):
        return grader.grade(catalog.checks(name), lambda: subject, catalog.exercise(name), __file__)

    diagnosis = with_catalog(once, [stem]).diagnosis
    assert diagnosis.state == "failed" and diagnosis.hint, diagnosis
    assert "No gradient arrives" in diagnosis.message and "cut off?" in diagnosis.message
