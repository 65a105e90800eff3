"""Alignment: the context, the translators, their synthetic tasks, and what the chapter claims.

The claims are held against the chapter's own models of the first seed, trained the same way.
"""

from datetime import date, datetime
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention import AdditiveScorer, BilinearScorer, additive_scores, bilinear_scores, context
from attention.alignment.steering import hide, look_in_order
from attention.data import dates
from attention.data.mirror import (
    N_WORDS,
    WORDS,
    in_mirror_english,
    mirrored,
    mirrored_up_to,
    numbers,
)
from attention.data.tokens import EDGE, padded
from attention.models.alignment.bahdanau import Bahdanau
from attention.models.alignment.fixed_context import FixedContext
from attention.models.alignment.luong import Luong
from attention.models.alignment.mirroring import (
    LONGEST,
    check_alignment,
    fresh_sentences,
    new_translator,
    practise,
    sentences_right,
    translate,
)
from attention.models.alignment.seq2seq import Seq2Seq
from attention.models.training import trained

BATCH, SRC_LEN, D_STATE, D_MEMORY, HIDDEN = 3, 4, 5, 6, 7
LENGTHS = torch.tensor([2, 4, 0])
TRANSLATORS = [FixedContext, Bahdanau, Luong]


def doubles(*shape):
    return torch.randn(*shape, dtype=torch.float64)


# --- the context ---


def test_context_agrees_with_a_double_loop():
    """In float64, sentence by sentence and position by position, with PyTorch's softmax."""
    state, memory = doubles(BATCH, D_STATE), doubles(BATCH, SRC_LEN, D_MEMORY)
    scorer = AdditiveScorer(D_STATE, D_MEMORY, HIDDEN).double()
    expected = torch.zeros(BATCH, D_MEMORY, dtype=torch.float64)
    shares = torch.zeros(BATCH, SRC_LEN, dtype=torch.float64)
    for b, length in enumerate(LENGTHS.tolist()):
        scores = [
            torch.tanh(state[b] @ scorer.w_query + memory[b, j] @ scorer.w_key).dot(scorer.a)
            for j in range(length)
        ]
        for j in range(length):
            shares[b, j] = torch.stack(scores).softmax(0)[j]
            expected[b] += shares[b, j] * memory[b, j]
    found, weights = context(state, memory, LENGTHS, scorer)
    assert_close(weights, shares)
    assert_close(found, expected)


def test_context_with_dot_products_is_pytorchs_attention():
    """One query a sentence, memory as key and value, a boolean mask, no scale."""
    state, memory = torch.randn(BATCH, D_MEMORY), torch.randn(BATCH, SRC_LEN, D_MEMORY)
    lengths = torch.tensor([2, 4, 1])
    mask = torch.arange(SRC_LEN) < lengths[:, None, None]
    theirs = torch.nn.functional.scaled_dot_product_attention(
        state[:, None], memory, memory, attn_mask=mask, scale=1.0
    )
    found, _ = context(state, memory, lengths, lambda query, key: query @ key.mT)
    assert_close(found, theirs.squeeze(1))


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4), seed=st.integers(0, 999))
def test_context_of_a_batch_is_that_of_its_sentences(lengths, seed):
    """Neither the other sentences nor what stands in the padding change anything."""
    torch.manual_seed(seed)
    batch, scorer = len(lengths), BilinearScorer(D_STATE, D_MEMORY).double()
    state, memory = doubles(batch, D_STATE), doubles(batch, 5, D_MEMORY)
    found, weights = context(state, memory, torch.tensor(lengths), scorer)
    for b, length in enumerate(lengths):
        if length == 0:
            assert not found[b].any() and not weights[b].any()
            continue
        alone = memory[b : b + 1, :length]
        one, share = context(state[b : b + 1], alone, torch.tensor([length]), scorer)
        assert_close(found[b], one[0])
        assert_close(weights[b, :length], share[0])
        assert not weights[b, length:].any()


def test_context_has_the_right_gradient():
    """By finite differences, through state, memory and the scorer, also for a length of 0."""
    w = doubles(D_STATE, D_MEMORY).requires_grad_()
    state = doubles(BATCH, D_STATE).requires_grad_()
    memory = doubles(BATCH, SRC_LEN, D_MEMORY).requires_grad_()

    def both(state, memory, w):
        return context(state, memory, LENGTHS, lambda query, key: bilinear_scores(query, key, w))

    assert torch.autograd.gradcheck(both, (state, memory, w))


