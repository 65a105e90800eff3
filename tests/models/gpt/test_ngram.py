"""The table of counts that a GPT has to beat, against the formula in plain loops."""

from math import log

import pytest
import torch
from torch.testing import assert_close

from attention.models.gpt.ngram import DISCOUNTS, NGram, fit_ngram

VOCAB_SIZE, LENGTH = 4, 60


@pytest.fixture(scope="module")
def tokens():
    dice = torch.Generator().manual_seed(0)
    return torch.randint(VOCAB_SIZE, (LENGTH,), generator=dice)


def slow_probability(text, past, x, discount):
    """The formula, one sum at a time."""
    shorter = slow_probability(text, past[1:], x, discount) if past else 1 / VOCAB_SIZE
    n = len(past)
    after = [text[i + n] for i in range(len(text) - n) if text[i : i + n] == past]
    if not after:
        return shorter
    kept = max(after.count(x) - discount, 0)
    return (kept + discount * len(set(after)) * shorter) / len(after)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_table_follows_its_formula(tokens, order):
    """Every surprise is that of the slow sum, for pasts that came and pasts that never did."""
    new = torch.randint(VOCAB_SIZE, (40,), generator=torch.Generator().manual_seed(1))
    text, unseen = tokens.tolist(), new.tolist()
    expected = [
        -log(slow_probability(text, unseen[i - order + 1 : i], unseen[i], 0.6))
        for i in range(order - 1, len(unseen))
    ]
    found = NGram(order, tokens, VOCAB_SIZE, 0.6).surprise(new)
    assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_probabilities_sum_to_one(tokens):
    """Over all tokens that could come next, after any past."""
    table = NGram(3, tokens, VOCAB_SIZE)
    for past in ([0, 1], [3, 3], [2, 0]):
        every = [table.surprise(torch.tensor([*past, x])).neg().exp() for x in range(VOCAB_SIZE)]
        assert_close(torch.cat(every).sum(), torch.tensor(1.0, dtype=torch.float64))


def test_the_discount_is_chosen_on_the_validation_text(tokens):
    """The one that surprises least there, and not on what was counted."""
    other = torch.randint(VOCAB_SIZE, (200,), generator=torch.Generator().manual_seed(2))
    fitted = fit_ngram(3, tokens, other, VOCAB_SIZE)
    by_discount = {
        discount: NGram(3, tokens, VOCAB_SIZE, discount).surprise(other).mean().item()
        for discount in DISCOUNTS
    }
    assert by_discount[fitted.discount] == min(by_discount.values())
    assert fit_ngram(3, tokens, tokens, VOCAB_SIZE).discount == min(DISCOUNTS)


def test_a_table_learns_a_rule():
    """In 0 1 2 0 1 2 … a bigram is hardly surprised; a unigram is by log 3."""
    tokens = torch.arange(300) % 3
    assert NGram(2, tokens, 3).surprise(tokens).mean() < 0.02
    assert_close(NGram(1, tokens, 3).surprise(tokens).mean().item(), log(3), rtol=0, atol=0.01)


def test_what_cannot_be_counted_is_named(tokens):
    """Order zero, numbers that would overflow, and a text shorter than one piece."""
    with pytest.raises(ValueError, match=r"order must be at least 1, .* got 0 for 4 tokens"):
        NGram(0, tokens, VOCAB_SIZE)
    with pytest.raises(ValueError, match=r"vocab_size \*\* order below 2\*\*63, got 32 for 4"):
        NGram(32, tokens, VOCAB_SIZE)
    with pytest.raises(ValueError, match="at least order = 3 tokens, got 2"):
        NGram(3, tokens[:2], VOCAB_SIZE)
