"""A mask is checked at the door of a module with heads, and nowhere behind it."""

import pytest
import torch

from attention import MultiHeadAttention, attention_weights, row_blocked_attention
from attention.masks import checks, join

X = torch.randn(2, 4, 6)
MASK = torch.ones(2, 1, 4, dtype=torch.bool)
BIAS = torch.zeros(3, 4, 4)


@pytest.fixture
def asked(monkeypatch):
    """How often a mask or a bias is held against its scores."""
    calls = []
    checked = checks.check_broadcast
    monkeypatch.setattr(
        checks, "check_broadcast", lambda name, *rest: calls.append(name) or checked(name, *rest)
    )
    return calls


@pytest.mark.parametrize("weights", [False, True])
def test_its_kind_is_asked_once(monkeypatch, weights):
    """Whether it is boolean, by whomever."""
    calls = []
    checked = checks.check_boolean
    for module in (checks, join):
        monkeypatch.setattr(module, "check_boolean", lambda *x: calls.append(x) or checked(*x))
    MultiHeadAttention(6, 3)(X, mask=MASK, is_causal=True, return_weights=weights)
    assert len(calls) == 1


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("is_causal", [False, True])
def test_each_is_asked_once(asked, weights, is_causal):
    """On the fused way and on the explicit one, joined with the causal rule or not."""
    module = MultiHeadAttention(6, 3)
    how = {"is_causal": is_causal, "return_weights": weights}
    module(X, mask=MASK, **how)
    assert asked == ["mask"]
    module(X, mask=MASK, bias=BIAS, **how)
    assert asked == ["mask", "mask", "bias"]


def test_functions_ask_once_too(asked):
    """Also where a mask is cut into pieces."""
    attention_weights(X, X, MASK, is_causal=True)
    row_blocked_attention(X, X, X, MASK, 2)
    assert asked == ["mask", "mask"]


@pytest.mark.parametrize("weights", [False, True])
def test_what_is_wrong_is_told_at_the_door(asked, weights):
    """No key at all is told there, too."""
    module = MultiHeadAttention(6, 3)
    with pytest.raises(
        ValueError, match=r"mask must broadcast to the scores, got mask \(2, 1, 1, 3"
    ):
        module(X, mask=MASK[..., :3], return_weights=weights)
    with pytest.raises(ValueError, match=r"at least one key, got key \(2, 3, 0, 2\)"):
        module(X, X[:, :0], return_weights=weights)


@pytest.mark.parametrize(
    "shape, fits",
    [((), True), ((1,), True), ((4,), True), ((5,), False), ((1, 4), True), ((3, 4), True),
     ((2, 1, 1, 1), True), ((3, 1, 1, 1), False), ((1, 1, 1, 1, 4), False), ((0, 4), False),
     ((2, 3, 3, 4), True), ((2, 3, 3, 0), False)],
)  # fmt: skip
def test_a_mask_broadcasts_to_the_scores_and_no_further(shape, fits):
    """As `torch.broadcast_shapes` says, and the result is the scores' own shape."""
    scores = (2, 3, 3, 4)
    try:
        by_torch = tuple(torch.broadcast_shapes(shape, scores)) == scores
    except RuntimeError:
        by_torch = False
    assert by_torch == fits
    mask = torch.ones(shape, dtype=torch.bool)
    if fits:
        checks.check_mask(mask, scores, mask.device)
    else:
        with pytest.raises(ValueError, match="mask must broadcast"):
            checks.check_mask(mask, scores, mask.device)
