"""Ablation, other weights, importance: what the tools do, and what the chapter found with them."""

from contextlib import ExitStack

import pytest
import torch
from scipy.stats import kendalltau
from torch.testing import assert_close

from attention import GPT, BertEncoder, ablate_head, reweigh_head, rollout
from attention.data.equal_length import SENTENCES
from attention.interpretation.ablation import silence_token
from attention.interpretation.importance import (
    attention_received,
    effect,
    integrated_gradients,
    leave_one_out,
    rollout_received,
    sentence_vector,
)
from attention.models.bert.pretrained import encode

LAYERS, HEADS, HEAD_DIM, LENGTH = 3, 4, 2, 5
TOKENS = torch.tensor([[9, 4, 7, 4, 10], [9, 1, 2, 3, 10]])


@pytest.fixture(params=["encoder", "decoder", "shared keys"])
def model(request):
    """A small model of each kind, whose random weights are large enough that all heads count."""
    torch.manual_seed(0)
    kinds = {
        "encoder": lambda: BertEncoder(12, HEADS * HEAD_DIM, HEADS, LAYERS, 7, 6),
        "decoder": lambda: GPT(12, HEADS * HEAD_DIM, HEADS, LAYERS, 6),
        "shared keys": lambda: GPT(12, HEADS * HEAD_DIM, HEADS, LAYERS, 6, n_kv_heads=2),
    }
    model = kinds[request.param]().eval().requires_grad_(False)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


# --- ablation ---


@pytest.mark.parametrize("layer, head", [(0, 0), (1, 2), (2, 3)])
def test_ablation_is_a_model_without_the_heads_columns(model, layer, head):
    """The same as an output map that multiplies this head by zero; afterwards all is as before."""
    before, to_output = model(TOKENS), model.blocks[layer].attention.to_output
    with ablate_head(model, layer, head):
        ablated = model(TOKENS)
    assert model(TOKENS).equal(before) and not torch.allclose(ablated, before)
    to_output.weight[:, head * HEAD_DIM : (head + 1) * HEAD_DIM] = 0
    assert_close(ablated, model(TOKENS))


def test_ablations_add_up(model):
    """All heads of a layer, one by one: nothing is left but the output map's bias."""
    attention = model.blocks[1].attention
    handles = [ablate_head(model, 1, head) for head in range(HEADS)]
    answer = attention(torch.randn(2, LENGTH, HEADS * HEAD_DIM))
    assert_close(answer, attention.to_output.bias.expand_as(answer))
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize("take", [ablate_head, lambda *spot: reweigh_head(*spot, torch.zeros_like)])
def test_a_head_that_is_not_there_is_named(model, take):
    """Both numbers, and how far they go."""
    with pytest.raises(ValueError, match=r"layer must be from 0 to 2, got 3"), take(model, 3, 0):
        pass
    with pytest.raises(ValueError, match=r"layer must be from 0 to 2, got -1"), take(model, -1, 0):
        pass
    with pytest.raises(ValueError, match=r"head must be from 0 to 3, got 4"), take(model, 0, 4):
        pass


# --- other weights ---


def test_a_heads_own_weights_change_nothing(model):
    """Handing back what was given is the model itself."""
    before = model(TOKENS)
    with reweigh_head(model, 1, 2, lambda weights: weights):
        assert_close(model(TOKENS), before)


def test_weights_of_zero_are_an_ablation(model):
    """A sum of nothing is nothing."""
    with ablate_head(model, 1, 2):
        ablated = model(TOKENS)
    with reweigh_head(model, 1, 2, torch.zeros_like):
        assert_close(model(TOKENS), ablated)


