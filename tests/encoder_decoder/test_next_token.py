"""What a decoder reads in training, and the loss of what it says comes next."""

import math

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from attention import DecoderBlock, next_token_loss, shift_right

BATCH, LENGTH, VOCAB, D_MODEL = 2, 5, 7, 6


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def some():
    return torch.randn(BATCH, LENGTH, VOCAB), torch.randint(1, VOCAB, (BATCH, LENGTH))


def test_each_place_reads_the_token_before_it():
    """And start at the first place, whatever axes stand in front."""
    tokens = torch.randint(9, (3, BATCH, LENGTH), dtype=torch.int32)
    read = shift_right(tokens, 9)
    assert read.dtype == torch.int32
    assert (read[..., 0] == 9).all() and read[..., 1:].equal(tokens[..., :-1])
    assert shift_right(torch.tensor([4]), 9).tolist() == [9]


def test_the_loss_is_that_of_a_loop():
    """In float64, with padding and without."""
    logits, tokens = some()
    logits, tokens[1, 3:] = logits.double(), 0
    for padding, length in ((None, [4, 4]), (0, [4, 2])):
        costs = [
            logits[b, t].exp().sum().log() - logits[b, t, tokens[b, t + 1]]
            for b in range(BATCH)
            for t in range(length[b])
        ]
        assert_close(next_token_loss(logits, tokens, padding), sum(costs) / len(costs))


def test_a_model_that_knows_nothing_pays_the_logarithm_of_its_vocabulary():
    """And one that is sure and right pays nothing."""
    _, tokens = some()
    nothing = next_token_loss(torch.zeros(BATCH, LENGTH, VOCAB), tokens)
    assert nothing.item() == pytest.approx(math.log(VOCAB))
    sure = 99.0 * F.one_hot(tokens.roll(-1, 1), VOCAB)
    assert next_token_loss(sure, tokens).item() == pytest.approx(0)


def test_moving_what_is_read_or_what_is_asked_is_the_same():
    """A causal decoder that reads start and all words, or start and all but the last."""
    words, start, padding = torch.tensor([[3, 4, 2, 1], [5, 2, 1, 0]]), 6, 0
    table, block = torch.randn(VOCAB, D_MODEL), DecoderBlock(D_MODEL, 2, 8)

    def logits(read):
        return block(table[read], torch.ones(BATCH, 3, D_MODEL)) @ table.T

    whole = torch.cat([torch.full((BATCH, 1), start), words], dim=1)
    shifted = logits(shift_right(words, start)).flatten(0, 1)
    asked = F.cross_entropy(shifted, words.flatten(), ignore_index=padding)
    assert_close(next_token_loss(logits(whole), whole, padding), asked)


def test_the_loss_has_the_right_gradient():
    """By finite differences; none reaches the last place, or one that is asked for filler."""
    logits, tokens = some()
    tokens[1, 3:] = 0
    logits = logits.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: next_token_loss(x, tokens, 0), logits)
    next_token_loss(logits, tokens, 0).backward()
    asked = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]]).bool()
    assert (logits.grad != 0).any(-1).equal(asked)


def test_half_precision_is_averaged_in_float32():
    """A thousand costs in bfloat16 would be rounded on the way."""
    logits = torch.randn(1, 1001, VOCAB).bfloat16()
    tokens = torch.randint(VOCAB, (1, 1001))
    loss = next_token_loss(logits, tokens)
    assert loss.dtype == torch.float32
    assert_close(loss, next_token_loss(logits.float(), tokens))


def test_what_does_not_belong_together_says_so():
    """The rule and what came."""
    logits, tokens = some()
    with pytest.raises(TypeError, match=r"tokens must be whole numbers, got torch\.float32"):
        shift_right(torch.ones(2, 3), 0)
    with pytest.raises(ValueError, match=r"at least one token, got shape \(2, 0\)"):
        shift_right(tokens[:, :0], 0)
    with pytest.raises(ValueError, match=r"at least one token, got shape \(\)"):
        shift_right(torch.tensor(3), 0)
    with pytest.raises(TypeError, match="logits must hold floating-point numbers"):
        next_token_loss(tokens, tokens)
    with pytest.raises(TypeError, match="tokens must be whole numbers"):
        next_token_loss(logits, tokens.bool())
    with pytest.raises(ValueError, match=r"\(batch, length\) = \(2, 5\), got \(2, 4\)"):
        next_token_loss(logits, tokens[:, 1:])
    with pytest.raises(ValueError, match="logits must have at least 3 axes"):
        next_token_loss(logits[0], tokens[0])
    with pytest.raises(ValueError, match="at least one next token that is no padding"):
        next_token_loss(logits, torch.zeros_like(tokens), 0)
    with pytest.raises(ValueError, match=r"no padding, got tokens of shape \(2, 1\)"):
        next_token_loss(logits[:, :1], tokens[:, :1])