def test_context_says_what_does_not_fit():
    """Each error names the argument, the rule and what came."""
    state, memory = torch.randn(BATCH, D_STATE), torch.randn(BATCH, SRC_LEN, D_MEMORY)
    scorer = BilinearScorer(D_STATE, D_MEMORY)
    with pytest.raises(ValueError, match=r"memory must have at least 3 axes, got shape \(3, 4\)"):
        context(state, memory[..., 0], LENGTHS, scorer)
    with pytest.raises(ValueError, match=r"memory must have shape \(batch, src_len, d_memory\)"):
        context(state, memory[None], LENGTHS, scorer)
    with pytest.raises(ValueError, match=r"\(batch, d_state\) = \(3, 5\), got \(1, 5\)"):
        context(state[:1], memory, LENGTHS, scorer)
    with pytest.raises(ValueError, match=r"lengths must have shape \(batch,\) = \(3,\), got \(1,"):
        context(state, memory, LENGTHS[:1], scorer)
    with pytest.raises(ValueError, match=r"between 0 and max_len = 4, got \[2, 5, 0\]"):
        context(state, memory, torch.tensor([2, 5, 0]), scorer)
    with pytest.raises(TypeError, match="lengths must be whole numbers, got"):
        context(state, memory, LENGTHS.float(), scorer)
    with pytest.raises(TypeError, match=r"the scorer's result must be a torch\.Tensor, got None"):
        context(state, memory, LENGTHS, lambda query, key: None)
    with pytest.raises(ValueError, match=r"result must have shape .* = \(3, 1, 4\), got \(3, 4\)"):
        context(state, memory, LENGTHS, lambda query, key: memory[..., 0])


@pytest.mark.parametrize(
    "scorer", [AdditiveScorer(100, 70, 90), BilinearScorer(100, 70)], ids=["additive", "bilinear"]
)
def test_fresh_scorers_give_scores_of_spread_one(scorer):
    """Whatever the widths, so that the first softmax is neither flat nor hard."""
    torch.manual_seed(0)
    scorer = type(scorer)(*((100, 70, 90) if isinstance(scorer, AdditiveScorer) else (100, 70)))
    with torch.no_grad():
        spread = scorer(torch.randn(200, 100), torch.randn(200, 70)).std().item()
    assert 0.5 < spread < 1.5


def test_scorers_are_the_functions_with_their_parameters():
    """The modules add nothing but what is trained."""
    query, key = torch.randn(BATCH, 1, D_STATE), torch.randn(BATCH, SRC_LEN, D_MEMORY)
    additive, bilinear = (
        AdditiveScorer(D_STATE, D_MEMORY, HIDDEN),
        BilinearScorer(D_STATE, D_MEMORY),
    )
    expected = additive_scores(query, key, additive.w_query, additive.w_key, additive.a)
    assert_close(additive(query, key), expected)
    assert_close(bilinear(query, key), bilinear_scores(query, key, bilinear.weight))
    assert {name for name, _ in additive.named_parameters()} == {"w_query", "w_key", "a"}


# --- the translators ---


def small(kind):
    torch.manual_seed(0)
    return kind(n_source=N_WORDS, n_target=19, d_embed=5, hidden=HIDDEN).eval()


@pytest.mark.parametrize("kind", TRANSLATORS)
@torch.no_grad()
def test_translating_agrees_with_scoring_ones_own_words(kind):
    """Fed the words that it wrote, `forward` scores those very words highest."""
    model = small(kind)
    source, lengths, *_ = mirrored(torch.tensor([3, 1, 4]), torch.Generator().manual_seed(0))
    words, weights = model.translate(source, lengths, 6)
    assert words.shape == (3, 6)
    assert weights is None if kind is FixedContext else weights.shape == (3, 6, 4)
    previous = torch.cat([torch.full((3, 1), EDGE), words[:, :-1]], dim=1)
    assert torch.equal(model(source, lengths, previous).argmax(-1), words)


@pytest.mark.parametrize("kind", TRANSLATORS)
@torch.no_grad()
def test_a_sentence_reads_the_same_beside_longer_ones(kind):
    """Padding changes neither the scores nor the memory of what is real."""
    model = small(kind)
    source, lengths, previous, _ = mirrored(torch.tensor([2, 4]), torch.Generator().manual_seed(0))
    alone = model(source[:1, :2], lengths[:1], previous[:1])
    assert_close(model(source, lengths, previous)[:1], alone)
    both = model.read(source, lengths)
    assert_close(both.memory[:1, :2], model.read(source[:1, :2], lengths[:1]).memory)


