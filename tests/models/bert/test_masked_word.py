"""Hidden words: the sentences they are hidden in, what is read for one, and what is learned."""

import pytest
import torch
from torch.testing import assert_close

from attention.data.hidden_words import (
    MASK,
    PEOPLE,
    PLACES,
    THINGS,
    WORDS,
    draw_sentences,
    hide,
    numbers,
)
from attention.models.bert.encoder import BertEncoder
from attention.models.bert.masked_word import masked_word
from attention.models.bert.restoring import Restorer, learn_to_restore, share_restored


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def restorer():
    """Trained in about two seconds."""
    return learn_to_restore(seed=0)


def test_each_sentence_keeps_the_two_rules():
    """His or her goes with the person, the verb with the thing, and all 48 sentences come."""
    sentences = draw_sentences(2000, dice())
    assert sentences.shape == (2000, len(PLACES)) and len(sentences.unique(dim=0)) == 48
    for row in sentences.unique(dim=0).tolist():
        the, person, verb, whose, thing = (WORDS[token] for token in row)
        assert the == "the" and person in PEOPLE[whose] and thing in THINGS[verb]


def test_one_word_of_each_sentence_is_hidden():
    """The target is that word, and nothing elsewhere; every place has its turn."""
    sentences = draw_sentences(300, dice())
    read, target = hide(sentences, dice(1))
    hidden = read == MASK
    assert (hidden.sum(1) == 1).all() and hidden.any(0).all()
    assert target[hidden].equal(sentences[hidden]) and (target[~hidden] == -100).all()
    assert read[~hidden].equal(sentences[~hidden])


def test_the_probabilities_are_those_of_the_models_scores():
    """At each place, from a sentence in which that word alone is hidden; the model is as it was."""
    torch.manual_seed(0)
    model = BertEncoder(11, d_model=6, n_heads=3, n_layers=2, d_ff=7, max_len=8)
    tokens = torch.randint(1, 11, (5,))
    model.train().blocks[0].eval()
    modes = [module.training for module in model.modules()]
    for place in range(5):
        found = masked_word(model, tokens, place, 0)
        assert [module.training for module in model.modules()] == modes and not found.requires_grad
        read = tokens.clone()
        read[place] = 0
        with torch.no_grad():
            x = model.eval()(read[None])[0, place]
            powers = torch.stack([(row * x).sum() for row in model.embed.token.weight]).exp()
        assert_close(found, powers / powers.sum())
        model.train().blocks[0].eval()
    with pytest.raises(ValueError, match=r"one sentence \(length,\) with a place 5, got \(5,\)"):
        masked_word(model, tokens, 5, 0)
    with pytest.raises(ValueError, match=r"got \(1, 5\)"):
        masked_word(model, tokens[None], 0, 0)


def test_a_restorer_that_sees_one_side_hears_nothing_from_the_other():
    """Its scores at a place do not change with a later word; those of the usual one do."""
    read = numbers("the queen reads her letter")[None]
    other = numbers("the queen reads her book")[None]
    for one_sided in (True, False):
        torch.manual_seed(0)
        model = Restorer(one_sided).eval()
        assert model(read)[:, :4].equal(model(other)[:, :4]) is one_sided


def test_it_gives_each_word_that_may_stand_there_its_share(restorer):
    """A third for each of three people, a half for each of two things, all for the verb."""
    text = numbers("the queen reads her letter")
    people, verb, thing = (masked_word(restorer.encoder, text, k, MASK) for k in (1, 2, 4))
    assert_close(people[numbers("queen girl woman")], torch.full((3,), 1 / 3), atol=0.1, rtol=0)
    assert_close(thing[numbers("letter book")], torch.full((2,), 1 / 2), atol=0.1, rtol=0)
    assert verb[numbers("reads")].item() > 0.95


def test_shares_are_counted_where_the_word_was_hidden(restorer):
    """The share of best scores that are right, by a loop over sentences."""
    sentences = draw_sentences(30, dice(9))
    right = [
        masked_word(restorer.encoder, row, 4, MASK).argmax() == row[4] for row in sentences
    ]  # in evaluation mode, as `trained` leaves a model
    assert share_restored(restorer, sentences, 4) == pytest.approx(sum(right).item() / 30)
