"""What MiniLM's heads know of pronouns, and how it is measured."""

import pytest
import torch
from scipy.stats import binom

from attention import attention_maps, head_by_pattern, pair_score
from attention.coreference import pair_places, pronoun_weights, sentences_right
from attention.data.winograd import EASY, PAIRS, Pair
from attention.models.bert.pretrained import encode


def test_a_pair_differs_in_one_word_and_speaks_of_either_noun():
    """Each text has one gap, and its nouns and pronoun stand in both sentences."""
    assert len(PAIRS) == len(EASY) >= 7
    for pair in (*PAIRS, *EASY):
        assert pair.text.count("{}") == 1
        one, two = (text.rstrip(".").split() for text in pair.sentences())
        assert [a for a, b in zip(one, two, strict=True) if a != b] == [pair.endings[0]]
        for words, pronoun in zip((one, two), pair.pronouns(), strict=True):
            assert {*pair.nouns, pronoun} <= set(words)
    subjects = [pair.pronouns()[0] for pair in EASY]
    assert subjects.count("he") == subjects.count("she")  # neither order is the rule


def test_pronoun_weights_are_cells_of_the_maps(minilm):
    """Each number is what the pronoun gives one noun in one sentence."""
    encoder, tokenizer = minilm
    given = pronoun_weights(encoder, tokenizer, EASY[:3])
    assert given.shape == (3, 2, 2, 6, 12)
    for k, text in enumerate(EASY[1].sentences()):
        ids, tokens = encode(tokenizer, text)
        row = attention_maps(encoder, ids)[:, :, tokens.index(EASY[1].pronouns()[k])]
        for noun in range(2):
            assert given[1, k, noun].equal(row[..., tokens.index(EASY[1].nouns[noun])])


def test_a_noun_in_pieces_or_twice_is_refused(minilm):
    """The error names the word and the tokens."""
    for text, nouns in [
        ("The armadillo saw the cat because it was {}.", ("armadillo", "cat")),
        ("The cat saw the dog and the cat because it was {}.", ("cat", "dog")),
    ]:
        with pytest.raises(ValueError, match=f"'{nouns[0]}' must be one token .* 'saw'"):
            pronoun_weights(*minilm, [Pair(text, "it", ("here", "there"), nouns)])


def test_sentences_right_counts_by_hand():
    """Two pairs and three heads: one follows the ending, one is stubborn, one is contrary."""
    given = torch.zeros(2, 2, 2, 1, 3)
    given[:, 0, 0, 0] = torch.tensor([0.6, 0.6, 0.1])  # first ending, first noun
    given[:, 0, 1, 0] = torch.tensor([0.2, 0.2, 0.5])
    given[:, 1, 0, 0] = torch.tensor([0.1, 0.5, 0.3])
    given[:, 1, 1, 0] = torch.tensor([0.4, 0.1, 0.2])
    assert sentences_right(given).tolist() == [[4, 2, 0]]
    assert sentences_right(torch.full_like(given, 0.25)).max() == 0  # equal weights prefer nothing


def test_a_pair_scores_where_both_its_sentences_are_right(minilm):
    """For every pair, as the weights of its pronouns say, and in which places they stand."""
    encoder, tokenizer = minilm
    for pair in PAIRS[:4]:
        ids, pronouns, nouns = pair_places(tokenizer, pair)
        maps = [attention_maps(encoder, each) for each in ids]
        one, two = pronoun_weights(encoder, tokenizer, [pair])[0]
        expected = (one[0] > one[1]) & (two[1] > two[0])
        score = pair_score(maps, pronouns, nouns)
        assert score.dtype == torch.int64 and score.bool().equal(expected)
    even = [torch.full((1, 1, 4, 4), 0.25)] * 2
    assert pair_score(even, (0, 0), ((1, 2), (1, 2))).item() == 0  # equal weights prefer nothing


def test_maps_of_no_pair_are_refused():
    """One sentence, two models, or NaN."""
    maps = [torch.full((2, 3, 4, 4), 0.25)] * 2
    with pytest.raises(ValueError, match=r"a pair has two sentences.*got 1, 2 and 2"):
        pair_score(maps[:1], (0, 0), ((1, 2), (1, 2)))
    with pytest.raises(ValueError, match=r"both maps must be of one model.*got \(2, 3, 4, 4\)"):
        pair_score([maps[0], maps[1][:1]], (0, 0), ((1, 2), (1, 2)))
    with pytest.raises(ValueError, match="NaN"):
        pair_score([maps[0], maps[1] * float("nan")], (0, 0), ((1, 2), (1, 2)))


# What the chapter claims.


@pytest.fixture(scope="module")
def hard(minilm):
    """(pairs, endings, nouns, layers, heads): what the pronouns of the hard pairs give."""
    return pronoun_weights(*minilm, PAIRS)


def test_apart_another_head_wins(minilm):
    """Side by side (0, 2) gives "cat" most of all heads, with words between (5, 11)."""
    encoder, tokenizer = minilm
    for between, winner in (("", (0, 2)), ("with long hair ", (5, 11)), ("we fed ", (5, 11))):
        ids, tokens = encode(tokenizer, f"The cat {between}sat on the mat")
        cell = torch.zeros(len(ids), len(ids), dtype=torch.bool)
        cell[tokens.index("sat"), tokens.index("cat")] = True
        assert head_by_pattern(attention_maps(encoder, ids), cell)[:2] == winner


def test_with_two_animals_the_same_head_takes_both(minilm):
    """Where the dog watches and the cat sits, "sat" gives each of them more than .35."""
    encoder, tokenizer = minilm
    ids, tokens = encode(tokenizer, "The dog watched while the cat sat on the mat.")
    row = attention_maps(encoder, ids)[5, 11, tokens.index("sat")]
    assert row[tokens.index("dog")] > row[tokens.index("cat")] > 0.35


def test_a_head_matches_he_and_she(minilm, hard):
    """Head (1, 3) is right in every easy sentence and in about half of the hard."""
    given = pronoun_weights(*minilm, EASY)[..., 1, 3]  # (pairs, endings, nouns)
    assert (given[:, 0, 0] - given[:, 0, 1]).min() > 0.02
    assert (given[:, 1, 1] - given[:, 1, 0]).min() > 0.02
    assert 10 <= sentences_right(hard)[1, 3] <= 14


def test_no_head_does_as_well_as_the_best_of_as_many_coins(hard):
    """With more than nine chances in ten, the luckiest of 72 coins beats every head."""
    right = sentences_right(hard)
    sentences = 2 * len(PAIRS)
    assert binom.cdf(right.max().item(), sentences, 0.5) ** right.numel() < 0.1
    assert (right == sentences // 2).sum() > right.numel() / 2  # most heads are stuck at half


def test_heads_hardly_react_to_the_word_that_decides(hard):
    """In fewer than a tenth of all cases does the preferred noun change with the ending."""
    first = hard[:, :, 0] > hard[:, :, 1]
    assert (first[:, 0] != first[:, 1]).float().mean() < 0.1


def test_the_animal_stays_the_animal(hard):
    """The two heads in which "it" gives most to the tired animal prefer it on a wide street too."""
    tired, wide = hard[1]
    strongest = tired[0].flatten().argsort(descending=True)[:2].tolist()
    assert {divmod(head, 12) for head in strongest} == {(3, 1), (5, 11)}
    for head in strongest:
        assert wide[0].flatten()[head] > 1.5 * wide[1].flatten()[head]