@torch.no_grad()
def test_the_summary_is_where_reading_ended():
    """The forward state at the last word, the backward one at the first."""
    reading = small(FixedContext).read(torch.tensor([[3, 5, 0], [2, 4, 6]]), torch.tensor([2, 3]))
    forward, backward = reading.memory.split(HIDDEN, dim=-1)
    ends = torch.stack([forward[0, 1], forward[1, 2]])
    assert_close(reading.summary, torch.cat([ends, backward[:, 0]], dim=-1))


@torch.no_grad()
def test_bahdanau_looks_first_and_luong_steps_first():
    """One step each, by the papers' equations, with PyTorch's cell."""
    word, state = torch.randn(2, 5), torch.randn(2, HIDDEN)
    for kind in (Bahdanau, Luong):
        model = small(kind)
        reading = model.read(torch.tensor([[3, 5, 2], [2, 4, 6]]), torch.tensor([3, 3]))
        memory = reading.memory
        if kind is Bahdanau:
            weights = model.scorer(state[:, None], memory).softmax(-1)
            found = (weights @ memory)[:, 0]
            after = model.cell(torch.cat([word, found], -1), state)
            features = torch.cat([after, found], -1)
        else:
            after = model.cell(word, state)
            weights = model.scorer(after[:, None], memory).softmax(-1)
            found = (weights @ memory)[:, 0]
            features = torch.tanh(model.join(torch.cat([found, after], -1)))
        for ours, expected in zip(
            model.step(word, state, reading), (features, after, weights[:, 0]), strict=True
        ):
            assert_close(ours, expected)


def test_a_translator_without_a_step_is_refused():
    """The frame alone does not translate."""
    model = Seq2Seq(N_WORDS, N_WORDS, 5, HIDDEN)
    with pytest.raises(NotImplementedError):
        model(torch.tensor([[1]]), torch.tensor([1]), torch.tensor([[0]]))


# --- taking the wheel ---


@torch.no_grad()
def test_hiding_and_forcing_do_what_they_say_and_end():
    """No weight on what is hidden, all of it on what is forced, nothing left after the block."""
    model = small(Bahdanau)
    source, lengths, *_ = mirrored(torch.tensor([4, 4]), torch.Generator().manual_seed(0))
    free = model.translate(source, lengths, 5)[1]
    with hide(model.scorer, 2):
        hidden = model.translate(source, lengths, 5)[1]
    assert (hidden[..., 2] == 0).all() and (free[..., 2] > 0).all()
    assert_close(hidden.sum(-1), torch.ones(2, 5))
    with look_in_order(model.scorer, [2, 0, 3]):
        forced = model.translate(source, lengths, 5)[1]
    assert_close(forced[:, :3], torch.eye(4)[[2, 0, 3]].expand(2, 3, 4))
    assert (forced[:, 3:] > 0).all()  # after the end of the order
    assert_close(model.translate(source, lengths, 5)[1], free)


# --- the data ---


def test_mirror_english_is_spelled_and_ordered_backwards():
    """The whole sentence, read from its end letter by letter, is the translation."""
    draw = mirrored(torch.tensor([3, 1, 5]), torch.Generator().manual_seed(0))
    for source, length, previous, target in zip(*draw, strict=True):
        words = [WORDS[i - 1] for i in source[:length]]
        spelled = in_mirror_english(target[: length + 1].tolist())
        assert " ".join(spelled) == " ".join(words)[::-1] + " ."
        assert (source[length:] == EDGE).all() and (target[length + 1 :] == -100).all()
        assert previous[0] == EDGE and torch.equal(previous[1 : length + 1], target[:length])
    assert numbers(["cat", "the"]).tolist() == [[2, 1]]


def test_a_perfect_translator_is_found_perfect():
    """Every word right, every largest weight in its place; one place beside is told by its sign."""

    class Perfect:
        beside = 0

        def translate(self, source, lengths, steps):
            words = torch.nn.functional.pad(source.flip(1), (0, 1))[:, :steps]
            place = (source.shape[1] - 1 - torch.arange(steps) + self.beside) % source.shape[1]
            return words, torch.eye(source.shape[1])[place].expand(len(source), -1, -1)

    model = Perfect()
    assert sentences_right(model, 3) == 1
    off, right, weights = check_alignment(model, 3)
    assert (off == 0).all() and right.all() and weights.shape == (500, 3, 3)
    words, weights = translate(model, "the cat sat")
    assert words == ["tas", "tac", "eht", "."] and weights.argmax(-1)[:3].tolist() == [2, 1, 0]
    model.beside = 1
    assert (check_alignment(model, 3)[0][:, 1:] == 1).all()