def test_only_one_head_is_reweighed_and_masks_still_hold():
    """Even weights: this head answers with the average value, the others as before."""
    torch.manual_seed(0)
    model = BertEncoder(12, HEADS * HEAD_DIM, HEADS, LAYERS, 7, 6).eval().requires_grad_(False)
    attention = model.blocks[0].attention
    mask = torch.ones(2, LENGTH, LENGTH, dtype=torch.bool)
    mask[0, :, -1] = False
    _, maps = model(TOKENS, mask, return_weights=True)
    seen, answers = [], []

    def even(weights):
        seen.append(weights)
        return torch.full_like(weights, 1 / LENGTH)

    def note(module, inputs, output):
        answers.append(inputs[0].unflatten(-1, (HEADS, HEAD_DIM)))

    with attention.to_output.register_forward_hook(note):
        model(TOKENS, mask)
        for wider in (mask, mask.unsqueeze(1)):
            with reweigh_head(model, 0, 2, even):
                model(TOKENS, wider)
    before, after, again = answers
    value = attention.to_value(model.embed(TOKENS)).unflatten(-1, (HEADS, HEAD_DIM))[:, :, 2]
    assert_close(after[:, :, 2], value.mean(1, keepdim=True).expand(-1, LENGTH, -1))
    assert_close(again, after)
    others = [0, 1, 3]
    assert_close(after[:, :, others], before[:, :, others])
    assert_close(seen[0], maps[0, :, 2])
    assert (seen[0][0, :, -1] == 0).all()


def test_changes_of_several_heads_add_up(model):
    """All heads of a layer given zeros, and one of them ablated besides: nothing is left."""
    attention = model.blocks[1].attention
    with ExitStack() as changes:
        for head in range(HEADS):
            changes.enter_context(reweigh_head(model, 1, head, torch.zeros_like))
        changes.enter_context(ablate_head(model, 1, 2))
        answer = attention(torch.randn(2, LENGTH, HEADS * HEAD_DIM))
    assert_close(answer, attention.to_output.bias.expand_as(answer))


def test_weights_of_another_shape_are_refused(model):
    """They could broadcast, and no error would say so."""
    with (
        reweigh_head(model, 0, 0, lambda weights: weights[:, :1]),
        pytest.raises(ValueError, match=r"shape \(2, 5, 5\) that it was given, got \(2, 1, 5\)"),
    ):
        model(TOKENS)


def test_a_silent_token_is_a_token_whose_values_are_zero(model):
    """All heads of all layers add up what the others say, with the weights that they had."""
    before = model(TOKENS)

    def without(module, inputs, output):
        output = output.clone()
        output[:, 1] = 0
        return output

    with silence_token(model, 1):
        silenced = model(TOKENS)
    assert model(TOKENS).equal(before) and not torch.allclose(silenced, before)
    for block in model.blocks:
        block.attention.to_value.register_forward_hook(without)
    assert_close(silenced, model(TOKENS))


# --- importance ---


@pytest.fixture(scope="module")
def encoder():
    """A small encoder in float64."""
    torch.manual_seed(0)
    encoder = BertEncoder(12, HEADS * HEAD_DIM, HEADS, LAYERS, 7, 6).double().eval()
    return encoder.requires_grad_(False)


def test_effect_counts_from_zero_to_two():
    """Nothing moved, a right angle, the opposite."""
    x, y = torch.eye(2)
    assert [effect(x, x), effect(x, y), effect(x, -x)] == [0, 1, 2]


def test_sentence_vectors_have_length_one_and_ignore_the_batch(encoder):
    """The average of the tokens' vectors, scaled."""
    vectors = sentence_vector(encoder, TOKENS)
    assert_close(vectors.norm(dim=-1), torch.ones(2, dtype=torch.float64))
    mean = encoder(TOKENS[1:]).mean(1)
    assert_close(vectors[1:], mean / mean.norm())


def test_leave_one_out_blanks_one_token_at_a_time(encoder):
    """As a loop would; a token that is blank already has no effect."""
    tokens, blank = TOKENS[0], 7
    found = leave_one_out(encoder, tokens, blank)
    whole = sentence_vector(encoder, tokens[None])
    for i in range(LENGTH):
        without = tokens.clone()
        without[i] = blank
        assert_close(found[i], effect(whole, sentence_vector(encoder, without[None]))[0])
    assert found[2].abs() < 1e-12 and (found[[0, 1, 3, 4]] > 0).all()


