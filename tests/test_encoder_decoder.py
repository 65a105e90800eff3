"""Cross-attention, the made-up language and the translator, and what the chapter claims."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention import cross_attention, soft_lookup
from attention.data.sentence import VECTORS, WHERE, WHO
from attention.data.translation import (
    ADJECTIVES,
    END,
    ENGLISH,
    INVENTED,
    NOUNS,
    PAD,
    START,
    VERBS,
    draw_pairs,
    spell,
    teacher_forced,
)
from attention.models.encoder_decoder.translating import (
    TEST_SEED,
    crowded_pairs,
    drawn_in_training,
    right_when_alone,
    right_when_taught,
    share_exact,
    train_translator,
    weights_on_source,
)
from attention.models.encoder_decoder.translator import Translator

BATCH, LENGTH, MEMORY_LEN = 2, 4, 5


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


# Cross-attention


def cross_inputs():
    sizes = (BATCH, LENGTH, 6), (BATCH, MEMORY_LEN, 7), (6, 3), (7, 3), (7, 8)
    return [torch.randn(size, dtype=torch.float64, requires_grad=True) for size in sizes]


def test_cross_attention_agrees_with_a_loop():
    """Query by query and key by key in float64, with widths that all differ and a mask."""
    x, memory, w_query, w_key, w_value = cross_inputs()
    mask = torch.rand(BATCH, LENGTH, MEMORY_LEN) < 0.6
    mask[0, 1] = False  # a token with nothing to attend to
    expected = torch.zeros(BATCH, LENGTH, 8, dtype=torch.float64)
    for b in range(BATCH):
        for i in range(LENGTH):
            allowed = mask[b, i].nonzero().flatten().tolist()
            scores = [(x[b, i] @ w_query) @ (memory[b, j] @ w_key) / 3**0.5 for j in allowed]
            total = sum(score.exp() for score in scores)
            for score, j in zip(scores, allowed, strict=True):
                expected[b, i] += score.exp() / total * (memory[b, j] @ w_value)
    assert_close(cross_attention(x, memory, w_query, w_key, w_value, mask), expected)


def test_cross_attention_has_the_right_gradient():
    """By finite differences, a hidden row among them."""
    mask = torch.ones(LENGTH, MEMORY_LEN, dtype=torch.bool)
    mask[1] = False
    assert torch.autograd.gradcheck(lambda *a: cross_attention(*a, mask), cross_inputs())


def test_cross_attention_names_the_matrix_that_does_not_fit():
    """Rows are what comes in; queries and keys are equally wide."""
    x, memory, w_query, w_key, w_value = cross_inputs()
    with pytest.raises(ValueError, match=r"of x must be the rows of w_query = 7.*\(2, 4, 6\)"):
        cross_attention(x, memory, w_key, w_key, w_value)
    with pytest.raises(ValueError, match="of memory must be the rows of w_key = 6"):
        cross_attention(x, memory, w_query, w_query, w_value)
    with pytest.raises(ValueError, match="of memory must be the rows of w_value = 6"):
        cross_attention(x, memory, w_query, w_key, w_query)
    with pytest.raises(ValueError, match="query and key must have the same last axis"):
        cross_attention(x, memory, w_query, w_value, w_value)
    with pytest.raises(ValueError, match=r"w_key must have at least 2 axes, got shape \(7,\)"):
        cross_attention(x, memory, w_query, w_key[:, 0], w_value)


# The made-up language and the translator


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 2), (1, 3), (6, 6)])
def test_translations_follow_the_rules_of_the_made_up_language(least, most):
    """Nouns, their adjectives nearest first, the verb last; and where each word comes from."""
    source, translation, alignment = draw_pairs(20, torch.Generator().manual_seed(0), least, most)
    dictionary = {**ADJECTIVES, **NOUNS, **VERBS}
    for english, invented, places in zip(source, translation, alignment, strict=True):
        words = spell(english, ENGLISH)
        verb = next(i for i, word in enumerate(words) if word in VERBS)
        phrases = words[:verb], words[verb + 1 :]
        for phrase in phrases:
            assert least <= len(phrase) - 1 <= most
            assert set(phrase[:-1]) <= set(ADJECTIVES) and phrase[-1] in NOUNS
            assert len(set(phrase)) == len(phrase)
        there = [*reversed(phrases[0]), *reversed(phrases[1]), words[verb]]
        assert spell(invented, INVENTED) == [*(dictionary[word] for word in there), "<end>"]
        assert [words[place] for place in places if place >= 0] == there


def test_the_teacher_shows_the_right_words_one_place_later():
    """START first; END is asked for and never shown; filler is not asked for."""
    source, translation, _ = draw_pairs(20, torch.Generator().manual_seed(0))
    same, written, target = teacher_forced(source, translation)
    assert same.equal(source)
    assert (written[:, 0] == START).all() and written[:, 1:].equal(translation[:, :-1])
    assert target[translation != PAD].equal(translation[translation != PAD])
    assert (target[translation == PAD] == -100).all()


def test_a_language_without_enough_adjectives_says_so():
    """The rule and both numbers."""
    with pytest.raises(ValueError, match="0 ≤ least ≤ most ≤ 6 must hold, got least 3 and most 2"):
        draw_pairs(1, torch.Generator(), least=3)
    with pytest.raises(ValueError, match="got least 0 and most 7"):
        draw_pairs(1, torch.Generator(), most=7)


@pytest.fixture
def small():
    return Translator(d_model=6, n_heads=3, d_ff=7, n_layers=2).eval()


def test_the_translator_returns_the_documented_shapes(small):
    """Scores for each token written, and a map for each layer, sentence and head."""
    source, translation, _ = draw_pairs(5, torch.Generator().manual_seed(0))
    written = translation[:, :4]
    scores, weights = small(source, written, return_weights=True)
    assert scores.shape == (5, 4, len(INVENTED))
    assert weights.shape == (2, 5, 3, 4, source.shape[1])
    assert_close(small(source, written), scores)


def test_the_translator_reads_each_sentence_as_if_it_were_alone(small):
    """Filler beside a longer sentence changes nothing."""
    source, translation, _ = draw_pairs(9, torch.Generator().manual_seed(0))
    together = small(source, translation)
    for b, words in enumerate(source):
        alone = words[words != PAD][None]
        assert_close(small(alone, translation[b : b + 1]), together[b : b + 1])


def test_the_translator_never_sees_the_next_word(small):
    """The scores after a word are the same, whatever is written behind it."""
    source, translation, _ = draw_pairs(5, torch.Generator().manual_seed(0))
    changed = translation.clone()
    changed[:, 3:] = END
    assert_close(small(source, changed)[:, :3], small(source, translation)[:, :3])


def test_the_translator_knows_where_a_word_stands(small):
    """Who sees whom: exchange subject and object, and the scores change."""
    source = torch.tensor([[ENGLISH.index(word) for word in ("cats", "see", "dogs")]])
    written = torch.tensor([[START]])
    assert (small(source, written) - small(source.flip(1), written)).abs().max() > 0.01


def test_writing_stops_at_the_end_of_each_sentence_or_at_the_longest(small):
    """Greedy: each token has the best score; after END comes filler; never more than asked for."""
    source, _, _ = draw_pairs(30, torch.Generator().manual_seed(0))
    nn.init.normal_(small.score.bias[: END + 1])  # so that END is among the best at all
    written = small.translate(source, longest=6)
    assert 1 <= written.shape[1] <= 6
    best = small(source, teacher_forced(source, written)[1]).argmax(-1)
    for tokens, wanted in zip(written.tolist(), best.tolist(), strict=True):
        end = tokens.index(END) if END in tokens else len(tokens)
        assert tokens[: end + 1] == wanted[: end + 1]
        assert set(tokens[end + 1 :]) <= {PAD}
    nn.init.constant_(small.score.bias[END], 100.0)
    assert small.translate(source, longest=6).equal(torch.full((30, 1), END))
    nn.init.constant_(small.score.bias[END], -100.0)
    assert small.translate(source, longest=4).shape == (30, 4)


# What the chapter claims.


def test_cross_attention_with_nothing_learned_is_the_soft_lookup():
    """Identities as maps, but for the √2 that undoes the scale."""
    asking, eye = torch.cat([WHO, WHERE]), torch.eye(2)
    answers = cross_attention(asking[None], VECTORS[None], 2**0.5 * eye, eye, eye)
    assert_close(answers[0], soft_lookup(asking, VECTORS, VECTORS))


@pytest.fixture(scope="module")
def translators():
    return [train_translator(seed) for seed in range(3)]


def test_the_translator_learns(translators):
    """Over .9 of the sentences are exact in each seed."""
    assert min(share_exact(model) for model in translators) > 0.9


def test_sentences_never_drawn_in_training_are_translated_as_well(translators):
    """About half of the test's sentences had been drawn; of the others over .9 are right, too."""
    source, translation, _ = draw_pairs(500, torch.Generator().manual_seed(TEST_SEED))
    for seed, model in enumerate(translators):
        drawn = drawn_in_training(source, seed)
        assert 0.4 < drawn.double().mean() < 0.6
        right = right_when_alone(model, source, translation).all(1)
        assert right[~drawn].double().mean() > 0.9