def test_mirrored_up_to_includes_both_ends():
    """Every length of the range is drawn, and none outside it."""
    _, lengths, *_ = mirrored_up_to(200, 3, torch.Generator().manual_seed(0))
    assert set(lengths.tolist()) == {1, 2, 3}


def test_padded_fills_up_with_edge():
    """Rows keep their numbers; the rest is EDGE."""
    rows, lengths = padded([[5], [6, 7, 8]])
    assert rows.tolist() == [[5, EDGE, EDGE], [6, 7, 8]] and lengths.tolist() == [1, 3]


@pytest.mark.parametrize("style", dates.STYLES)
def test_written_dates_can_be_read_back(style):
    """Python's own parser reads the date that was written, in every style."""
    pattern = style
    for field, code in [("weekday", "%A"), ("day", "%d"), ("month", "%B"), ("mon", "%b"),
                        ("m", "%m"), ("year", "%Y"), ("yy", "%y")]:  # fmt: skip
        pattern = pattern.replace("{" + field + "}", code)
    for day in (date(1987, 3, 3), date(2000, 12, 31), date(2049, 5, 11)):
        text = dates.text_of(dates.written(day, style))
        assert datetime.strptime(text, pattern).date() == day
        assert text == text.lower()


def test_each_letter_of_a_date_knows_its_part():
    """The letters of a part, joined, are that part."""
    pieces = dates.written(date(1969, 7, 20), "{weekday}, {day} {mon} {yy}")
    text, parts = dates.text_of(pieces), dates.parts_of(pieces)
    said = {}
    for letter, part in zip(text, parts, strict=True):
        said[part] = said.get(part, "") + letter
    assert said == {"weekday": "sunday", "between": ",   ", "day": "20", "month": "jul",
                    "year": "69"}  # fmt: skip


def test_fresh_dates_are_never_drawn_for_training():
    """Every tenth day is kept apart; digits and letters can be turned back."""
    generator = torch.Generator().manual_seed(0)
    for draw, fresh in ((dates.training_dates, False), (dates.fresh_dates, True)):
        source, lengths, previous, target = draw(100, generator)
        assert source.shape == (100, lengths.max()) and target.shape == (100, 10)
        assert (previous[:, 0] == EDGE).all() and torch.equal(previous[:, 1:], target[:, :-1])
        for row in target:
            day = date.fromisoformat(dates.iso_of(row))
            assert ((day.toordinal() - dates.FIRST) % 10 == 0) is fresh
            assert dates.FIRST <= day.toordinal() <= dates.LAST
    assert dates.iso_of(torch.tensor([EDGE, 2])) == "?1"


# --- what the chapter claims ---


@pytest.fixture(scope="module")
def bahdanau():
    """The chapter's first model, trained on sentences of up to eight words."""
    return practise(new_translator(Bahdanau, 32))


@pytest.fixture(scope="module")
def fixed():
    """The same without attention."""
    return practise(new_translator(FixedContext, 35))


def test_the_translator_without_attention_is_no_smaller():
    """It does not lose by size."""
    attending, without = (
        sum(p.numel() for p in new_translator(kind, hidden).parameters())
        for kind, hidden in ((Bahdanau, 32), (FixedContext, 35))
    )
    assert attending <= without < 1.1 * attending


def test_attention_wins_on_long_sentences_and_not_on_short_ones(bahdanau, fixed):
    """Both translate one and two words; at eight words attention is far ahead."""
    for length in (1, 2):
        assert min(sentences_right(m, length) for m in (bahdanau, fixed)) > 0.95
    assert sentences_right(bahdanau, LONGEST) > sentences_right(fixed, LONGEST) + 0.5


def test_attention_fails_beyond_the_lengths_it_was_trained_on(bahdanau):
    """Half as long again as the longest sentence of training."""
    assert sentences_right(bahdanau, LONGEST) > 0.7
    assert sentences_right(bahdanau, LONGEST + 4) < 0.1