def test_integrated_gradients_share_out_the_effect_of_blanking_everything(encoder):
    """What the tokens get sums to it; a token that is blank already gets nothing."""
    tokens, blank = TOKENS[0], 7
    found = integrated_gradients(encoder, tokens, blank, steps=200)
    whole, empty = (
        sentence_vector(encoder, ids[None])[0] for ids in (tokens, torch.full_like(tokens, blank))
    )
    # the midpoint rule errs with the square of a step
    assert_close(found.sum(), effect(whole, empty), rtol=1e-3, atol=1e-4)
    assert found[2] == 0 and not found.requires_grad


def test_integrated_gradients_follow_differences_on_the_way(encoder):
    """With one step: the slope halfway, against central differences in float64."""
    tokens, blank, nudge = TOKENS[0], 7, 1e-6
    table, whole = encoder.embed.token.weight, sentence_vector(encoder, TOKENS[:1])[0]
    way = table[tokens] - table[blank]
    found = integrated_gradients(encoder, tokens, blank, steps=1)
    for i in range(LENGTH):
        ends = []
        for sign in (1, -1):
            embedded = table[blank] + way / 2
            embedded[i] += sign * nudge * way[i]
            hook = lambda *_, new=embedded: new[None]  # noqa: E731
            with encoder.embed.token.register_forward_hook(hook):
                ends.append(sentence_vector(encoder, tokens[None])[0] @ whole)
        assert_close(found[i], (ends[0] - ends[1]) / (2 * nudge), rtol=1e-4, atol=1e-8)


def test_what_is_received_sums_to_one():
    """Attention by average, rollout by its ways."""
    maps = torch.randn(LAYERS, HEADS, LENGTH, LENGTH).softmax(-1)
    for received in (attention_received, rollout_received):
        assert_close(received(maps).sum(), torch.tensor(1.0))
    assert_close(attention_received(maps)[1], maps[..., 1].mean())
    assert_close(rollout_received(maps), rollout(maps).mean(0))


# --- what the chapter claims ---


@pytest.fixture(scope="module")
@torch.no_grad()
def read(minilm):
    """MiniLM's reading of half of the chapter's sentences: (encoder, ids, vectors, maps, blank)."""
    encoder, tokenizer = minilm
    ids = torch.stack([encode(tokenizer, text)[0] for text in SENTENCES[::2]])
    _, maps = encoder(ids, return_weights=True)
    blank = tokenizer.token_to_id("[MASK]")
    return encoder, ids, sentence_vector(encoder, ids), maps, blank


def test_all_sentences_have_ten_tokens_and_differ(minilm):
    """So they fit into one batch, and none is counted twice."""
    assert len(set(SENTENCES)) == len(SENTENCES) == 24
    assert {len(encode(minilm[1], text)[0]) for text in SENTENCES} == {10}


@torch.no_grad()
def ablated(read, rows=slice(6)):
    """The effect of removing each head, on a few sentences."""
    encoder, ids, vectors, *_ = read
    lost = torch.zeros(6, 12)
    for layer in range(6):
        for head in range(12):
            with ablate_head(encoder, layer, head):
                after = sentence_vector(encoder, ids[rows])
            lost[layer, head] = effect(vectors[rows], after).mean()
    return lost


@pytest.fixture(scope="module")
def lost(read):
    return ablated(read)


def test_the_sharpest_head_matters_less_than_the_average_head(read, lost):
    """(0, 2) has the largest weights of all 72 heads, and under half of their average effect."""
    sharp = read[3].amax(-1).mean((1, 3))
    assert divmod(sharp.argmax().item(), 12) == (0, 2) and sharp[0, 2] > 0.99
    assert lost[0, 2] < lost.mean() / 2


def test_sharper_maps_do_not_go_with_larger_effects(read, lost):
    """Over the 72 heads Kendall's τ is negative, and in no layer is it much above chance."""
    sharp = read[3].amax(-1).mean((1, 3))
    assert kendalltau(sharp.flatten(), lost.flatten()).statistic < 0
    within = [kendalltau(a, b).statistic for a, b in zip(sharp, lost, strict=True)]
    assert max(within) < 0.3 and sum(within) < 0
    assert lost[5].sum() > lost[:5].sum()


