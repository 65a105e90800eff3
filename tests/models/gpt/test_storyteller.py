"""A GPT that learns characters: how its surprise is measured, and how it writes on and on."""

from copy import deepcopy

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from attention.interpretation.ablation import ablate_head
from attention.models.gpt.heads import reading_maps, weight_by_distance
from attention.models.gpt.storyteller import learn_to_write, new_storyteller, surprise, write

VOCAB_SIZE, MAX_LEN, HEADS, LAYERS = 7, 8, 3, 2
SIZES = dict(d_model=12, n_heads=HEADS, n_layers=LAYERS, max_len=MAX_LEN)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return new_storyteller(VOCAB_SIZE, **SIZES).eval()


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(VOCAB_SIZE, (31,), generator=torch.Generator().manual_seed(1))


def test_its_embeddings_start_one_long(model):
    """Tokens on average, positions exactly, and neighbouring positions alike."""
    wide = new_storyteller(500, d_model=32, n_heads=1)
    assert 0.9 < wide.token.weight.norm(dim=-1).mean() < 1.1
    assert_close(wide.position.weight.norm(dim=-1), torch.ones(64))
    alike = wide.position.weight @ wide.position.weight.mT  # cosines, since all are one long
    assert (alike.diagonal(1) > 0.9).all() and alike.diagonal(20).mean() < 0.8


@torch.no_grad()
def test_surprise_is_the_loss_of_each_token_after_half_a_context(model, tokens):
    """Each in the window in which it stands in the second half, one token at a time."""
    expected = []
    for place in range(5, 29):  # 31 tokens: windows of 8 at 0, 4, …, 20, their targets 1 to 28
        start = (place - 5) // 4 * 4
        scores = model(tokens[None, start:place])[0, -1]
        expected.append(F.cross_entropy(scores, tokens[place]))
    assert_close(surprise(model, tokens), torch.stack(expected))


def test_a_text_no_longer_than_the_context_is_refused(model, tokens):
    """For measuring and for learning, the validation text too."""
    with pytest.raises(ValueError, match="longer than the context of 8 tokens, got 8"):
        surprise(model, tokens[:8])
    for training, validation in ((tokens[:8], tokens), (tokens, tokens[:5])):
        with pytest.raises(ValueError, match=r"longer than the context of 8 tokens, got [58]"):
            learn_to_write(training, validation, VOCAB_SIZE, steps=1, **SIZES)


def test_learning_repeats_exactly_and_ends_when_nothing_improves():
    """The same seed, the same losses; on a coin no step helps for long."""
    text = torch.randint(2, (300,), generator=torch.Generator().manual_seed(2))
    sizes = dict(d_model=4, n_heads=1, n_layers=1, max_len=4)
    runs = [learn_to_write(text, text[:99], 2, steps=3, seed=5, **sizes) for _ in range(2)]
    assert runs[0][1] == runs[1][1] and len(runs[0][1]) == 3 and len(runs[0][2]) == 1
    _, losses, checks = learn_to_write(text[:200], text[200:], 2, steps=3000, **sizes)
    assert len(losses) == 100 * len(checks) < 3000


def test_writing_goes_on_beyond_the_context(model):
    """Longer than the model's positions, and each token the best after what it then read."""
    prompt = torch.tensor([3, 1])
    text = write(model, prompt, 17)
    assert text.shape == (19,) and text[:2].equal(prompt)
    with torch.no_grad():
        for place in range(2, 19):
            start = 0 if place < 8 else (place - 4) // 4 * 4  # afresh from the last four
            assert text[place] == model(text[None, start:place])[0, -1].argmax()
    assert write(model, prompt, 0).equal(prompt)
    long = torch.arange(20) % VOCAB_SIZE
    assert write(model, long, 3)[:20].equal(long)


@torch.no_grad()
def test_maps_are_what_the_blocks_attend_with(model, tokens):
    """One for each layer and head, causal, rows of weights; the output is the model's own."""
    read = tokens[:16].view(2, 8)
    maps = reading_maps(model, read)
    assert maps.shape == (LAYERS, 2, HEADS, 8, 8)
    assert (maps.triu(1) == 0).all()
    assert_close(maps.sum(-1), torch.ones(LAYERS, 2, HEADS, 8))
    longer = reading_maps(model, tokens[None, :8])[:, :, :, :5, :5]
    assert_close(longer, reading_maps(model, tokens[None, :5]))


def test_weight_by_distance_follows_the_diagonals():
    """A head that looks two back has all its weight at 2."""
    place = torch.arange(8)
    two_back = (place[:, None] - place == 2).float()
    shares = weight_by_distance(torch.stack([two_back, torch.eye(8)]).expand(3, 5, 2, 8, 8), 3)
    assert_close(shares, torch.tensor([[0.0, 0, 1, 0], [1, 0, 0, 0]]).expand(3, 2, 4))
    with pytest.raises(ValueError, match="less than half of the length, got 4 for maps of 8"):
        weight_by_distance(two_back[None, None], 4)


@torch.no_grad()
def test_without_a_head_its_answers_count_for_nothing(model, tokens):
    """What it attends to no longer matters, the others do; the model itself stays."""
    before, copy = model(tokens[None, :8]), deepcopy(model)
    attention = copy.blocks[1].attention
    with ablate_head(copy, 1, 2):
        silent = copy(tokens[None, :8])
        assert (silent != before).any()
        attention.to_value.weight[8:] += 1  # the third head's values, 4 numbers wide
        assert copy(tokens[None, :8]).equal(silent)
        attention.to_value.weight[:8] += 1
        assert (copy(tokens[None, :8]) != silent).any()
    with ablate_head(model, 1, 2):
        assert model(tokens[None, :8]).equal(silent)
    assert model(tokens[None, :8]).equal(before)
    with pytest.raises(ValueError, match="head must be from 0 to 2, got 3"):
        ablate_head(model, 0, 3)