def test_a_third_adjective_fails_though_the_sentence_is_no_longer(translators):
    """Under .05 come out right, in at most seven words; of longer sentences, too."""
    source, translation = crowded_pairs()
    assert len(source) > 100
    for model in translators:
        right = right_when_alone(model, source, translation).all(1)
        assert right.double().mean() < 0.05
        assert share_exact(model, least=3, most=3) < 0.05


def test_cross_attention_finds_the_alignment(translators):
    """The largest weight is on the right word in over .85 of all words; by place, in under .3."""
    source, translation, alignment = draw_pairs(500, torch.Generator().manual_seed(9))
    words, places = alignment >= 0, torch.arange(alignment.shape[1])
    assert (alignment == places)[words].double().mean() < 0.3
    for model in translators:
        looked = weights_on_source(model, source, translation).argmax(-1)
        assert (looked == alignment)[words].double().mean() > 0.85


def test_left_alone_on_longer_sentences_a_model_writes_too_few_words(translators):
    """As in training both ways name over .9 of the words; on longer ones .2 lie between."""
    for adjectives in (2, 3):
        generator = torch.Generator().manual_seed(9)
        source, translation, _ = draw_pairs(500, generator, adjectives, adjectives)
        for model in translators:
            taught = right_when_taught(model, source, translation).double().mean()
            alone = right_when_alone(model, source, translation).double().mean()
            if adjectives == 2:
                assert taught > 0.9 and alone > 0.9
            else:
                assert alone < taught - 0.2
                written = model.translate(source, longest=translation.shape[1])
                assert (written == END)[:, :9].any(1).double().mean() > 0.9


def test_forgotten_padding_spoils_short_sentences(translators, monkeypatch):
    """Beside longer sentences; with the mask, or one by one, hardly any is spoilt."""
    source, translation, _ = draw_pairs(500, torch.Generator().manual_seed(9))
    short = (source != PAD).sum(1) == 3
    assert short.any()
    for model in translators:
        assert right_when_alone(model, source, translation)[short].all(1).double().mean() > 0.85
        memory, mask = model.encode(source)
        forgotten = memory, torch.ones_like(mask)
        with monkeypatch.context() as patch:
            patch.setattr(model, "encode", lambda source, forgotten=forgotten: forgotten)
            assert right_when_alone(model, source, translation)[short].all(1).double().mean() < 0.8