@torch.no_grad()
def test_a_head_that_can_go_can_still_do_harm(read, lost):
    """(0, 9): removed, a third of the average effect; shuffled, at least fifty times as much."""
    encoder, ids, vectors, *_ = read
    assert lost[0, 9] < lost.mean() / 3
    order = torch.rand(len(ids), 10, 10, generator=torch.Generator().manual_seed(0)).argsort(-1)
    with reweigh_head(encoder, 0, 9, lambda weights: weights.gather(-1, order)):
        shuffled = effect(vectors, sentence_vector(encoder, ids)).mean()
    assert shuffled > 50 * lost[0, 9]


@pytest.fixture(scope="module")
def left_out(read):
    encoder, ids, *_, blank = read
    return torch.stack([leave_one_out(encoder, tokens, blank) for tokens in ids])


def agreement(found, left_out, inner):
    """The average τ over the sentences."""
    taus = [kendalltau(a[inner], b[inner]).statistic for a, b in zip(found, left_out, strict=True)]
    return sum(taus) / len(taus)


WORDS, ALL = slice(1, -1), slice(None)


def test_among_words_attention_guesses_as_well_as_the_gradient(read, left_out):
    """The last layer's attention: τ over .5, and at most .15 behind the gradient."""
    encoder, ids, _, maps, blank = read
    by_attention = [attention_received(maps[-1:, row]) for row in range(len(ids))]
    by_gradient = [integrated_gradients(encoder, tokens, blank) for tokens in ids]
    guess = agreement(by_attention, left_out, WORDS)
    assert guess > 0.5 and guess > agreement(by_gradient, left_out, WORDS) - 0.15


def test_with_the_special_tokens_the_agreement_halves(read, left_out):
    """[CLS] receives most in every sentence, and has nearly the least effect."""
    _, ids, _, maps, _ = read
    for layers in (maps, maps[-1:]):
        found = [attention_received(layers[:, row]) for row in range(len(ids))]
        assert all(row.argmax() == 0 for row in found)
        assert agreement(found, left_out, ALL) < 0.6 * agreement(found, left_out, WORDS)


def test_the_number_of_letters_gets_a_good_part_of_the_way(read, left_out, minilm):
    """Among words: more than half of the agreement that the last layer's attention has."""
    maps = read[3]
    tokens = [encode(minilm[1], text)[1] for text in SENTENCES[::2]]
    by_length = [torch.tensor([float(len(token)) for token in row]) for row in tokens]
    by_attention = [attention_received(maps[-1:, row]) for row in range(maps.shape[1])]
    best = agreement(by_attention, left_out, WORDS)
    assert best / 2 < agreement(by_length, left_out, WORDS) < best


def test_rollout_knows_nothing_of_the_words(read, left_out):
    """τ among words is near zero, and under zero with the special tokens."""
    maps = read[3]
    found = [rollout_received(maps[:, row]) for row in range(maps.shape[1])]
    assert agreement(found, left_out, WORDS) < 0.2
    assert agreement(found, left_out, ALL) < 0


@torch.no_grad()
def test_the_sink_matters_when_hidden_and_not_when_blanked(read, left_out):
    """Blanked, [CLS] is last of all tokens; hidden, it is first."""
    encoder, ids, vectors, *_ = read
    assert left_out[:, 0].max() < left_out[:, WORDS].min()
    hidden = []
    for column in range(9):
        mask = torch.ones(1, 1, 10, dtype=torch.bool)
        mask[..., column] = False
        hidden.append(effect(vectors, sentence_vector(encoder, ids, mask)).mean())
    assert hidden[0] > 2 * max(hidden[1:])


@torch.no_grad()
def test_what_the_sink_says_is_hardly_missed(read):
    """What it hands over taken away, and nothing put in its place: a tenth of hiding it."""
    encoder, ids, vectors, *_ = read
    with silence_token(encoder, 0):
        silent = effect(vectors, sentence_vector(encoder, ids)).mean()
    mask = torch.ones(1, 1, 10, dtype=torch.bool)
    mask[..., 0] = False
    assert silent < effect(vectors, sentence_vector(encoder, ids, mask)).mean() / 10