def test_the_largest_weight_is_mostly_in_the_right_place(bahdanau):
    """In most steps, not in all; the others are nearly all one place beside."""
    off, *_ = check_alignment(bahdanau, LONGEST)
    assert 0.7 < (off == 0).double().mean() < 0.98
    assert (off.abs() <= 1).double().mean() > 0.95


@pytest.fixture(scope="module")
def changed(bahdanau):
    """(sentence, step, position) whether hiding the position changes the step's output.

    The decoder is told what really stands before each step, so that no change causes another.
    """
    source, lengths, previous, _ = fresh_sentences(LONGEST)
    outputs = []
    with torch.no_grad():
        before = bahdanau(source, lengths, previous).argmax(-1)
        for position in range(LONGEST):
            with hide(bahdanau.scorer, position):
                outputs.append(bahdanau(source, lengths, previous).argmax(-1) != before)
    return torch.stack(outputs, dim=-1)[:, :LONGEST].double()


def test_hiding_the_right_word_changes_the_output_and_others_do_not(changed):
    """Three outputs of four change at least, elsewhere one in twenty at most."""
    right = torch.eye(LONGEST, dtype=torch.bool).flip(0)  # (step, hidden position)
    share = changed.mean(0)
    assert share[right].min() > 0.75
    assert share[~right].mean() < 0.05


def test_the_output_can_depend_on_a_smaller_weight(bahdanau, changed):
    """Where the largest weight is on the word just written, hiding the right one matters more."""
    off, right, _ = check_alignment(bahdanau, LONGEST)
    sentence, step = ((off == 1) & right).nonzero(as_tuple=True)
    assert len(step) >= 10  # how many, differs between processors
    place = LONGEST - 1 - step
    assert changed[sentence, step, place + 1].mean() < 0.1
    assert changed[sentence, step, place].mean() > 0.7


def test_the_decoder_writes_what_it_is_made_to_look_at(bahdanau):
    """Forced to look from left to right, it mirrors the words, or thinks it is time to stop."""
    source, lengths, *_ = fresh_sentences(6)
    with look_in_order(bahdanau.scorer, range(6)):
        words, _ = bahdanau.translate(source, lengths, 6)
    assert (words == source).double().mean() > 0.8
    assert ((words == source) | (words == EDGE)).double().mean() > 0.95


def test_dates_look_at_the_part_they_write():
    """Fresh dates come out right, and each part's digits look most at that part of the text."""
    build = partial(Bahdanau, dates.N_LETTERS, dates.N_DIGITS, 16, 32)
    model = trained(build, partial(dates.training_dates, 64), 120)
    drawn = dates.drawn(200, torch.Generator().manual_seed(10_000), fresh=True)
    source, lengths = dates.letters([dates.text_of(pieces) for _, pieces in drawn])
    written, weights = model.translate(source, lengths, 10)
    right = [dates.iso_of(w) == day.isoformat() for w, (day, _) in zip(written, drawn, strict=True)]
    assert sum(right) > 0.95 * len(right)
    columns = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10), "weekday": None}
    looks = {}  # (written part, read part): mean weight
    for read in columns:
        belongs = torch.zeros(source.shape)
        for row, (_, pieces) in zip(belongs, drawn, strict=True):
            row[: len(dates.parts_of(pieces))] = torch.tensor(
                [float(part == read) for part in dates.parts_of(pieces)]
            )
        share = (weights * belongs[:, None]).sum(-1).mean(0)  # (10,)
        for part in ("year", "month", "day"):
            looks[part, read] = share[columns[part]].mean().item()
    for part in ("year", "month", "day"):
        others = [looks[part, read] for read in columns if read != part]
        assert looks[part, part] > 0.5 > 2 * max(others)
        assert looks[part, "weekday"] < 0.05


@torch.no_grad()
def test_without_the_mask_a_translation_depends_on_its_company(bahdanau):
    """Padded to a neighbour's length, only a model that knows the lengths scores the same."""
    source, lengths, previous, _ = fresh_sentences(3)
    longer = torch.nn.functional.pad(source, (0, 5))
    alone = bahdanau(source, lengths, previous)
    assert_close(bahdanau(longer, lengths, previous), alone)
    state = bahdanau.start(bahdanau.read(source, lengths).summary).tanh()
    memory = bahdanau.read(longer, lengths).memory
    _, weights = context(state, memory, torch.full_like(lengths, 8), bahdanau.scorer)
    assert weights[:, 3:].sum(-1).mean() > 0.02
